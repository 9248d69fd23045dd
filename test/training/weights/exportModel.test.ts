import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exportModel, type ExportOptions } from '../../../src/training/weights/exportModel.js';
import { importWeights } from '../../../src/training/weights/importWeights.js';
import { inspectOnnxFile } from '../../../src/tools/inspect/inspectOnnx.js';
import { runTraining } from '../../../src/training/run/runTraining.js';
import type { Trainer } from '../../../src/training/trainer/trainer.js';
import { loadCheckpoint } from '../../../src/runtime/storage/checkpoint.js';
import { readSafetensors, writeSafetensors } from '../../../src/runtime/storage/safetensors.js';
import { ArtifactError, ConfigError, GradusError } from '../../../src/support/errors.js';
import { fromFloat16 } from '../../../src/support/halfFloats.js';
import { tensorData } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';
import { requirePython, runPython } from '../../support/python.js';
import { quarters, tinyNet } from '../../support/tinyDigits.js';
import { tinyRun } from '../../support/tinyRun.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

const folder = mkdtempSync(join(tmpdir(), 'gradus-export-'));
const run = join(folder, 'run');
const model = tinyNet();
const images = quarters(6, 9);
let trainer: Trainer;
let checkpoint: string;

beforeAll(async () => {
  const outcome = await runTraining(tinyRun(run, { model, steps: 6, validation: undefined }), {});
  trainer = outcome.trainer;
  checkpoint = outcome.checkpoint;
});

afterAll(async () => {
  await trainer.close();
  rmSync(folder, { recursive: true });
});

/** Logits of `count` images from an ONNX file, `batch` at a time. */
async function logitsOf(path: string, batch: number, bytes = false): Promise<Float32Array> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const logits: number[] = [];
  for (let first = 0; first < images.count; first += batch) {
    const pixels = new Float32Array(batch * 64);
    for (let i = 0; i < batch; i++) images.image(first + i, pixels.subarray(64 * i, 64 * (i + 1)));
    const image = bytes
      ? new Tensor(
          'uint8',
          Uint8Array.from(pixels, (v) => Math.round(v * 255)),
          [batch, 8, 8, 1],
        )
      : new Tensor('float32', pixels, [batch, 1, 8, 8]);
    const result = await session.run({ image });
    logits.push(...(result['logits']?.data as Float32Array));
  }
  await session.release();
  return Float32Array.from(logits);
}

const exported = (name: string, options: Partial<ExportOptions> = {}) => {
  const out = join(folder, name);
  return exportModel(checkpoint, { model, ...options, out });
};

async function failure(path: string, options: Partial<ExportOptions>): Promise<GradusError> {
  try {
    await exportModel(path, { model, out: join(folder, 'x.onnx'), ...options });
  } catch (error) {
    if (error instanceof GradusError) return error;
    throw error;
  }
  throw new TypeError('the export went through');
}

