import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inspectOnnx, inspectOnnxFile } from '../../../src/tools/inspect/inspectOnnx.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import type { OnnxNode } from '../../../src/compiler/onnx/model.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { ConfigError } from '../../../src/support/errors.js';
import { batchDim } from '../../../src/support/shape.js';
import { tensorData } from '../../../src/support/tensor.js';
import { repositoryRoot } from '../../support/paths.js';

const goldens = `${repositoryRoot}/test/goldens/inspect`;
const expected = JSON.parse(readFileSync(`${goldens}/expected.json`, 'utf8')) as Record<
  string,
  { parameters: number; multiplyAdds: number }
>;

describe("inspection of other programs' ONNX", () => {
  it.each(Object.entries(expected))('counts all of %s', (name, totals) => {
    const found = inspectOnnxFile(`${goldens}/${name}.onnx`);
    expect(found).toMatchObject({ ...totals, uncounted: {} });
    expect(found.layers.filter((row) => row.outputShape === null)).toEqual([]);
  });

  it('shows a symbolic batch in shapes, and says that the totals are those of one image', () => {
    const found = inspectOnnxFile(`${goldens}/transformer.onnx`);
    expect(found.assumed).toEqual({ batch: 1 });
    const shapes = found.layers.map((row) => row.outputShape?.join());
    expect(shapes).toContain('batch,17,16');
    expect(shapes).toContain('17,2batch,8');
  });

  it('puts a batch in place of the symbol', () => {
    const found = inspectOnnxFile(`${goldens}/transformer.onnx`, { batch: 3 });
    expect(found.multiplyAdds).toBe(3 * (expected['transformer']?.multiplyAdds ?? 0));
    expect(found.assumed).toEqual({});
    expect(found.layers.at(-1)?.outputShape).toEqual([3, 5]);
  });

  it('refuses a size that the file does not leave open', () => {
    const refused = () => inspectOnnxFile(`${goldens}/transformer.onnx`, { size: 64 });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(/takes images of side 32, so it cannot be inspected with/);
    expect(() => inspectOnnxFile(`${goldens}/transformer.onnx`, { size: 32 })).not.toThrow();
  });

  it('looks for a cycle in vain rather than for ever', () => {
    const model = readModel(readFileSync(`${goldens}/reversed.onnx`));
    const nodes = model.graph.nodes.map((node) =>
      node.outputs[0] === 'y' ? { ...node, inputs: ['r', 'w'] } : node,
    );
    const found = inspectOnnx(writeModel({ ...model, graph: { ...model.graph, nodes } }).bytes);
    expect(found.uncounted).toEqual({ Conv: 2 });
  });
});

/** A convolution over images of any size, then nodes of an operator that nobody knows. */
function openModel(unknown: readonly OnnxNode[] = []): Uint8Array {
  const builder = new GraphBuilder({ opset: 21, name: 'open' });
  const { b } = builder;
  const side = (symbol: string) => ({ symbol, factor: 1 });
  const x = builder.input('x', 'float32', [batchDim, 3, side('H'), side('W')]);
  const w = builder.initializer(
    'w',
    tensorData('float32', [4, 3, 1, 1], Array<number>(12).fill(1)),
  );
  builder.output(b.Conv(x, w), 'y', 'float32', [batchDim, 4, side('H'), side('W')]);
  const model = builder.build();
  const nodes = [...model.graph.nodes, ...unknown];
  return writeModel({ ...model, graph: { ...model.graph, nodes } }).bytes;
}

describe('what cannot be counted', () => {
  it('is named where height and width are open, and counted once they are given', () => {
    const found = inspectOnnx(openModel());
    expect(found).toMatchObject({ multiplyAdds: 0, uncounted: { Conv: 1 } });
    expect(found.layers[0]).toMatchObject({ multiplyAdds: null });
    const sized = inspectOnnx(openModel(), {}, { size: 8 });
    expect(sized).toMatchObject({ multiplyAdds: 12 * 64, uncounted: {} });
  });

  it('is named if nobody knows the operator', () => {
    const empty = { name: '', attributes: new Map(), docString: '', metadata: {} };
    const node = {
      ...empty,
      opType: 'Mystery',
      domain: 'org.example',
      inputs: ['x'],
      outputs: ['m'],
    };
    const found = inspectOnnx(openModel([node]), {}, { size: 8 });
    expect(found).toMatchObject({ multiplyAdds: 768, uncounted: { 'org.example.Mystery': 1 } });
  });
});
