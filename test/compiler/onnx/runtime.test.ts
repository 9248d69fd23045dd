import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { opsetVersions, type Opset } from '../../../generated/onnx/index.js';
import { operatorSchemas, type AttributeSchema } from '../../../generated/onnx/schemas.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import type { ExternalFile } from '../../../src/compiler/onnx/external.js';
import type { OnnxModel } from '../../../src/compiler/onnx/model.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { verifyModel } from '../../../src/compiler/onnx/verify.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { InternalError } from '../../../src/support/errors.js';
import type { OnnxValue } from '../../../src/support/onnxValue.js';
import { tensorData } from '../../../src/support/tensor.js';
import { exampleModel } from './exampleModel.js';

const float = (shape: number[], value: (i: number) => number): Tensor =>
  new Tensor(
    'float32',
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
    shape,
  );

async function run(
  model: OnnxModel,
  feeds: Record<string, Tensor>,
): Promise<Record<string, number[]>> {
  const session = await InferenceSession.create(writeModel(model).bytes);
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

describe('onnxruntime', () => {
  it.each(opsetVersions)('runs the example at opset %i', async (opset) => {
    const feeds = {
      image: float([2, 3, 8, 8], (i) => (i % 7) / 7),
      mask: float([2, 1, 1, 1], (i) => i),
    };
    const results = await run(exampleModel(opset), feeds);
    // The mask drops the first sample, and doubles the second by survival 0.5.
    expect(results['logits']?.slice(0, 10)).toEqual(Array(10).fill(0));
    expect(results['logits']).toHaveLength(20);
    expect(results['new_mean']?.every((mean) => mean > 0)).toBe(true);
  });

  it('runs a Loop whose body reads a value around it', async () => {
    const builder = new GraphBuilder({ opset: 21, name: 'loop' });
    const { b } = builder;
    const x = builder.input('x', 'float32', [2]);
    const body = b.subgraph(
      'body',
      [
        { name: 'i', dtype: 'int64', shape: [] },
        { name: 'going', dtype: 'bool', shape: [] },
        { name: 'sum', dtype: 'float32', shape: [2] },
      ],
      (_, going, sum) => {
        const next = b.Add(sum, b.Mul(x, b.scalar(10)));
        return [going, next, next];
      },
    );
    const trips = b.constant(tensorData('int64', [], [3]));
    const [sum = x, each = x] = b.Loop(trips, null, [x], { body }, 2);
    builder.output(sum, 'sum', 'float32', [2]);
    builder.output(each, 'each', 'float32', [3, 2]);
    const model = builder.build();
    expect(verifyModel(model)).toEqual([]);
    const results = await run(model, { x: float([2], (i) => i + 1) });
    expect(results).toEqual({ sum: [31, 62], each: [11, 22, 21, 42, 31, 62] });
  });

  it('runs an If with a branch each way', async () => {
    const builder = new GraphBuilder({ opset: 17, name: 'if' });
    const { b } = builder;
    const x = builder.input('x', 'float32', []);
    const then_branch = b.subgraph('then', [], () => [b.Neg(x)]);
    const else_branch = b.subgraph('else', [], () => [x]);
    const [y = x] = b.If(b.Less(x, b.scalar(0)), { then_branch, else_branch }, 1);
    builder.output(y, 'abs', 'float32', []);
    expect(await run(builder.build(), { x: float([], () => -3) })).toEqual({ abs: [3] });
    expect(await run(builder.build(), { x: float([], () => 4) })).toEqual({ abs: [4] });
  });

  it('names the user-facing node in its own errors', async () => {
    const builder = new GraphBuilder({ opset: 21, name: 'wrong' });
    const x = builder.input('x', 'float32', [{ symbol: 'N', factor: 1 }]);
    const y = builder.at({ name: 'blocks.3.add' }, () =>
      builder.b.Add(x, builder.b.constant(tensorData('float32', [3], [1, 2, 3]))),
    );
    builder.output(y, 'y', 'float32', [3]);
    await expect(run(builder.build(), { x: float([2], () => 1) })).rejects.toThrow(
      'blocks.3.add/Add',
    );
  });
});

describe('external data', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-external-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const model = (): OnnxModel => {
    const builder = new GraphBuilder({ opset: 21, name: 'external' });
    const { b } = builder;
    const x = builder.input('x', 'float32', [1, 40]);
    const weight = (name: string, scale: number): OnnxValue =>
      builder.initializer(
        name,
        tensorData(
          'float32',
          [40, 40],
          Array.from({ length: 1600 }, (_, i) => scale * (i % 41 === 0 ? 1 : 0)),
        ),
      );
    const y = b.MatMul(b.MatMul(x, weight('double', 2)), weight('triple', 3));
    builder.output(b.Add(y, b.scalar(1)), 'y', 'float32', [1, 40]);
    return builder.build();
  };

  const fileBytes = ({ size, chunks }: ExternalFile): Uint8Array => {
    const bytes = new Uint8Array(size);
    for (const chunk of chunks) bytes.set(chunk.bytes, chunk.offset);
    return bytes;
  };

  it('is written above the limit, aligned, and loads from its file', async () => {
    const written = writeModel(model(), { externalName: 'm.onnx.data', maxBytes: 10_000 });
    const { external } = written;
    expect(external?.chunks.map(({ offset }) => offset)).toEqual([0, 8192]);
    expect(external?.size).toBe(8192 + 6400);
    expect(written.bytes.length).toBeLessThan(1000);
    if (external === undefined) throw new InternalError('no side file', { code: 'test' });
    writeFileSync(join(folder, 'm.onnx'), written.bytes);
    writeFileSync(join(folder, 'm.onnx.data'), fileBytes(external));
    const session = await InferenceSession.create(join(folder, 'm.onnx'));
    const { y } = await session.run({ x: float([1, 40], (i) => i) });
    expect(Array.from(y?.data as Float32Array)).toEqual(
      Array.from({ length: 40 }, (_, i) => 6 * i + 1),
    );
  });

  it('is read through the function that the caller gives', () => {
    const { bytes, external } = writeModel(model(), { externalName: 'd', external: 'always' });
    const side = external ? fileBytes(external) : new Uint8Array();
    const read = readModel(bytes, {
      external: (location, offset, length) => {
        expect(location).toBe('d');
        return side.subarray(offset, offset + length);
      },
    });
    expect(read).toEqual(model());
  });

  it('is asked for by name where it is missing', () => {
    const { bytes } = writeModel(model(), { externalName: 'm.onnx.data', external: 'always' });
    expect(() => readModel(bytes, { file: 'm.onnx' })).toThrow(
      'm.onnx: tensor double lies in the file m.onnx.data, which was not given',
    );
  });

  it('is not used below the limit, and refused where it is forbidden', () => {
    expect(writeModel(model()).external).toBeUndefined();
    expect(() => writeModel(model(), { external: 'never', maxBytes: 10_000 })).toThrow(
      'one ONNX file',
    );
    expect(() => writeModel(model(), { maxBytes: 10_000 })).toThrow('require a file name');
  });
});