describe('an exported ONNX model', () => {
  it('has the logits of the evaluation by the moving average, for any batch', async () => {
    const { files, weights, step, onnx } = await exported('average.onnx');
    expect([weights, step, files.length]).toEqual(['ema', 6, 1]);
    expect(onnx?.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['N', 1, 8, 8] }]);
    const wanted = await trainer.predict(images);
    for (const batch of [1, 3, 6]) {
      const found = await logitsOf(join(folder, 'average.onnx'), batch);
      expect(relativeError(found, wanted)).toBeLessThan(tolerances.float32);
    }
  });

  it('takes the weights themselves where they are asked for', async () => {
    expect((await exported('raw.onnx', { weights: 'raw' })).weights).toBe('raw');
    const found = await logitsOf(join(folder, 'raw.onnx'), 6);
    const [raw, average] = [
      await trainer.predict(images, 'current'),
      await trainer.predict(images),
    ];
    expect(relativeError(found, raw)).toBeLessThan(tolerances.float32);
    expect(relativeError(found, average)).toBeGreaterThan(10 * tolerances.float32);
  });

  it('has its batch normalisation folded into convolutions', async () => {
    await exported('folded.onnx');
    const { onnx, layers } = inspectOnnxFile(join(folder, 'folded.onnx'));
    expect(Object.keys(onnx?.operators ?? {})).not.toContain('BatchNormalization');
    expect(onnx?.opsets).toEqual({ 'ai.onnx': 17 });
    // Nothing is computed from weights alone.
    expect(Object.keys(onnx?.operators ?? {})).not.toContain('Sqrt');
    expect(layers.find(({ kind }) => kind === 'Conv')?.name).toBe('stem/conv/Conv');
  });

  it('takes a fixed batch where one is asked for', async () => {
    const { onnx } = await exported('fixed.onnx', { batch: 2, opset: 21 });
    expect(onnx?.inputs[0]?.shape).toEqual([2, 1, 8, 8]);
    expect(onnx?.outputs[0]?.shape).toEqual([2, 4]);
    const found = await logitsOf(join(folder, 'fixed.onnx'), 2);
    expect(relativeError(found, await trainer.predict(images))).toBeLessThan(tolerances.float32);
    await expect(logitsOf(join(folder, 'fixed.onnx'), 3)).rejects.toThrow();
  });

  it('takes 8-bit images in rows, and normalises them', async () => {
    const { onnx } = await exported('bytes.onnx', { imageFormat: 'uint8-nhwc' });
    expect(onnx?.inputs).toEqual([{ name: 'image', dtype: 'uint8', shape: ['N', 8, 8, 1] }]);
    expect(onnx).not.toHaveProperty('normalisation');
    const found = await logitsOf(join(folder, 'bytes.onnx'), 3, true);
    expect(relativeError(found, await trainer.predict(images))).toBeLessThan(tolerances.float32);
  });

  it('is smaller with float16 weights, and agrees as far as they do', async () => {
    const half = await exported('half.onnx', { float16: true });
    expect(half.tooLarge).toEqual([]);
    const { onnx } = inspectOnnxFile(join(folder, 'half.onnx'));
    const whole = inspectOnnxFile(join(folder, 'average.onnx')).onnx;
    expect(onnx?.initializers.bytes).toBeLessThan(0.7 * (whole?.initializers.bytes ?? 0));
    const found = await logitsOf(join(folder, 'half.onnx'), 6);
    const error = relativeError(found, await trainer.predict(images));
    expect(error).toBeLessThan(tolerances.float16Weights);
    expect(error).toBeGreaterThan(0);
  });

  it('says of which checkpoint it is', async () => {
    await exported('facts.onnx');
    const text = readFileSync(join(folder, 'facts.onnx'), 'latin1');
    for (const key of ['gradus.model', 'tiny-net', 'gradus.weights', 'ema'])
      expect(text).toContain(key);
  });

  describe("for onnx's own checker", () => {
    beforeEach((context) => requirePython(context, ['onnx']));

    it.each([
      ['plain', {}],
      ['with everything', { float16: true, batch: 2, imageFormat: 'uint8-nhwc' }],
    ] as const)('is valid at opset 17: %s', async (_, options) => {
      const [file] = (await exported('checked.onnx', options)).files;
      const said = runPython(`${repositoryRoot}/test/compiler/onnx/check.py`, [file?.path ?? '']);
      expect(said).toMatch(/^\d+ \[\] \[\]\n$/);
    });
  });
});

describe('exported safetensors', () => {
  it('hold the moving average under the names of the weights', async () => {
    const { weights, format } = await exported('average.safetensors');
    expect([weights, format]).toEqual(['ema', 'safetensors']);
    const { tensors } = loadCheckpoint(checkpoint);
    const found = readSafetensors(join(folder, 'average.safetensors'));
    const averages = [...tensors].filter(([key]) => key.startsWith('ema.'));
    expect(found).toEqual(new Map(averages.map(([key, tensor]) => [key.slice(4), tensor])));
    expect(found.size).toBeGreaterThan(10);
  });

  it('make a checkpoint that exports the same bytes', async () => {
    const [first] = (await exported('first.safetensors', { weights: 'raw' })).files;
    const out = join(folder, 'imported');
    await importWeights(first?.path ?? '', { model, out });
    const second = join(folder, 'second.safetensors');
    await exportModel(out, { model, out: second });
    expect(readFileSync(second).equals(readFileSync(first?.path ?? ''))).toBe(true);
  });

  it('may hold float16, with what it cannot hold left as it is', async () => {
    await exported('half.safetensors', { float16: true });
    const half = readSafetensors(join(folder, 'half.safetensors')).get('stem.weight');
    const whole = loadCheckpoint(checkpoint).tensors.get('ema.stem.weight');
    if (!(half?.data instanceof Uint16Array) || !whole) throw new TypeError('float16 is stored');
    const error = relativeError(fromFloat16(half.data), Float64Array.from(whole.data, Number));
    expect(error).toBeLessThan(2 ** -11);
    const large = new Map(
      [...loadCheckpoint(checkpoint).tensors].filter(([key]) => !/^(ema|optim)\./.test(key)),
    ).set('stem.weight', tensorData('float32', whole.shape, new Float32Array(36).fill(1e5)));
    writeSafetensors(join(folder, 'large.safetensors'), large);
    const out = join(folder, 'large');
    await importWeights(join(folder, 'large.safetensors'), { model, out });
    const half2 = await exportModel(out, {
      model,
      float16: true,
      out: join(folder, 'l.safetensors'),
    });
    expect(half2.tooLarge).toEqual(['stem.weight']);
  });
});

