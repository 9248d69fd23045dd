import { afterEach, describe, expect, it } from 'vitest';
import type { StepEvent } from '../../../src/contract/events.js';
import { Trainer, type TrainerOptions } from '../../../src/training/trainer/trainer.js';
import { ShuffledBatches } from '../../../src/data/loader/batches.js';
import { arraySource, type ImageSource } from '../../../src/data/loader/imageSource.js';
import type { Model } from '../../../src/language/nn/index.js';
import { DeviceError, GradusError } from '../../../src/support/errors.js';
import type { TensorData } from '../../../src/support/tensor.js';
import { hasCuda } from '../../support/cuda.js';
import { temporaryFolder } from '../../support/folder.js';
import { normFreeNet, overflowingNet, quarters, tinyNet } from '../../support/tinyDigits.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

const trainers: Trainer[] = [];

afterEach(async () => {
  for (const trainer of trainers.splice(0)) await trainer.close();
});

async function create(model: Model, options: TrainerOptions): Promise<Trainer> {
  const trainer = await Trainer.create(model, { seed: 1, ...options });
  trainers.push(trainer);
  return trainer;
}

const data = quarters(64);
const source = (batch: number) => new ShuffledBatches(data, { batch, seed: 1 });

async function train(trainer: Trainer, until: number, rate = 0.05): Promise<StepEvent[]> {
  const events: StepEvent[] = [];
  const steps = { until, learningRate: () => rate };
  for await (const event of trainer.run(source(trainer.images), steps)) events.push(event);
  return events;
}

/** Largest relative error over the tensors of two states. */
function farthest(a: ReadonlyMap<string, TensorData>, b: ReadonlyMap<string, TensorData>): number {
  expect([...a.keys()].toSorted()).toEqual([...b.keys()].toSorted());
  const numbers = (tensor: TensorData | undefined) => Array.from(tensor?.data ?? [], Number);
  return Math.max(
    ...[...a.keys()].map((key) => relativeError(numbers(a.get(key)), numbers(b.get(key)))),
  );
}

describe('gradient accumulation', () => {
  it('of two micro-batches is a step of one batch, dropout and all', async () => {
    const optimizer = { kind: 'sgd', momentum: 0.9 } as const;
    const shared = { optimizer, emaDecay: 0.9, maxNorm: 0.5, labelSmoothing: 0.1 };
    const whole = await create(normFreeNet(), { ...shared, batch: 8 });
    const parts = await create(normFreeNet(), { ...shared, batch: 4, accumulate: 2 });
    expect([parts.images, whole.images]).toEqual([8, 8]);
    const [wanted, found] = [await train(whole, 10), await train(parts, 10)];
    const losses = (events: readonly StepEvent[]) => events.map(({ loss }) => loss);
    expect(relativeError(losses(found), losses(wanted))).toBeLessThan(tolerances.float32);
    expect(found.map(({ accuracy }) => accuracy)).toEqual(wanted.map(({ accuracy }) => accuracy));
    expect(farthest(await parts.state(), await whole.state())).toBeLessThan(tolerances.float32);
  });
});

describe('steps that overflow in float16', () => {
  const options: TrainerOptions = {
    batch: 8,
    target: 'portable',
    device: 'cpu',
    imageFormat: 'uint8-nhwc',
  };
  const skippedOf = (events: readonly StepEvent[]) => events.map(({ skipped }) => skipped);

  it('are counted, in a resumed run on from its checkpoint', async () => {
    const folder = temporaryFolder();
    const first = await create(overflowingNet, { ...options, precision: 'float16' });
    const events = await train(first, 12, 1e-9);
    const counts = skippedOf(events).map(Number);
    const [{ skipped: last } = { skipped: undefined }] = events.slice(-1);
    expect(counts[0]).toBe(1);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(first.skipped).toBe(last);
    expect((await first.state()).get('optim.skippedSteps')?.data[0]).toBe(last);
    const path = await first.save(folder, { epoch: 0, position: 0, best: null, config: {} });
    const second = await create(overflowingNet, { ...options, precision: 'float16' });
    await second.resume(path);
    expect(second.skipped).toBe(last);
    expect(skippedOf(await train(second, 13, 1e-9))).toEqual([last]);
  });

  it('are none in float32, and not spoken of', async () => {
    const trainer = await create(overflowingNet, options);
    expect(skippedOf(await train(trainer, 2, 1e-9))).toEqual([undefined, undefined]);
    expect(trainer.skipped).toBeUndefined();
  });
});

describe('a step whose images have no weight', () => {
  it.each([1, 2])('has a loss of 0 in %i parts', async (accumulate) => {
    const trainer = await create(normFreeNet(), { batch: 8 / accumulate, accumulate });
    const weightless = {
      stepsPerEpoch: 8,
      fill: (arrays: Parameters<ShuffledBatches['fill']>[0], step: number) => {
        source(8).fill(arrays, step);
        arrays.weight.fill(0);
      },
    };
    const before = await trainer.state();
    const steps = { until: 1, learningRate: () => 0.1 };
    for await (const { loss, accuracy } of trainer.run(weightless, steps))
      expect([loss, accuracy]).toEqual([0, 0]);
    expect(await trainer.state()).toEqual(before);
  });
});

