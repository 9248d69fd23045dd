import { describe, expect, it } from 'vitest';
import { compileModel } from '../../../src/training/build/compileModel.js';
import { evaluateCheckpoint } from '../../../src/training/evaluation/evaluateCheckpoint.js';
import { exportModel } from '../../../src/training/weights/exportModel.js';
import { importWeights } from '../../../src/training/weights/importWeights.js';
import { Labeller } from '../../../src/training/labelling/labeller.js';
import { monteCarlo } from '../../../src/training/evaluation/monteCarlo.js';
import { predictImages } from '../../../src/training/labelling/predictImages.js';
import { Trainer } from '../../../src/training/trainer/trainer.js';
import { randomAffine } from '../../../src/data/augment/affine.js';
import { randAugment } from '../../../src/data/augment/randAugment.js';
import { ShuffledBatches } from '../../../src/data/loader/batches.js';
import { ArrayDataset } from '../../../src/data/loader/dataset.js';
import { arraySource } from '../../../src/data/loader/imageSource.js';
import { LoaderPool } from '../../../src/data/loader/loaderPool.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import { adamw, optimizers, sgd } from '../../../src/compiler/optim/index.js';
import { parseTrainingConfig } from '../../../src/training/config/config.js';
import { ConfigError } from '../../../src/support/errors.js';

const [images, labels] = [new Uint8Array(4), Uint8Array.of(0, 1, 0, 1)];
const set = new ArrayDataset({ shape: [1, 1, 1], classes: 2, images, labels });
const source = arraySource(set, { name: 'made up', ids: ['a', 'b', 'c', 'd'] });
const range = { shift: 0, rotate: 0, scale: 0, shear: 0 };

/** A call of the library with an option that it does not take. */
type Call = (value: number) => unknown;

const calls: readonly (readonly [string, Call, string, readonly number[]])[] = [
  ['Trainer.create', (batch) => Trainer.create('resnet18', { batch }), 'batch', [0, 1.5, NaN, 1e9]],
  [
    'Trainer.create',
    (accumulate) => Trainer.create('resnet18', { batch: 1, accumulate }),
    'accumulate',
    [0, NaN],
  ],
  [
    'Trainer.create',
    (threads) => Trainer.create('resnet18', { batch: 1, threads }),
    'threads',
    [-1, NaN, 1e6],
  ],
  [
    'Trainer.create',
    (seed) => Trainer.create('resnet18', { batch: 1, seed }),
    'seed',
    [-1, 0.5, 2 ** 32],
  ],
  ['compileModel', (drop) => compileModel('resnet18', { drop }), 'drop', [-0.1, 1, NaN]],
  ['compileModel', (dropPath) => compileModel('resnet18', { dropPath }), 'dropPath', [1.5, NaN]],
  ['compileModel', (classes) => compileModel('resnet18', { classes }), 'classes', [0, NaN, 4e8]],
  ['compileModel', (size) => compileModel('resnet18', { size }), 'size', [0, NaN, 1e6]],
  ['compileModel', (batch) => compileModel('resnet18', { batch }), 'batch', [0, NaN, 1e9]],
  ['compileModel', (emaDecay) => compileModel('resnet18', { emaDecay }), 'emaDecay', [1, NaN]],
  [
    'compileModel',
    (maxNorm) => compileModel('resnet18', { maxNorm }),
    'maxNorm',
    [0, NaN, Infinity],
  ],
  [
    'compileModel',
    (labelSmoothing) => compileModel('resnet18', { labelSmoothing }),
    'labelSmoothing',
    [-1, 1],
  ],
  [
    'compileModel',
    (stepsPerRun) => compileModel('resnet18', { stepsPerRun }),
    'stepsPerRun',
    [0, 1e6],
  ],
  ['Labeller.create', (batch) => Labeller.create('run', { batch }), 'batch', [0, NaN, 1e9]],
  [
    'Labeller.create',
    (sessions) => Labeller.create('run', { sessions }),
    'sessions',
    [0, NaN, 1e9],
  ],
  ['Labeller.create', (threads) => Labeller.create('run', { threads }), 'threads', [0, 0.5]],
  [
    'the noise of Labeller.create',
    (drop) => Labeller.create('run', { noise: { seed: 1, drop } }),
    'drop',
    [1, NaN],
  ],
  ['monteCarlo', (passes) => monteCarlo('run', source, { passes }), 'passes', [0, NaN, 1e9]],
  [
    'predictImages',
    (topK) => predictImages(['a.png'], { model: 'run', topK }),
    'topK',
    [0, NaN, 1e9],
  ],
  ['evaluateCheckpoint', (images) => evaluateCheckpoint('run', { images }), 'images', [0, NaN]],
  [
    'evaluateCheckpoint',
    (mcDropout) => evaluateCheckpoint('run', { mcDropout }),
    'mcDropout',
    [0, 1e9],
  ],
  ['exportModel', (batch) => exportModel('run', { out: 'a.onnx', batch }), 'batch', [0, NaN]],
  [
    'importWeights',
    (classes) => importWeights('w', { model: 'resnet18', out: 'none', classes }),
    'classes',
    [0, 1e9],
  ],
  ['LoaderPool', (workers) => new LoaderPool({ workers }), 'workers', [0, NaN, 1e6]],
  ['ShuffledBatches', (batch) => new ShuffledBatches(set, { batch, seed: 1 }), 'batch', [0, NaN]],
  ['UnreadableImages', (limit) => new UnreadableImages({ limit }), 'unreadable', [-1, NaN]],
  ['randAugment', (m) => randAugment({ n: 2, m }), 'm', [-1, NaN, 1e9]],
  ['randAugment', (n) => randAugment({ n, m: 10 }), 'n', [-1, 1.5, 1e6]],
  ['randomAffine', (scale) => randomAffine({ ...range, scale }, [1, 4, 4]), 'scale', [1, NaN]],
  ['randomAffine', (shift) => randomAffine({ ...range, shift }, [1, 4, 4]), 'shift', [-1, NaN]],
];

