import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/compiler/importer/importOnnx.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { loadModel } from '../../../src/language/frontend/loadModel.js';
import { readSafetensors } from '../../../src/runtime/storage/safetensors.js';
import { uniform } from '../../../src/support/random.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { noiseImages } from '../../../src/training/foreign/fedImages.js';
import { foreignImage } from '../../../src/training/foreign/foreignImage.js';
import {
  importOnnxModel,
  type ImportOnnxOptions,
} from '../../../src/training/foreign/importOnnxModel.js';
import { compareOutputs, isSame } from '../../../src/training/foreign/sameOutputs.js';
import { batch, graphOf, type NodeSpec } from '../../compiler/importer/graphs.js';
import { temporaryFolder } from '../../support/folder.js';

function weight(shape: readonly number[], seed: number): TensorData {
  const count = shape.reduce((a, b) => a * b, 1);
  const values = uniform(count, seed, { site: 1, step: 0, sample: 0 });
  return tensorData(
    'float32',
    shape,
    values.map((value) => value - 0.4),
  );
}

const constants = {
  'stem.weight': weight([4, 3, 3, 3], 1),
  'stem.bias': weight([4], 2),
  'body.conv.weight': weight([6, 4, 1, 1], 3),
  'body.conv.bias': weight([6], 4),
  'fc.weight': weight([5, 6], 5),
  'fc.bias': weight([5], 6),
};

const nodes: readonly NodeSpec[] = [
  ['Conv', ['x', 'stem.weight', 'stem.bias'], ['a'], { pads: [1, 1, 1, 1] }],
  ['Relu', ['a'], ['b']],
  ['Conv', ['b', 'body.conv.weight', 'body.conv.bias'], ['c']],
  ['Relu', ['c'], ['d']],
  ['GlobalAveragePool', ['d'], ['e']],
  ['Flatten', ['e'], ['f']],
  ['Gemm', ['f', 'fc.weight', 'fc.bias'], ['y'], { transB: 1 }],
];

const image = [batch, 3, 6, 6];

function bytesOf(changes: Partial<Parameters<typeof graphOf>[0]> = {}): Uint8Array {
  return writeModel(graphOf({ opset: 17, image, constants, nodes, ...changes })).bytes;
}

async function imported(bytes: Uint8Array, options: Partial<ImportOnnxOptions> = {}) {
  const folder = temporaryFolder();
  const path = join(folder, 'strange net.onnx');
  writeFileSync(path, bytes);
  const out = join(folder, 'out');
  const result = await importOnnxModel(path, { out, ...options });
  return { result, out, source: readFileSync(result.modelFile, 'utf8') };
}

/** Colourful noise as files. */
async function imageFolder(count: number): Promise<string> {
  const folder = join(temporaryFolder(), 'images');
  mkdirSync(folder);
  for (let i = 0; i < count; i++) {
    const data = Uint8Array.from(uniform(3 * 64, i + 9, { site: 2, step: 0, sample: 0 }), (v) =>
      Math.floor(256 * v),
    );
    const raw = { width: 8, height: 8, channels: 3 } as const;
    await sharp(data, { raw })
      .png()
      .toFile(join(folder, `${i}.png`));
  }
  return folder;
}