describe('the model of a checkpoint', () => {
  const source = `
    import { classifier, conv2d, defineModel, image } from 'gradus';
    export default defineModel({
      name: 'plain', input: image(1, 8, 8), classes: 3,
      build: (x, { classes }) => classifier(conv2d(x, { out: 4, kernel: 3 }), { classes }),
    });`;

  it('is found again by an import, also where both have moved', async () => {
    const before = join(temporaryFolder(), 'here');
    mkdirSync(before);
    const file = join(before, 'plain.model.js');
    writeFileSync(file, source);
    const weights = join(before, 'plain.safetensors');
    writeSafetensors(
      weights,
      new Map([
        ['conv2d.weight', tensorData('float32', [4, 1, 3, 3], new Float32Array(36))],
        ['conv2d.bias', tensorData('float32', [4], [1, 2, 3, 4])],
        ['classifier.weight', tensorData('float32', [3, 4], new Float32Array(12))],
        ['classifier.bias', tensorData('float32', [3], [0, 0, 0])],
      ]),
    );
    await importWeights(weights, { model: file, out: join(before, 'w', 'plain'), size: 16 });
    const after = join(temporaryFolder(), 'there');
    mkdirSync(after);
    for (const name of ['plain.model.js', 'w/plain/state.json', 'w/plain/state.safetensors']) {
      mkdirSync(join(after, name, '..'), { recursive: true });
      writeFileSync(join(after, name), readFileSync(join(before, name)));
    }
    rmSync(before, { recursive: true });
    const out = join(after, 'plain.onnx');
    const { onnx } = await exportModel(join(after, 'w', 'plain'), { out });
    expect(onnx?.inputs[0]?.shape).toEqual(['N', 1, 16, 16]);
  });

  it("is the one that the run's config names, from the folder that run.json tells", async () => {
    const home = temporaryFolder();
    const file = join(home, 'plain.model.js');
    writeFileSync(file, source);
    const path = join(home, 'run');
    const { trainer: plain } = await runTraining(
      tinyRun(path, {
        model: file,
        steps: 1,
        validation: undefined,
        trainer: { batch: 8, classes: 4 },
        config: { model: 'plain.model.js', classes: 4 },
      }),
      {},
    );
    await plain.close();
    writeFileSync(join(path, 'run.json'), JSON.stringify({ configFolder: home }));
    const result = await exportModel(path, { out: join(home, 'plain.onnx') });
    expect(result).toMatchObject({ model: 'plain', classes: 4, step: 1 });
  });

  it('is known from the record of the run, and must be given where there is none', async () => {
    const copy = join(folder, 'without-artifacts');
    cpSync(checkpoint, copy, { recursive: true });
    const recorded = await exportModel(checkpoint, { out: join(folder, 'recorded.onnx') });
    expect(recorded).toMatchObject({ model: 'tiny-net', step: 6 });
    const error = await failure(copy, { model: undefined });
    expect(error).toMatchObject({
      code: 'model-unknown',
      hint: 'pass the model: model: NAME_OR_PATH',
    });
    expect(error).toBeInstanceOf(ArtifactError);
  });

  it('must be the one that the checkpoint is of', async () => {
    const other = tinyNet({ channels: 8 });
    const error = await failure(checkpoint, { model: other });
    expect(error).toMatchObject({ code: 'architecture-mismatch' });
    expect(error.message).toContain('stem.weight: [4,1,3,3] in the checkpoint, [8,1,3,3]');
  });
});

describe('an export that cannot be', () => {
  it.each([
    [{ out: 'model.bin' }, 'export-format'],
    [{ format: 'safetensors', batch: 1 }, 'export-option'],
    [{ format: 'safetensors', imageFormat: 'uint8-nhwc' }, 'export-option'],
    [{ format: 'onnx', names: 'timm' }, 'export-option'],
    [{ format: 'safetensors', names: 'timm' }, 'names'],
    [{ opset: 16 }, 'opset'],
    [{ out: folder, format: 'onnx' }, 'export-folder'],
  ] as const)('is refused: %o', async (options, code) => {
    const error = await failure(checkpoint, options);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe(code);
  });

  it('is refused where there is no moving average', async () => {
    const out = join(folder, 'bare');
    const [file] = (await exported('bare.safetensors', { weights: 'raw' })).files;
    await importWeights(file?.path ?? '', { model, out });
    expect(await failure(out, { weights: 'ema' })).toMatchObject({ code: 'no-average' });
  });

  it('names a checkpoint that is damaged', async () => {
    const out = join(folder, 'damaged');
    const [file] = (await exported('damaged.safetensors', { weights: 'raw' })).files;
    await importWeights(file?.path ?? '', { model, out });
    const path = join(out, 'state.safetensors');
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(path, bytes);
    expect(await failure(out, {})).toMatchObject({ code: 'checkpoint-corrupt' });
  });
});
