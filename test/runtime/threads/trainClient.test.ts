import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../../src/runtime/storage/checkpoint.js';
import { onnxruntimeNode } from '../../../src/runtime/executors/onnxruntimeNode.js';
import { createTrainRunner } from '../../../src/runtime/engine/stepLoop.js';
import { TrainClient } from '../../../src/runtime/threads/trainClient.js';
import type { TrainSetup } from '../../../src/runtime/threads/trainProtocol.js';
import { ArtifactError, DeviceError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';
import { tinyTraining } from '../../support/tinyTraining.js';

const clients: TrainClient[] = [];

async function start(extra: Partial<TrainSetup> = {}): Promise<TrainClient> {
  const { manifest, artifacts, initial } = tinyTraining(4);
  const client = await TrainClient.start({ manifest, artifacts, seed: 5, ...extra });
  clients.push(client);
  if (client.images > 0) await client.initialize(initial);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.stop();
});

function fill(image: Float32Array | Uint8Array, target: Float32Array, step: number): void {
  for (const i of image.keys()) image[i] = Math.sin(i + step);
  for (const i of target.keys()) target[i] = Math.cos(i * step);
}

async function train(client: TrainClient, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++) {
    const batch = await client.batch();
    fill(batch.image, batch.target, step);
    batch.weight.fill(1);
    losses.push((await client.step(batch, { step })).loss);
  }
  return losses;
}

const meta = (step: number) => {
  return {
    step,
    epoch: 0,
    position: 0,
    seed: 5,
    config: {},
    architectureHash: 'tiny-1',
    best: null,
  };
};

describe('a training worker', () => {
  it('gives the numbers of the same steps in this thread', async () => {
    const { manifest, artifacts, initial } = tinyTraining(4);
    const executor = onnxruntimeNode();
    const session = await executor.create(artifacts.train);
    const runner = await createTrainRunner(manifest, session, { executor, seed: 5 });
    await runner.buffers.initialize(initial);
    const here: number[] = [];
    for (let step = 0; step < 4; step++) {
      const batch = {
        image: new Float32Array(16),
        target: new Float32Array(8),
        weight: new Float32Array(4).fill(1),
      };
      fill(batch.image, batch.target, step);
      here.push((await runner.run(batch, { step })).loss);
    }
    expect(await train(await start(), 0, 4)).toEqual(here);
  });

  it('lends two batches, so that one can be filled while the other runs', async () => {
    const client = await start();
    const [first, second] = [await client.batch(), await client.batch()];
    expect(second.image.buffer).not.toBe(first.image.buffer);
    let third = false;
    const waiting = client.batch().then((batch) => {
      third = true;
      return batch;
    });
    first.weight.fill(1);
    second.weight.fill(1);
    const steps = [client.step(first, { step: 0 }), client.step(second, { step: 1 })];
    expect(third).toBe(false);
    expect(await waiting).toBe(first);
    await Promise.all(steps);
    client.giveBack(await waiting);
  });

  it('continues bit for bit from a checkpoint it wrote', async () => {
    const folder = temporaryFolder();
    const client = await start();
    await train(client, 0, 3);
    const path = await client.save(folder, meta(3));
    const rest = await train(client, 3, 6);
    const end = await client.save(folder, meta(6));
    const other = await start();
    expect(await other.resume(path)).toMatchObject({ step: 3, seed: 5 });
    expect(await train(other, 3, 6)).toEqual(rest);
    expect(await other.state()).toEqual(loadCheckpoint(end).tensors);
  });

  it('accumulates gradients where it is told so', async () => {
    const { manifest, artifacts, initial } = tinyTraining(2);
    const client = await start({ manifest, artifacts, accumulate: 2 });
    await client.initialize(initial);
    expect(client.images).toBe(4);
    const [accumulated, whole] = [await train(client, 0, 4), await train(await start(), 0, 4)];
    accumulated.forEach((loss, i) => expect(loss).toBeCloseTo(whole[i] ?? NaN, 5));
  });

  it('infers with the weights of the moment or their averages', async () => {
    const client = await start();
    await train(client, 0, 2);
    const state = await client.state();
    const arrays = await client.inferArrays();
    arrays.image.fill(0).set([1, 0, 0, 0]);
    for (const [kind, key] of [
      ['current', 'w'],
      ['ema', 'ema.w'],
    ] as const) {
      await client.infer(arrays, kind);
      const weights = Array.from<number | bigint, number>(state.get(key)?.data ?? [], Number);
      expect([...arrays.logits.subarray(0, 2)]).toEqual(weights.slice(0, 2));
    }
    client.giveBackInfer(arrays);
  });

  it('passes errors of its thread on, with their class and hint', async () => {
    const { artifacts } = tinyTraining(4);
    const truncated = artifacts.train.subarray(0, 100);
    await expect(start({ artifacts: { train: truncated } })).rejects.toThrow(ArtifactError);
    const failing = start({ session: { providers: ['metal'] } });
    await expect(failing).rejects.toThrow(DeviceError);
    await expect(failing).rejects.toMatchObject({ hint: expect.stringMatching(/has: cpu/) });
    const client = await start();
    const batch = await client.batch();
    await expect(client.step(batch, { step: 0, hypers: { lr: 1 } })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'hyper-unknown',
    });
    await expect(client.resume(temporaryFolder())).rejects.toThrow(/state\.json does not exist/);
    expect(await train(client, 0, 1)).toHaveLength(1);
  });

  it('reads artifacts from files and names the one that is damaged', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'train.onnx');
    const { artifacts } = tinyTraining(4);
    writeFileSync(path, artifacts.train);
    expect(await train(await start({ artifacts: { train: path } }), 0, 1)).toHaveLength(1);
    writeFileSync(path, artifacts.train.subarray(0, 200));
    await expect(start({ artifacts: { train: path } })).rejects.toThrow(path);
  });

  it('leaves this thread free while it runs, and ends when told', async () => {
    const client = await start();
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    await train(client, 0, 100);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
    await client.stop();
    await client.stop();
    await expect(client.state()).rejects.toMatchObject({ code: 'worker-ended' });
  });
});
