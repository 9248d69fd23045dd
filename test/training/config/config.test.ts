import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { inputNoises } from '../../../src/data/augment/imageNoise.js';
import {
  defineTraining,
  parseTrainingConfig,
  scheduleOf,
  trainingConfigSchema,
  type TrainingConfigInput,
} from '../../../src/training/config/config.js';
import {
  createOptimizer,
  optimizerNames,
  optimizers,
  sgd,
} from '../../../src/compiler/optim/index.js';
import { learningRateAt } from '../../../src/runtime/engine/schedules.js';
import { ConfigError } from '../../../src/support/errors.js';
import { repositoryRoot } from '../../support/paths.js';

const small: TrainingConfigInput = {
  name: 'digits',
  model: './digits.model.ts',
  data: { kind: 'mnist' },
  epochs: 2,
  optimizer: { kind: 'sgd' },
};

function refusal(config: unknown): ConfigError {
  try {
    parseTrainingConfig(config, 'training.config.ts');
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new TypeError('the config was accepted');
}

describe('a training config', () => {
  it('has defaults for all but its name, model, data, optimizer and length', () => {
    expect(parseTrainingConfig(small, 'c')).toMatchInlineSnapshot(`
      {
        "batch": 64,
        "checkpointing": false,
        "checkpoints": {
          "every": 1,
          "keepLast": 3,
        },
        "choose": "best",
        "data": {
          "kind": "mnist",
          "test": 2000,
        },
        "device": "auto",
        "epochs": 2,
        "labelSmoothing": 0,
        "model": "./digits.model.ts",
        "name": "digits",
        "noise": {},
        "optimizer": {
          "decoupledDecay": false,
          "kind": "sgd",
          "learningRate": 0.1,
          "momentum": 0.9,
          "nesterov": false,
          "weightDecay": 0,
        },
        "precision": "float32",
        "schedule": {
          "kind": "constant",
          "warmup": 0,
        },
        "seed": 1,
        "validation": {
          "every": 1,
          "share": 0.1,
        },
      }
    `);
  });

  it('takes an optimizer made by its function as the same one written out', () => {
    const config = defineTraining({ ...small, optimizer: sgd({ momentum: 0.5, nesterov: true }) });
    expect(parseTrainingConfig(config, 'c').optimizer).toEqual(
      sgd({ momentum: 0.5, nesterov: true }).config,
    );
  });

  it.each(Object.entries(optimizers))('knows every option of %s and its default', (kind, make) => {
    const { optimizer } = parseTrainingConfig({ ...small, optimizer: { kind } }, 'c');
    expect(optimizer).toEqual(make().config);
    expect(createOptimizer(optimizer).kind).toBe(kind);
  });

  it('lists every problem at once, with near keys and allowed values', () => {
    const error = refusal({
      ...small,
      name: 'my digits',
      data: { kind: 'mnis' },
      optimizer: { kind: 'sgd', lerningRate: 1, momentum: 2 },
      schedule: { kind: 'cosine', warmup: -1 },
      batch: '64',
      noise: { dropout: 1 },
      device: 'gpu',
      steps: 10,
    });
    expect(error.where).toBe('training.config.ts');
    expect([error.message, ...error.notes]).toMatchInlineSnapshot(`
      [
        "the config has 9 problems",
        "name: "my digits" has characters other than letters, digits, dots, dashes and underscores",
        "device: "gpu" is not known; allowed: auto, cpu, webgpu, cuda",
        "batch: expected a number, not "64"",
        "optimizer.momentum: expected less than 1, not 2",
        "optimizer.lerningRate: unknown key (did you mean learningRate?); allowed: kind, learningRate, momentum, nesterov, weightDecay, decoupledDecay",
        "schedule.warmup: expected at least 0, not -1",
        "noise.dropout: expected less than 1, not 1",
        "data.kind: "mnis" is not known (did you mean mnist?); allowed: images, mnist",
        "epochs: set epochs or steps, not both",
      ]
    `);
  });

  it('knows the keys of noise by the noises that there are', () => {
    const noises = inputNoises.map(([key]) => key).join(', ');
    expect(refusal({ ...small, noise: { dropth: 0.1 } }).message).toBe(
      `noise.dropth: unknown key (did you mean dropPath?); allowed: dropout, dropPath, ${noises}, mix, crop`,
    );
  });

  it('names the key in `where` when it is the only one', () => {
    const error = refusal({ ...small, checkpoints: { keepLst: 3 } });
    expect(error.where).toBe('training.config.ts: checkpoints.keepLst');
    expect(error.message).toMatchInlineSnapshot(
      `"checkpoints.keepLst: unknown key (did you mean keepLast?); allowed: keepLast, every"`,
    );
  });

  it('says what an empty config lacks', () => {
    expect(refusal({}).notes).toEqual([
      'name: missing; expected text',
      'model: missing; expected text',
      `optimizer: missing; expected an object with a kind of: ${optimizerNames.join(', ')}`,
      'data: missing; expected an object with a kind of: images, mnist',
      'epochs: missing; set the length of training with epochs or with steps',
    ]);
  });

  it.each([undefined, null, 3, 'text', []])('refuses %j', (config) => {
    expect(refusal(config).message).toMatch(/expected an object/);
  });

  it('refuses a batch of no whole number and numbers out of range', () => {
    const schedule = { kind: 'exponential', decay: 1.5, every: 0 };
    expect(refusal({ ...small, batch: 1.5, seed: -1, ema: 1, schedule }).notes)
      .toMatchInlineSnapshot(`
      [
        "seed: expected at least 0, not -1",
        "batch: expected a whole number, not 1.5",
        "schedule.decay: expected at most 1, not 1.5",
        "schedule.every: expected more than 0, not 0",
        "ema: expected less than 1, not 1",
      ]
    `);
  });

  it.each([
    [{ classes: 400_000_000 }, /classes: expected at most 65536, not 400000000/],
    [{ batch: 1e9 }, /batch: expected at most 65536/],
    [{ size: 1e6 }, /size: expected at most 16384/],
    [{ threads: 1e6 }, /threads: expected at most 1024/],
    [{ stepsPerRun: 1e6 }, /stepsPerRun: expected at most 1024/],
    [{ epochs: 1e300 }, /epochs: expected at most 1000000/],
    [{ noise: { randAugment: { n: 1e6 } } }, /noise.randAugment.n: expected at most 100/],
    [{ checkpoints: { keepLast: 1e9 } }, /checkpoints.keepLast: expected at most 10000/],
  ])('says the limit of a size that is declared too large: %j', (key, message) => {
    const config = {
      name: 'big',
      model: 'm.model.ts',
      data: { labelled: 'images' },
      optimizer: { kind: 'sgd' },
      epochs: 1,
      ...key,
    };
    expect(() => parseTrainingConfig(config, 'c.ts')).toThrow(message);
  });

  it('gives the step loop a schedule with the rate of the optimizer', () => {
    const written = { kind: 'exponential', warmup: 5, decay: 0.9, every: 2 } as const;
    const optimizer = { kind: 'rmspropTf', learningRate: 0.016 } as const;
    const config = parseTrainingConfig({ ...small, optimizer, schedule: written }, 'c');
    const schedule = scheduleOf(config);
    const totals = { steps: 1000, stepsPerEpoch: 10 };
    expect(learningRateAt(schedule, 25, totals)).toBeCloseTo(0.008, 12);
    expect(learningRateAt(schedule, 65, totals)).toBeCloseTo(0.016 * 0.9 ** 3, 12);
  });

  it('has a JSON schema for editors that is current', async () => {
    const file = `${repositoryRoot}/schemas/training-config.schema.json`;
    const options = await resolveConfig(file);
    const text = await format(JSON.stringify(trainingConfigSchema()), {
      ...options,
      filepath: file,
    });
    await expect(text).toMatchFileSnapshot(file);
  });
});
