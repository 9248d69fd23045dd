import { beforeAll, describe, expect, it } from 'vitest';
import type { BatchArrays } from '../../../src/runtime/engine/batchArrays.js';
import { NoiseSource } from '../../../src/runtime/engine/noise.js';
import { onnxruntimeNode } from '../../../src/runtime/executors/onnxruntimeNode.js';
import type { StepRunner } from '../../../src/runtime/engine/step.js';
import { createAccumulateRunner, createTrainRunner } from '../../../src/runtime/engine/stepLoop.js';
import { uniform } from '../../../src/support/random.js';
import { tensorData, type TensorData } from '../../../src/support/tensor.js';
import { stateOf } from '../../support/tinySteps.js';
import { tiny, tinyTraining } from '../../support/tinyTraining.js';

const seed = 11;
const executor = onnxruntimeNode();

function batchOf(images: number, step: number): BatchArrays {
  const draw = (count: number, site: number) =>
    Float32Array.from(uniform(count, 3, { site, step, sample: 0 }));
  return { image: draw(images * 4, 1), target: draw(images * 2, 2), weight: draw(images, 3) };
}

async function trainRunner(batch: number | 'dynamic', images?: number): Promise<StepRunner> {
  const { manifest, artifacts, initial } = tinyTraining(batch);
  const session = await executor.create(artifacts.train);
  const runner = await createTrainRunner(manifest, session, { executor, seed, batch: images });
  await runner.buffers.initialize(initial);
  return runner;
}

async function accumulateRunner(batch: number, count: number): Promise<StepRunner> {
  const { manifest, artifacts, initial } = tinyTraining(batch);
  const sessions = {
    grad: await executor.create(artifacts.grad),
    update: await executor.create(artifacts.update),
  };
  const runner = await createAccumulateRunner(manifest, sessions, count, { executor, seed });
  await runner.buffers.initialize(initial);
  return runner;
}

/** The model of tinyTraining in plain numbers. */
class Oracle {
  w = [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8];
  v = new Array<number>(8).fill(0);
  ema = [...this.w];

  step({ image, target, weight }: BatchArrays, step: number, rate: number): number {
    const rows = weight.length;
    const mask = new Float32Array(rows);
    const info = tinyTraining(rows).manifest.artifacts.train?.inputs.find(
      ({ role }) => role === 'noise',
    );
    if (!info) throw new TypeError('a noise input');
    new NoiseSource(info, mask, rows).fill({ seed, step, sampleOffset: 0 });
    const grad = new Array<number>(8).fill(0);
    let [loss, sum] = [0, 0];
    for (let row = 0; row < rows; row++) {
      const scale = (mask[row] ?? 0) / tiny.survival;
      const x = Array.from({ length: 4 }, (_, i) => (image[row * 4 + i] ?? 0) * scale);
      const share = weight[row] ?? 0;
      sum += share;
      for (let c = 0; c < 2; c++) {
        const logit = x.reduce((total, value, i) => total + value * (this.w[i * 2 + c] ?? 0), 0);
        const difference = logit - (target[row * 2 + c] ?? 0);
        loss += share * difference ** 2;
        for (let i = 0; i < 4; i++)
          grad[i * 2 + c] = (grad[i * 2 + c] ?? 0) + 2 * share * difference * (x[i] ?? 0);
      }
    }
    this.v = this.v.map((v, i) => 0.9 * v + (grad[i] ?? 0) / sum);
    this.w = this.w.map((w, i) => w - rate * (this.v[i] ?? 0));
    this.ema = this.ema.map((e, i) => 0.5 * e + 0.5 * (this.w[i] ?? 0));
    return loss / sum;
  }
}

function numbers(tensor: TensorData | undefined): number[] {
  return Array.from<number | bigint, number>(tensor?.data ?? [], Number);
}

async function runSteps(runner: StepRunner, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++)
    losses.push((await runner.run(batchOf(runner.images, step), { step })).loss);
  return losses;
}