async function refusal(bytes: Uint8Array, options: Partial<ImportOnnxOptions> = {}) {
  return imported(bytes, options).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('the import of an .onnx file', () => {
  it('writes a model file, a checkpoint and notes, equal to the file on noise and images', async () => {
    const { result, out, source } = await imported(bytesOf(), { images: await imageFolder(3) });
    expect(readdirSync(out).toSorted()).toEqual(['IMPORT.md', 'strange_net.model.ts', 'weights']);
    expect(source).toContain('defineModel');
    const { comparison, weights } = result;
    expect(comparison).toMatchObject({ noise: 2, real: 3 });
    expect(comparison.largest).toBeGreaterThan(0.1);
    expect(isSame(comparison)).toBe(true);
    const stored = readSafetensors(join(weights.checkpoint, 'state.safetensors'));
    expect([...stored.keys()].some((name) => name.includes('stem.weight'))).toBe(true);
    expect(readFileSync(join(out, 'IMPORT.md'), 'utf8')).toContain('5 classes');
  });

  it('frees a batch that the file fixes', async () => {
    const { result } = await imported(bytesOf({ image: [1, 3, 6, 6] }));
    expect(result.comparison.noise).toBe(1);
    expect(result.notes.join()).toContain('batch');
  });

  it('has what the file does to its image in the mean and std of its own, and not in parameters', async () => {
    const scaled: NodeSpec[] = [
      ['Div', ['x', 'bytes'], ['p']],
      ['Sub', ['p', 'mean'], ['q']],
      ['Div', ['q', 'std'], ['r']],
      ['Conv', ['r', 'stem.weight', 'stem.bias'], ['a'], { pads: [1, 1, 1, 1] }],
    ];
    const byChannel = (...values: number[]) => tensorData('float32', [1, 3, 1, 1], values);
    const bytes = bytesOf({
      nodes: [...scaled, ...nodes.slice(1)],
      constants: {
        ...constants,
        bytes: tensorData('float32', [], [255]),
        mean: byChannel(0.4, 0.5, 0.6),
        std: byChannel(0.1, 0.2, 0.3),
      },
    });
    const { result, source } = await imported(bytes, {
      range: '0..255',
      channels: 'bgr',
      images: await imageFolder(2),
    });
    expect(source).toMatch(
      /mean: \[0\.6\d*, 0\.5, 0\.4\d*\],\s+std: \[0\.3\d*, 0\.2\d*, 0\.1\d*\]/,
    );
    expect(result.recognised).not.toHaveProperty('parameter');
    expect(result.notes.join()).toContain('(div, sub, div)');
    expect(result.comparison.largest).toBeGreaterThan(0.1);
    expect(isSame(result.comparison)).toBe(true);
  });

  it('says that a constant beside the image is trained if no mean and std can be it', async () => {
    const turned: NodeSpec[] = [
      ['Mul', ['x', 'wave'], ['r']],
      ['Conv', ['r', 'stem.weight', 'stem.bias'], ['a'], { pads: [1, 1, 1, 1] }],
    ];
    const { result } = await imported(
      bytesOf({
        nodes: [...turned, ...nodes.slice(1)],
        constants: { ...constants, wave: tensorData('float32', [6], [1, 2, 3, 4, 5, 6]) },
      }),
    );
    expect(result.recognised).toHaveProperty('parameter');
    expect(result.notes.join()).toContain('trained unless you freeze it');
  });

  it('turns images with channels last, and blue first, into ours', async () => {
    const turned: NodeSpec = ['Transpose', ['x'], ['first'], { perm: [0, 3, 1, 2] }];
    const [stem, ...rest] = nodes;
    const first: NodeSpec = [
      stem?.[0] ?? '',
      ['first', 'stem.weight', 'stem.bias'],
      ['a'],
      stem?.[3],
    ];
    const bytes = bytesOf({ image: [batch, 6, 6, 3], nodes: [turned, first, ...rest] });
    const { result, source } = await imported(bytes, { channels: 'bgr', range: '0..255' });
    expect(isSame(result.comparison)).toBe(true);
    expect(source).not.toContain('permute');
    expect(source).toContain('image(3, 6, 6');
    const grey = await imported(bytesOf(), { channels: 'bgr', mean: [0.1, 0.2, 0.3] });
    expect(grey.source).toContain('mean: [0.3, 0.2, 0.1]');
  });

  it('puts a new classifier behind another number of classes, and behind a cut', async () => {
    const more = await imported(bytesOf(), { classes: 7 });
    expect(more.result.weights).toMatchObject({ classes: 7, initialized: { fileClasses: 5 } });
    expect(isSame(more.result.comparison)).toBe(true);
    const cut = await imported(bytesOf(), { classes: 7, cut: 'd' });
    expect(cut.result.weights).toMatchObject({ classes: 7 });
    expect(cut.source).toContain('classifier(');
    expect(cut.result.comparison.largest).toBeGreaterThan(0);
    expect(isSame(cut.result.comparison)).toBe(true);
  });

  it('asks for classes where the file has none', async () => {
    expect(await refusal(bytesOf(), { cut: 'd' })).toMatchObject({ code: 'onnx-ending' });
  });

  it('restores batch norms that leave the outputs as they are', async () => {
    const { result, source } = await imported(bytesOf(), {
      restoreBatchNorm: await imageFolder(12),
    });
    expect(result.restored).toBe(2);
    expect(isSame(result.comparison)).toBe(true);
    expect(source).toContain('batchNorm');
    const stored = readSafetensors(join(result.weights.checkpoint, 'state.safetensors'));
    const variance = [...stored].find(([name]) => name.endsWith('running_var'));
    expect(variance?.[1].data.some((value) => Number(value) !== 1)).toBe(true);
  });

  it('restores batch norms over the images of a list', async () => {
    const folder = await imageFolder(12);
    const list = join(folder, 'images.csv');
    const images = readdirSync(folder).filter((name) => name !== 'images.csv');
    writeFileSync(list, ['path', ...images, ''].join('\n'));
    const { result } = await imported(bytesOf(), { restoreBatchNorm: list });
    expect(result.restored).toBe(2);
    expect(result.comparison.real).toBe(12);
  });

  it('names every operator that stands in the way, and leaves nothing behind', async () => {
    const strange: NodeSpec[] = [
      ['Relu', ['x'], ['s']],
      ['MeanVarianceNormalization', ['s'], ['t']],
      ['NonZero', ['t'], ['u']],
      ['Conv', ['t', 'stem.weight', 'stem.bias'], ['a'], { pads: [1, 1, 1, 1] }],
      ...nodes.slice(1),
    ];
    const folder = temporaryFolder();
    const path = join(folder, 'net.onnx');
    writeFileSync(path, bytesOf({ nodes: strange, outputs: ['y', 'u'] }));
    const out = join(folder, 'out');
    await expect(importOnnxModel(path, { out })).rejects.toMatchObject({ code: 'onnx-import' });
    expect(existsSync(out)).toBe(false);
  });

  it('refuses a name that is no file name, and weights that are not finite, before it writes', async () => {
    expect(await refusal(bytesOf(), { name: '../../evil' })).toMatchObject({ code: 'model-name' });
    const bad = { ...constants, 'fc.bias': tensorData('float32', [5], [0, NaN, 0, 0, 0]) };
    const error = await refusal(bytesOf({ constants: bad }));
    expect(error).toMatchObject({ code: 'weights-not-finite' });
    expect(String(error)).toContain('fc.bias');
  });

  it('compares what a layer makes where the outputs are all 0', async () => {
    const zeros = {
      ...constants,
      'fc.weight': tensorData('float32', [5, 6], new Float32Array(30)),
      'fc.bias': tensorData('float32', [5], new Float32Array(5)),
    };
    const { result } = await imported(bytesOf({ constants: zeros }));
    expect(result.comparison.layer).toBe('body.conv');
    expect(result.comparison.largest).toBeGreaterThan(0);
    expect(isSame(result.comparison)).toBe(true);
  });

  it('says which images it left out, and refuses a folder in which none can be read', async () => {
    const images = await imageFolder(2);
    writeFileSync(join(images, 'broken.png'), 'not a picture');
    const { result } = await imported(bytesOf(), { images });
    expect(result.comparison.real).toBe(2);
    expect(result.notes.join('\n')).toMatch(/^1 of the images asked for .* cannot be read/m);
    const broken = temporaryFolder();
    writeFileSync(join(broken, 'broken.png'), 'not a picture');
    expect(await refusal(bytesOf(), { images: broken })).toMatchObject({ code: 'no-images' });
  });

  it('keeps values apart that are named as ours, or as TensorFlow names them', async () => {
    const named: NodeSpec[] = [
      ['Transpose', ['x'], ['logits'], { perm: [0, 3, 1, 2] }],
      ['Div', ['x', 'scale'], ['image'], {}],
      ['Transpose', ['image'], ['pooled'], { perm: [0, 3, 1, 2] }],
      ['Add', ['logits', 'pooled'], ['x:0'], {}],
      ['Conv', ['x:0', 'stem.weight', 'stem.bias'], ['a'], { pads: [1, 1, 1, 1] }],
      ...nodes.slice(1),
    ];
    const scale = tensorData('float32', [], [7]);
    const bytes = bytesOf({
      image: [batch, 6, 6, 3],
      nodes: named,
      constants: { ...constants, scale },
    });
    const { result } = await imported(bytes);
    expect(isSame(result.comparison)).toBe(true);
    expect(result.comparison.largest).toBeGreaterThan(0);
  });

  it('takes height and width apart for a file that leaves them open', async () => {
    const open = [batch, 3, { symbol: 'h', factor: 1 }, { symbol: 'w', factor: 1 }];
    const { result, source } = await imported(bytesOf({ image: open }), { size: [6, 10] });
    expect(result.image.shape).toEqual([3, 6, 10]);
    expect(source).toContain('image(3, 6, 10');
    expect(isSame(result.comparison)).toBe(true);
  });

  it('refuses a folder with work in it', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'net.onnx'), bytesOf());
    const importing = importOnnxModel(join(folder, 'net.onnx'), { out: folder });
    await expect(importing).rejects.toMatchObject({ code: 'out-not-empty' });
  });
});