describe("onnxruntime's own operators", () => {
  const contrib = operatorSchemas.filter(({ domain }) => domain !== '');
  const values: Record<string, unknown> = {
    auto_pad: 'NOTSET',
    kernel_shape: [1, 1],
    activation: 'LeakyRelu',
    activation_params: [0.5],
    dilations: [1, 1],
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    channels: 16,
    scales: [1, 1, 2, 2],
  };
  const valueOf = ({ name, default: fallback }: AttributeSchema): unknown =>
    values[name] ?? fallback;

  it.each(contrib)(
    '$name ($domain) loads with every input and attribute of its schema',
    async (schema) => {
      const builder = new GraphBuilder({ opset: 21, name: 'contrib' });
      const domain = schema.domain === 'com.microsoft' ? 'ms' : 'nchwc';
      const methods = builder.b[domain] as unknown as Record<
        string,
        (...args: unknown[]) => OnnxValue
      >;
      const shapes: Record<string, number[]> = { W: [16, 16, 1, 1], B: [16] };
      const inputs = schema.inputs.map(({ name }) =>
        builder.input(
          name,
          'float32',
          schema.name === 'FusedMatMul' ? [2, 16, 16] : (shapes[name] ?? [1, 16, 4, 4]),
        ),
      );
      const attributes = Object.fromEntries(schema.attributes.map((a) => [a.name, valueOf(a)]));
      const args = schema.attributes.length > 0 ? [...inputs, attributes] : inputs;
      const y = methods[schema.name]?.(...args);
      if (y === undefined) throw new InternalError(`no method ${schema.name}`, { code: 'test' });
      builder.output(y, 'y', 'float32', [{ symbol: '?', factor: 1 }]);
      const model = builder.build();
      expect(verifyModel(model)).toEqual([]);
      const outputs = model.graph.outputs.map(({ name, dtype }) => ({ name, dtype }));
      const untyped = { ...model, graph: { ...model.graph, outputs } };
      const session = await InferenceSession.create(writeModel(untyped).bytes);
      expect(session.outputNames).toEqual(['y']);
    },
  );
});

describe('an opset', () => {
  /** Spellings that differ between opsets, narrowed as operators do; types are checked with the tests. */
  const meanAndAbs = (b: Opset, x: OnnxValue): OnnxValue =>
    b.Abs(b.opset === 17 ? b.ReduceMean(x, { axes: [1] }) : b.ReduceMean(x, b.ints(1)));

  it.each(opsetVersions)('%i takes the axes of ReduceMean in its own way', async (opset) => {
    const builder = new GraphBuilder({ opset, name: 'mean' });
    const x = builder.input('x', 'float32', [2, 2]);
    builder.output(meanAndAbs(builder.b, x), 'y', 'float32', [2, 1]);
    const model = builder.build();
    expect(verifyModel(model)).toEqual([]);
    expect(await run(model, { x: float([2, 2], (i) => -i) })).toEqual({ y: [0.5, 2.5] });
  });
});