describe('a train artifact', () => {
  it('steps as the model says, with its parameters, state and averages fed back', async () => {
    const runner = await trainRunner(3);
    const oracle = new Oracle();
    for (let step = 0; step < 6; step++) {
      const batch = batchOf(3, step);
      const rate = step < 3 ? 0.1 : 0.02;
      const request = step < 3 ? { step } : { step, hypers: { learning_rate: rate } };
      const { loss, metrics } = await runner.run(batch, request);
      expect(loss).toBeCloseTo(oracle.step(batch, step, rate), 5);
      expect(metrics['scale']).toBeCloseTo(
        batch.weight.reduce((a, b) => a + b, 0),
        5,
      );
    }
    const state = await runner.buffers.state();
    const close = (key: string, wanted: readonly number[]) =>
      numbers(state.get(key)).forEach((value, i) => expect(value).toBeCloseTo(wanted[i] ?? NaN, 5));
    close('w', oracle.w);
    close('optim.momentum.w', oracle.v);
    close('ema.w', oracle.ema);
    expect([...state.keys()].sort()).toEqual(['ema.w', 'mean', 'optim.momentum.w', 'w']);
  });

  it('writes into two sets of tensors that take turns', async () => {
    const runner = await trainRunner(2);
    const arrays: unknown[] = [];
    for (let step = 0; step < 4; step++) {
      arrays.push((await runner.buffers.state()).get('w')?.data);
      await runner.run(batchOf(2, step), { step });
    }
    expect(arrays[2]).toBe(arrays[0]);
    expect(arrays[3]).toBe(arrays[1]);
    expect(arrays[1]).not.toBe(arrays[0]);
  });

  it('goes on bit for bit from a saved state', async () => {
    const whole = await trainRunner(3);
    await runSteps(whole, 0, 4);
    const middle = await stateOf(whole);
    const rest = await runSteps(whole, 4, 8);
    const resumed = await trainRunner(3);
    await resumed.buffers.load(middle);
    expect(await runSteps(resumed, 4, 8)).toEqual(rest);
    expect(await stateOf(resumed)).toEqual(await stateOf(whole));
  });

  it('compiled for any batch runs the one that is asked for', async () => {
    const [fixed, dynamic] = [await trainRunner(3), await trainRunner('dynamic', 3)];
    expect(await runSteps(dynamic, 0, 3)).toEqual(await runSteps(fixed, 0, 3));
    await expect(trainRunner('dynamic')).rejects.toThrow(/compiled for a dynamic batch/);
    await expect(trainRunner(4, 8)).rejects.toThrow(/compiled for batches of 4, not 8/);
  });

  it('is unchanged by a step that fails', async () => {
    const runner = await trainRunner(2);
    const before = await stateOf(runner);
    await expect(runner.run(batchOf(2, 0), { step: 0, hypers: { lr: 1 } })).rejects.toMatchObject({
      code: 'hyper-unknown',
      hint: 'known: learning_rate',
    });
    await expect(runner.run(batchOf(1, 0), { step: 0 })).rejects.toThrow(/values into/);
    expect(await stateOf(runner)).toEqual(before);
  });
});

describe('the state', () => {
  it('is refused where tensors are missing or of another shape, and then unchanged', async () => {
    const runner = await trainRunner(2);
    const before = await stateOf(runner);
    const load = async (tensors: ReadonlyMap<string, TensorData>) => runner.buffers.load(tensors);
    const weights = new Map([...before].filter(([key]) => !key.startsWith('optim')));
    await expect(load(weights)).rejects.toThrow(/does not have optim\.momentum\.w/);
    const wrong = await stateOf(runner);
    wrong.set('ema.w', tensorData('float32', [8], new Array(8).fill(1)));
    wrong.set('w', tensorData('float32', [4, 2], new Array(8).fill(9)));
    await expect(load(wrong)).rejects.toThrow(/ema\.w is float32 \[8\], the model needs .*\[4,2\]/);
    expect(await stateOf(runner)).toEqual(before);
  });

  it('starts averages as copies and momentum at zero', async () => {
    const state = await stateOf(await trainRunner(2));
    expect(numbers(state.get('ema.w'))).toEqual(numbers(state.get('w')));
    expect(numbers(state.get('optim.momentum.w'))).toEqual(new Array(8).fill(0));
  });
});

describe('gradient accumulation', () => {
  let whole: StepRunner;
  let parts: StepRunner;
  beforeAll(async () => {
    whole = await trainRunner(6);
    parts = await accumulateRunner(2, 3);
  });

  it('over micro-batches is the whole batch, noise and unequal weights included', async () => {
    expect(parts.images).toBe(6);
    for (let step = 0; step < 5; step++) {
      const batch = batchOf(6, step);
      const [a, b] = [await whole.run(batch, { step }), await parts.run(batch, { step })];
      expect(b.loss).toBeCloseTo(a.loss, 5);
    }
    const [ofWhole, ofParts] = [await stateOf(whole), await stateOf(parts)];
    for (const key of ['w', 'ema.w', 'optim.momentum.w']) {
      const [a, b] = [ofWhole, ofParts].map((state) => numbers(state.get(key)));
      b?.forEach((value, i) => expect(value).toBeCloseTo(a?.[i] ?? NaN, 5));
    }
  });

  it('passes batch statistics from one micro-batch to the next', async () => {
    const runner = await accumulateRunner(1, 2);
    const batch = batchOf(2, 0);
    await runner.run(batch, { step: 0 });
    const single = await accumulateRunner(1, 1);
    const row = (i: number): BatchArrays => {
      return {
        image: batch.image.subarray(i * 4, i * 4 + 4),
        target: batch.target.subarray(i * 2, i * 2 + 2),
        weight: batch.weight.subarray(i, i + 1),
      };
    };
    await single.run(row(0), { step: 0 });
    await single.run(row(1), { step: 0, sampleOffset: 1 });
    expect((await stateOf(runner)).get('mean')).toEqual((await stateOf(single)).get('mean'));
  });
});