/** What a call throws, at once or later. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a number that an option does not take', () => {
  for (const [name, call, option, values] of calls)
    it(`is refused by ${name} as ${option}, with the range, before anything is loaded`, async () => {
      for (const value of values) {
        const error = await thrownBy(() => call(value));
        expect(error, String(value)).toBeInstanceOf(ConfigError);
        expect(error).toMatchObject({ code: 'option-range', option: option.split('.') });
        expect((error as ConfigError).message).toBe(`${option} of ${name} is ${value}`);
        expect((error as ConfigError).hint).toMatch(/^use a (?:whole )?number .*\d/);
      }
    });

  it('is refused as text, which JavaScript passes', async () => {
    const batch = '32' as unknown as number;
    await expect(Labeller.create('run', { batch })).rejects.toThrow(
      "batch of Labeller.create is '32'",
    );
  });

  it('is refused by the optimizers, with the range', () => {
    for (const optimizer of Object.values(optimizers))
      for (const learningRate of [-1, NaN, Infinity, 1e39])
        expect(() => optimizer({ learningRate })).toThrow(
          expect.objectContaining({
            option: ['optimizer', 'learningRate'],
            hint: expect.stringContaining('at most 3.4e+38') as unknown,
          }),
        );
    expect(() => sgd({ momentum: 1 })).toThrow(ConfigError);
    expect(() => adamw({ beta1: NaN })).toThrow(ConfigError);
  });

  it.each([
    [{ noise: { randAugment: { n: 2, m: 1e9 } } }, 'noise.randAugment.m'],
    [{ noise: { dropout: NaN } }, 'noise.dropout'],
    [{ noise: { augment: { shear: 1e9 } } }, 'noise.augment.shear'],
    [{ optimizer: { kind: 'sgd', learningRate: 1e39 } }, 'optimizer.learningRate'],
    [{ optimizer: { kind: 'sgd', learningRate: NaN } }, 'optimizer.learningRate'],
    [{ batch: 1e9 }, 'batch'],
  ])('is refused in a config: %j', (keys, place) => {
    const optimizer = { kind: 'sgd' };
    const config = { name: 'a', model: 'resnet18', data: { labelled: 'a' }, epochs: 1, optimizer };
    const error: unknown = (() => {
      try {
        return parseTrainingConfig({ ...config, ...keys }, 'c');
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    const { message, notes } = error as ConfigError;
    expect([message, ...notes].join('\n')).toContain(place);
  });
});
