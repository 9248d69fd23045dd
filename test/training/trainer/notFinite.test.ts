import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runTraining } from '../../../src/training/run/runTraining.js';
import { Trainer, type TrainerOptions } from '../../../src/training/trainer/trainer.js';
import { ShuffledBatches } from '../../../src/data/loader/batches.js';
import { classifier, conv2d, defineModel, image, relu } from '../../../src/language/nn/index.js';
import {
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from '../../../src/runtime/storage/checkpoint.js';
import { TrainingError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';
import { holdDevice } from '../../support/heldDevice.js';
import { noWebgpu, onWebgpu } from '../../support/swiftshader.js';
import { quarters } from '../../support/tinyDigits.js';
import { tinyRun } from '../../support/tinyRun.js';

/** ReLU swallows a NaN on WebGPU, so that the loss of this network stays finite. */
const net = defineModel({
  name: 'swallowing',
  input: image(1, 8, 8),
  classes: 4,
  build(x, { classes }) {
    x = relu(conv2d(x, { name: 'first', out: 4, kernel: 3 }));
    x = relu(conv2d(x, { name: 'second', out: 4, kernel: 3 }));
    return classifier(x, { name: 'head', classes });
  },
});

const trainers: Trainer[] = [];
afterEach(async () => {
  for (const trainer of trainers.splice(0)) await trainer.close();
});

async function create(options: Partial<TrainerOptions>): Promise<Trainer> {
  const own = {
    batch: 8,
    seed: 1,
    optimizer: { kind: 'sgd', momentum: 0.9 },
  } as const;
  const trainer = await Trainer.create(net, { ...own, ...options });
  trainers.push(trainer);
  return trainer;
}

/** A checkpoint of a trainer with one NaN in the first convolution. */
async function planted(trainer: Trainer): Promise<string> {
  const folder = temporaryFolder();
  const path = await trainer.save(folder, { epoch: 0, position: 0, best: null, config: {} });
  const { state, tensors } = loadCheckpoint(path);
  const weight = tensors.get('first.weight');
  if (weight === undefined) throw new TypeError('no weight');
  if (weight.data instanceof Float32Array) weight.data[7] = NaN;
  return saveCheckpoint(join(folder, 'planted'), state, tensors);
}

async function train(trainer: Trainer, until: number): Promise<number> {
  const source = new ShuffledBatches(quarters(32), { batch: 8, seed: 1 });
  let steps = 0;
  for await (const _ of trainer.run(source, { until, learningRate: () => 0.01 })) steps++;
  return steps;
}

/** Images of which one is not a number in the third step. */
function withNaN() {
  const source = new ShuffledBatches(quarters(40), { batch: 8, seed: 1 });
  return {
    stepsPerEpoch: source.stepsPerEpoch,
    fill(arrays: Parameters<ShuffledBatches['fill']>[0], step: number) {
      source.fill(arrays, step);
      if (step === 2) arrays.image.set([NaN], 3);
    },
  };
}

async function faultOf(work: Promise<unknown>): Promise<TrainingError> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof TrainingError) return error;
  throw new TypeError(`no TrainingError: ${String(error)}`);
}

describe.each([
  { device: 'cpu', title: 'on the CPU', skip: false },
  { device: 'webgpu', title: onWebgpu('on WebGPU'), skip: noWebgpu !== undefined },
] as const)('a NaN $title', ({ device, skip }) => {
  describe.skipIf(skip)('', { timeout: 180_000 }, () => {
    if (device === 'webgpu') holdDevice();

    it('planted in a weight stops training before its first step, evaluations and checkpoints', async () => {
      const trainer = await create({ device });
      expect(await train(trainer, 2)).toBe(2);
      await trainer.resume(await planted(trainer));
      const meta = { epoch: 0, position: 0, best: null, config: {} };
      const folder = temporaryFolder();
      for (const work of [
        () => train(trainer, 8),
        () => trainer.evaluate(quarters(8)),
        () => trainer.save(folder, meta),
      ])
        expect(await faultOf(work())).toMatchObject({
          code: 'training-not-finite',
          message: 'training cannot start at step 3: NaN or infinity in first.weight',
        });
      expect(listCheckpoints(folder)).toEqual([]);
      await expect(
        trainer.startFrom(await planted(await create({ device }))),
      ).rejects.toMatchObject({
        code: 'weights-not-finite',
        message: expect.stringContaining('first.weight of '),
      });
    });

    it('that a step brings in is found by the next checkpoint, which is not written', async () => {
      const folder = temporaryFolder();
      const plan = tinyRun(folder, { model: net, source: withNaN(), validation: undefined });
      const error = await faultOf(
        runTraining({ ...plan, trainer: { ...plan.trainer, device } }, {}),
      );
      const last = join(folder, 'checkpoints', 'step-00000000');
      if (device === 'cpu')
        expect(error.message).toBe(
          `the loss is NaN at step 3; the last good checkpoint is ${last}`,
        );
      else {
        expect(error.code).toBe('training-not-finite');
        expect(error.where).toBe('steps 1 to 4');
        expect(error.message).toMatch(
          /^training diverged by step 4: NaN or infinity in .*first\.weight/,
        );
        expect(error.message).toContain(
          `everything was finite after step 0; the last good checkpoint is ${last}`,
        );
      }
      expect(listCheckpoints(join(folder, 'checkpoints'))).toEqual([0]);
    });
  });
});

it('the state is looked at every 100 steps without checkpoints, too', async () => {
  const trainer = await create({ device: 'cpu' });
  const looked: number[] = [];
  const { requireFinite } = Trainer.prototype;
  Object.defineProperty(trainer, 'requireFinite', {
    value: () => {
      looked.push(trainer.step);
      return requireFinite.call(trainer);
    },
  });
  await train(trainer, 230);
  expect(looked).toEqual([0, 100, 200]);
});
