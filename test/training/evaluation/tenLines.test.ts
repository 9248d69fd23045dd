import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { evaluateCheckpoint } from '../../../src/training/evaluation/evaluateCheckpoint.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { importWeights } from '../../../src/training/weights/importWeights.js';
import {
  defineModel,
  flatten,
  image,
  linear,
  type ImageOptions,
} from '../../../src/language/nn/index.js';
import { softmaxRows } from '../../../src/support/statistics/scores.js';
import { writeSafetensors } from '../../../src/runtime/storage/safetensors.js';
import { RandomStream } from '../../../src/support/random.js';
import { tensorData } from '../../../src/support/tensor.js';
import { quartersImage } from '../../data/fixtures.js';
import { repositoryRoot } from '../../support/paths.js';
import { requirePython, runPython } from '../../support/python.js';

const docs = readFileSync(join(repositoryRoot, 'docs/data.md'), 'utf8');

/** The lines of a language below the heading. */
function lines(language: string): string {
  const [, below = ''] = docs.split('### The same in ten lines');
  const block = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(below)?.[1];
  if (block === undefined) throw new Error(`docs/data.md has no lines of ${language}`);
  return block;
}

const size = 24;
const classes = 3;
const folder = mkdtempSync(join(tmpdir(), 'gradus-lines-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const statistics = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] };

/** A network with random weights, exported. */
async function exported(name: string, view: ImageOptions, bytes = false): Promise<string> {
  const model = defineModel({
    name,
    input: image(3, size, size, { ...statistics, ...view }),
    classes,
    build: (x, context) => linear(flatten(x), { name: 'fc', out: context.classes }),
  });
  const random = new RandomStream(5, { site: 0, step: 0, sample: 0 });
  const weights = Float32Array.from({ length: classes * 3 * size * size }, () =>
    random.uniform(-0.05, 0.05),
  );
  const file = join(folder, `${name}.safetensors`);
  writeSafetensors(
    file,
    new Map([
      ['fc.weight', tensorData('float32', [classes, 3 * size * size], weights)],
      ['fc.bias', tensorData('float32', [classes], new Float32Array(classes))],
    ]),
  );
  const checkpoint = join(folder, `${name}-weights`);
  await importWeights(file, { model, out: checkpoint });
  const out = join(folder, name, bytes ? 'bytes.onnx' : 'model.onnx');
  await exportModel(checkpoint, { model, out, ...(bytes && { imageFormat: 'uint8-nhwc' }) });
  return out;
}

const sizes = [
  [61, 47],
  [47, 61],
  [30, 90],
  [24, 24],
  [13, 20],
  [125, 83],
] as const;
/** Pictures of either orientation, larger and smaller than the network; some are turned. */
const pictures = sizes.map(([width, height], i) => ({
  path: join(folder, 'set', `c${i % classes}`, `${width}x${height}.${i % 2 ? 'png' : 'jpg'}`),
  label: i % classes,
}));

beforeAll(async () => {
  for (const [i, { path }] of pictures.entries()) {
    const [width, height] = sizes[i] ?? [1, 1];
    mkdirSync(join(path, '..'), { recursive: true });
    const picture = quartersImage(width, height).withMetadata({ orientation: i === 2 ? 6 : 1 });
    await picture.toFormat(i % 2 ? 'png' : 'jpeg').toFile(path);
  }
});

const noOnnxruntime = `
import onnx, numpy
class InferenceSession:
    def __init__(self, path):
        self.model = onnx.load(path)
    def get_modelmeta(self):
        return type("Meta", (), {"custom_metadata_map": {p.key: p.value for p in self.model.metadata_props}})
    def get_inputs(self):
        dims = [d.dim_value or d.dim_param for d in self.model.graph.input[0].type.tensor_type.shape.dim]
        return [type("Input", (), {"shape": dims})]
    def run(self, outputs, feeds):
        feeds["image"].astype("<f4").tofile("image.bin")
        return [numpy.zeros(1)]
`;

function softmax(row: Float32Array): Float32Array {
  const probabilities = new Float32Array(row.length);
  softmaxRows(row, row.length, probabilities);
  return probabilities;
}

/** Accuracy and mean cross-entropy of logits of the pictures. */
function measures(logits: readonly Float32Array[]) {
  const losses = logits.map((row, i) => -Math.log(softmax(row)[pictures[i]?.label ?? 0] ?? 0));
  const right = logits.filter((row, i) => row.indexOf(Math.max(...row)) === pictures[i]?.label);
  return {
    accuracy: right.length / logits.length,
    loss: losses.reduce((a, b) => a + b, 0) / logits.length,
  };
}

describe("the documentation's lines of Python", () => {
  beforeEach((context) => {
    requirePython(context, ['numpy', 'PIL', 'onnx']);
  });

  it.each([
    ['centre', { interpolation: 'bilinear', crop: 'centre', cropPct: 0.8 }],
    ['squash', {}],
  ] as const)('give what eval gives: %s', async (name, view) => {
    const path = await exported(name, view);
    const cwd = join(path, '..');
    writeFileSync(join(cwd, 'onnxruntime.py'), noOnnxruntime);
    const script = join(cwd, 'lines.py');
    writeFileSync(script, `import os; os.chdir(${JSON.stringify(cwd)})\n${lines('python')}`);
    const session = await InferenceSession.create(path);
    const logits: Float32Array[] = [];
    for (const picture of pictures) {
      runPython(script, [picture.path]);
      const pixels = new Float32Array(readFileSync(join(cwd, 'image.bin')).buffer.slice(0));
      const fed = new Tensor('float32', pixels.subarray(0, 3 * size * size), [1, 3, size, size]);
      const { logits: found } = await session.run({ image: fed });
      logits.push(Float32Array.from(found?.data as Float32Array));
    }
    const own = await evaluateCheckpoint(path, { data: join(folder, 'set'), device: 'cpu' });
    const found = measures(logits);
    expect(own.images).toBe(pictures.length);
    expect(found.accuracy).toBe(own.accuracy);
    expect(Math.abs(found.loss - own.loss)).toBeLessThan(1e-5);
  });
});

it("the documentation's lines of JavaScript give what eval gives of images of the network's size", async () => {
  const path = await exported('js', {}, true);
  const cwd = join(path, '..');
  symlinkSync(join(repositoryRoot, 'node_modules'), join(cwd, 'node_modules'));
  writeFileSync(join(cwd, 'lines.mjs'), lines('js'));
  const [, , , same] = pictures;
  const { stdout, stderr } = spawnSync(process.execPath, ['lines.mjs', same?.path ?? ''], {
    cwd,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const set = join(cwd, 'set');
  for (let c = 0; c < classes; c++) {
    mkdirSync(join(set, `c${c}`), { recursive: true });
    copyFileSync(same?.path ?? '', join(set, `c${c}`, 'same.png'));
  }
  const own = await evaluateCheckpoint(path, { data: set, device: 'cpu' });
  const row = Float32Array.from(JSON.parse(stdout) as number[]);
  const loss = softmax(row).reduce((sum, p) => sum - Math.log(p), 0) / classes;
  expect(Math.abs(loss - own.loss)).toBeLessThan(1e-5);
});
