import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import type { OnnxModel } from '../../../src/compiler/onnx/model.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { dtypes, type DType } from '../../../src/support/dtype.js';
import { ArtifactError } from '../../../src/support/errors.js';
import { tensorData } from '../../../src/support/tensor.js';
import { exampleModel } from './exampleModel.js';

describe('writeModel and readModel', () => {
  it.each([17, 21, 24] as const)('give back the same model at opset %i', (opset) => {
    const model = exampleModel(opset);
    expect(readModel(writeModel(model).bytes)).toEqual(asRead(model));
  });

  it('keep every element type of the IR, whatever its alignment in the file', () => {
    const builder = new GraphBuilder({ opset: 21, name: 'types' });
    const tensors = (Object.keys(dtypes) as DType[]).map((dtype) =>
      tensorData(dtype, [3], [1, 0, 1]),
    );
    for (const tensor of tensors) builder.initializer(`w_${tensor.dtype}`, tensor);
    const { graph } = readModel(writeModel(builder.build()).bytes);
    expect(graph.initializers.map(({ tensor }) => tensor)).toEqual(tensors);
  });

  it('keep attributes that are zero, negative, empty or long', () => {
    const builder = new GraphBuilder({ opset: 21, name: 'attributes' });
    const x = builder.input('x', 'float32', [2, 3]);
    const { b } = builder;
    const y = b.Softmax(b.LeakyRelu(x, { alpha: 0 }), { axis: -1 });
    const z = b.ReduceSum(b.Concat([y, y], { axis: 0 }), null, { keepdims: 0 });
    builder.output(z, 'z', 'float32', []);
    const read = readModel(writeModel(builder.build()).bytes);
    const attributes = read.graph.nodes.flatMap((node) => [...node.attributes.values()]);
    expect(attributes.map(({ value }) => value)).toEqual([0, -1, 0, 0]);
    expect(read.graph.outputs[0]?.shape).toEqual([]);
  });

  it('keep symbolic dimensions with their factors, and unknown ones', () => {
    const builder = new GraphBuilder({ opset: 21, name: 'dims' });
    const shape = [{ symbol: 'N', factor: 49 }, 3, { symbol: '?', factor: 1 }, 0];
    builder.output(builder.input('x', 'float32', shape), 'y', 'float32', shape);
    const { graph } = readModel(writeModel(builder.build()).bytes);
    expect(graph.inputs[0]?.shape).toEqual(shape);
  });
});

describe('readModel', () => {
  const { bytes } = writeModel(exampleModel(17));

  it('refuses an empty file, naming it', () => {
    expect(() => readModel(new Uint8Array(), { file: 'a.onnx' })).toThrow(
      'cannot read a.onnx as an ONNX model: it is empty',
    );
  });

  it('refuses a file cut off anywhere, always with an ArtifactError', () => {
    for (let length = 1; length < bytes.length; length += 97) {
      const cut = bytes.subarray(0, length);
      expect(() => readModel(cut, { file: 'cut.onnx' })).toThrow(ArtifactError);
    }
  });

  it('says how to go on when a file is cut off', () => {
    let error: unknown;
    try {
      readModel(bytes.subarray(0, 400), { file: 'cut.onnx' });
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchInlineSnapshot(
      `[ArtifactError: cannot read cut.onnx as an ONNX model: it ends in the middle of a message]`,
    );
    expect(error).toMatchObject({ where: 'cut.onnx', hint: expect.stringContaining('copy') });
  });

  it.each([
    ['text', new TextEncoder().encode('{"name": "not a model"}')],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13)],
    ['zeros', new Uint8Array(64)],
  ])('refuses %s', (_, other) => {
    expect(() => readModel(other, { file: 'x' })).toThrow(ArtifactError);
  });

  it('refuses a tensor with fewer bytes than its shape needs', () => {
    const model = exampleModel(17);
    const [first] = model.graph.initializers;
    const broken = { ...first?.tensor, shape: [5, 3, 3, 3] };
    const graph = { ...model.graph, initializers: [{ name: 'w', tensor: broken }] };
    const wrong = writeModel({ ...model, graph } as OnnxModel);
    expect(() => readModel(wrong.bytes, { file: 'x.onnx' })).toThrow(
      'x.onnx: tensor w holds 432 bytes, but its shape needs 540',
    );
  });
});

/** float attributes and momentum are float32 in the file. */
function asRead(model: OnnxModel): unknown {
  return rounded(model);
}

function rounded(value: unknown, key = ''): unknown {
  if (value instanceof Map)
    return new Map([...value].map(([name, item]) => [name, rounded(item, String(name))]));
  if (ArrayBuffer.isView(value) || typeof value !== 'object' || value === null)
    return typeof value === 'number' && key === 'float' ? Math.fround(value) : value;
  if (Array.isArray(value)) return value.map((item) => rounded(item, key));
  const isFloat = 'type' in value && value.type === 'float';
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      rounded(item, isFloat && name === 'value' ? 'float' : ''),
    ]),
  );
}
