import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { uniform } from '../../../src/support/random.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { exportLike } from '../../../src/training/foreign/exportLike.js';
import { importOnnxModel } from '../../../src/training/foreign/importOnnxModel.js';
import { batch, graphOf, type NodeSpec } from '../../compiler/importer/graphs.js';
import { temporaryFolder } from '../../support/folder.js';

function weight(shape: readonly number[], seed: number): TensorData {
  const count = shape.reduce((a, b) => a * b, 1);
  return tensorData('float32', shape, uniform(count, seed, { site: 1, step: 0, sample: 0 }));
}

/** Channels last, blue first and probabilities at the end, as a converter from Keras writes them. */
const nodes: readonly NodeSpec[] = [
  ['Transpose', ['x'], ['first'], { perm: [0, 3, 1, 2] }],
  ['Conv', ['first', 'stem.weight', 'stem.bias'], ['a'], { pads: [1, 1, 1, 1] }],
  ['Relu', ['a'], ['b']],
  ['GlobalAveragePool', ['b'], ['e']],
  ['Flatten', ['e'], ['f']],
  ['Gemm', ['f', 'fc.weight', 'fc.bias'], ['scores'], { transB: 1 }],
  ['Softmax', ['scores'], ['y'], { axis: 1 }],
];
const constants = {
  'stem.weight': weight([4, 3, 3, 3], 1),
  'stem.bias': weight([4], 2),
  'fc.weight': weight([5, 4], 5),
  'fc.bias': weight([5], 6),
};

async function outputOf(path: string, image: Tensor): Promise<number[]> {
  const session = await InferenceSession.create(path);
  const { y } = await session.run({ x: image });
  await session.release();
  return Array.from(y?.data as Float32Array);
}

describe('an export in the place of a foreign file', () => {
  it('takes and gives what the file does, by the same names, with its metadata', async () => {
    const folder = temporaryFolder();
    const like = join(folder, 'theirs.onnx');
    const model = graphOf({ opset: 17, image: [batch, 6, 6, 3], constants, nodes });
    const metadata = { author: 'somebody', names: '["a","b","c","d","e"]' };
    writeFileSync(like, writeModel({ ...model, metadata, docString: 'a net' }).bytes);
    const image = { channels: 'bgr', range: '0..255' } as const;
    const made = await importOnnxModel(like, { out: join(folder, 'net'), ...image });
    const out = join(folder, 'ours.onnx');
    const { checkpoint } = made.weights;
    const { like: told } = await exportLike(checkpoint, { out, like, image });
    const pixels = Float32Array.from(
      uniform(2 * 108, 3, { site: 1, step: 0, sample: 0 }),
      (v) => 255 * v,
    );
    const given = new Tensor('float32', pixels, [2, 6, 6, 3]);
    const [theirs, ours] = [await outputOf(like, given), await outputOf(out, given)];
    expect(theirs.slice(0, 5).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    for (const [i, value] of theirs.entries()) expect(ours[i]).toBeCloseTo(value, 6);
    const written = readModel(readFileSync(out));
    expect(written.docString).toBe('a net');
    expect(written.metadata).toMatchObject({ author: 'somebody', 'gradus.layout': 'nhwc' });
    expect(written.metadata['names']).toBeUndefined();
    expect(told.kept.join('; ')).toContain('output y (probabilities)');
    expect(told.lost.join('; ')).toContain('names');
  });

  it('does to its image at the start what the file does, where an import took that into mean and std', async () => {
    const folder = temporaryFolder();
    const like = join(folder, 'theirs.onnx');
    const scaled: NodeSpec[] = [
      ['Mul', ['x', 'scale'], ['s']],
      ['Add', ['s', 'shift'], ['first']],
    ];
    const byChannel = (...values: number[]) => tensorData('float32', [1, 3, 1, 1], values);
    const model = graphOf({
      opset: 17,
      image: [batch, 3, 6, 6],
      constants: { ...constants, scale: byChannel(0.02, 0.03, 0.01), shift: byChannel(-1, -2, 3) },
      nodes: [...scaled, ...nodes.slice(1)],
    });
    writeFileSync(like, writeModel(model).bytes);
    const image = { channels: 'bgr', range: '0..255' } as const;
    const made = await importOnnxModel(like, { out: join(folder, 'net'), ...image });
    expect(made.recognised).not.toHaveProperty('mul');
    const out = join(folder, 'ours.onnx');
    await exportLike(made.weights.checkpoint, { out, like, image });
    const pixels = Float32Array.from(
      uniform(108, 3, { site: 1, step: 0, sample: 0 }),
      (v) => 255 * v,
    );
    const given = new Tensor('float32', pixels, [1, 3, 6, 6]);
    const [theirs, ours] = [await outputOf(like, given), await outputOf(out, given)];
    for (const [i, value] of theirs.entries()) expect(ours[i]).toBeCloseTo(value, 5);
    const std = readModel(readFileSync(out)).metadata['gradus.std'];
    expect(std?.split(',').map(Number)).toEqual([1 / 255, 1 / 255, 1 / 255]);
  });
});