describe('a trainer', () => {
  it('learns what tells the classes apart, and evaluates by the moving average', async () => {
    const trainer = await create(tinyNet({ channels: 8 }), { batch: 16, emaDecay: 0.9, drop: 0 });
    const before = await trainer.evaluate(data);
    const events = await train(trainer, 80, 0.1);
    const after = await trainer.evaluate(data);
    expect(events.map(({ step }) => step)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
    expect(events.at(-1)?.epoch).toBe(19);
    expect(after.images).toBe(64);
    expect(after.loss).toBeLessThan(before.loss / 2);
    expect(after.accuracy).toBeGreaterThan(0.9);
    const byAverage = await trainer.predict(data);
    expect(byAverage).toHaveLength(64 * 4);
    expect(await trainer.predict(data, 'current')).not.toEqual(byAverage);
  });

  it('predicts a number of images that is no multiple of the batch', async () => {
    const trainer = await create(tinyNet(), { batch: 16 });
    const logits = await trainer.predict(quarters(37));
    const few = await trainer.predict(quarters(37).subset([36]));
    expect(logits).toHaveLength(37 * 4);
    expect(relativeError(few, logits.subarray(36 * 4))).toBeLessThan(tolerances.float32);
  });

  it('trains and predicts alike from 8-bit images', async () => {
    const options = { batch: 16, optimizer: { kind: 'sgd' } } as const;
    const float = await create(tinyNet(), options);
    const bytes = await create(tinyNet(), { ...options, imageFormat: 'uint8-nhwc' });
    for (const trainer of [float, bytes]) await train(trainer, 3);
    const [wanted, found] = [await float.predict(data), await bytes.predict(data)];
    expect(relativeError(found, wanted)).toBeLessThan(1e-4);
  });

  it('goes on where an iteration was left', async () => {
    const [once, twice] = [
      await create(tinyNet(), { batch: 8 }),
      await create(tinyNet(), { batch: 8 }),
    ];
    await train(once, 6);
    for (const last of [1, 2, 3, 4])
      for await (const { step } of twice.run(source(8), { until: 6, learningRate: () => 0.05 }))
        if (step === last) break;
    expect(twice.step).toBe(4);
    await train(twice, 6);
    expect(await twice.state()).toEqual(await once.state());
  });

  it('hands on what the source of its batches throws, and can go on', async () => {
    const trainer = await create(tinyNet(), { batch: 8 });
    const broken = {
      stepsPerEpoch: 8,
      fill: (arrays: Parameters<ShuffledBatches['fill']>[0], step: number) => {
        if (step === 2) throw new GradusError('image 7 is damaged', { code: 'damaged' });
        source(8).fill(arrays, step);
      },
    };
    const run = async (): Promise<void> => {
      for await (const { step } of trainer.run(broken, { until: 9, learningRate: () => 0.1 }))
        expect(step).toBeLessThan(3);
    };
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(run()).rejects.toThrow('image 7 is damaged');
    expect(await train(trainer, 5)).toHaveLength(3);
  });

  it.skipIf(hasCuda)(
    'refuses a device that it cannot train on, rather than taking another',
    async () => {
      const error = await create(tinyNet(), { batch: 8, device: 'cuda' }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(DeviceError);
      expect(error).toMatchObject({ code: 'device-unusable' });
      expect(String(error)).toContain('cuda cannot be used here: ');
    },
  );

  it('takes several steps in one run, with the events and the state of single steps', async () => {
    const [single, several] = [
      await create(tinyNet(), { batch: 8, device: 'cpu' }),
      await create(tinyNet(), { batch: 8, device: 'cpu', stepsPerRun: 4 }),
    ];
    expect(several.manifest.artifacts.train?.steps).toBe(4);
    const losses = async (trainer: Trainer): Promise<number[][]> => {
      const stops = { stopsAfter: (step: number) => step === 3 };
      const seen: number[][] = [];
      for await (const { step, loss } of trainer.run(source(8), {
        until: 9,
        learningRate: () => 0.1,
        ...stops,
      }))
        seen.push([step, loss]);
      return seen;
    };
    expect(await losses(several)).toEqual(await losses(single));
    expect(await several.state()).toEqual(await single.state());
  });

  it('stops an evaluation between two batches', async () => {
    const trainer = await create(tinyNet(), { batch: 8 });
    const controller = new AbortController();
    let seen = 0;
    const source = arraySource(data, { name: 'data', classNames: ['a', 'b', 'c', 'd'] });
    const images: ImageSource = {
      ...source,
      fingerprint: '',
      async *batches(indices, layout) {
        for await (const batch of source.batches(indices, layout)) {
          seen += batch.indices.length;
          if (seen > 8) controller.abort();
          yield batch;
        }
      },
    };
    const evaluation = trainer.evaluate(images, controller.signal);
    await expect(evaluation).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toBe(16);
    expect((await trainer.evaluate(data)).images).toBe(64);
  });
});