describe('the comparison of an imported network with its file', () => {
  it('names the first layer that differs, and its nodes', async () => {
    const folder = temporaryFolder();
    const bytes = bytesOf();
    const modelFile = join(folder, 'net.model.ts');
    const whole = importOnnx(bytes, { name: 'net', file: 'net.onnx' });
    writeFileSync(modelFile, whole.source);
    const weights = new Map(whole.weights);
    const bias = weights.get('body.conv.bias');
    const worse = tensorData('float32', [6], [0, 0, 9, 0, 0, 0]);
    expect(bias).toBeDefined();
    weights.set('body.conv.bias', worse);
    const file = { path: 'net.onnx', bytes, outputs: ['y'], hasSideFiles: false };
    const fed = noiseImages(foreignImage(readModel(bytes), 'net.onnx', {}), 1);
    const pair = { file, loaded: await loadModel(modelFile) };
    const good = await compareOutputs({ ...pair, imported: whole }, [fed]);
    expect(isSame(good)).toBe(true);
    const bad = await compareOutputs({ ...pair, imported: { ...whole, weights } }, [fed]);
    expect(isSame(bad)).toBe(false);
    expect(bad.first?.layer).toBe('body.conv');
    expect(bad.first?.difference).toBeGreaterThan(5);
  });
});
