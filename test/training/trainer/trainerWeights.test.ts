import { afterEach, describe, expect, it } from 'vitest';
import { StoredWeights } from '../../../src/training/weights/storedWeights.js';
import { Trainer, type TrainerOptions } from '../../../src/training/trainer/trainer.js';
import { ShuffledBatches } from '../../../src/data/loader/batches.js';
import type { Model } from '../../../src/language/nn/index.js';
import { openCheckpoint } from '../../../src/runtime/storage/checkpoint.js';
import type { TensorData } from '../../../src/support/tensor.js';
import { temporaryFolder } from '../../support/folder.js';
import { quarters, tinyNet } from '../../support/tinyDigits.js';

const trainers: Trainer[] = [];

afterEach(async () => {
  for (const trainer of trainers.splice(0)) await trainer.close();
});

async function create(model: Model, options: TrainerOptions): Promise<Trainer> {
  const trainer = await Trainer.create(model, { seed: 1, threads: 1, ...options });
  trainers.push(trainer);
  return trainer;
}

const data = quarters(32);

async function train(trainer: Trainer, until: number): Promise<void> {
  const source = new ShuffledBatches(data, { batch: trainer.images, seed: 1 });
  for await (const { step } of trainer.run(source, { until, learningRate: () => 0.05 }))
    expect(step).toBeLessThanOrEqual(until);
}

/** The tensors of a state that belong to `stem` and `bn`, of which `frozen` trainers keep hold. */
const freeze = ['stem', 'bn'];
function ofFrozen(state: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  return new Map([...state].filter(([key]) => /^(ema\.|optim\.\w+\.)?(stem|bn)\./.test(key)));
}

const averaging = {
  batch: 8,
  emaDecay: 0.9,
  optimizer: { kind: 'sgd', weightDecay: 0.1 },
} as const;
const meta = { epoch: 0, position: 0, best: null, config: {} };

describe('frozen parameters', () => {
  it.each([1, 2])('stay as they are to the bit, in %i parts', async (accumulate) => {
    const trainer = await create(tinyNet(), { ...averaging, accumulate, freeze });
    const before = await trainer.state();
    await train(trainer, 5);
    const after = await trainer.state();
    expect([...ofFrozen(after).keys()].toSorted()).toEqual([
      'bn.bias',
      'bn.running_mean',
      'bn.running_var',
      'bn.weight',
      'stem.weight',
    ]);
    expect(ofFrozen(after)).toEqual(ofFrozen(before));
    expect(after.get('block.conv_pw.weight')).not.toEqual(before.get('block.conv_pw.weight'));
    expect(after.get('ema.block.conv_pw.weight')).not.toEqual(after.get('block.conv_pw.weight'));
  });

  it('are in a checkpoint, from which a run goes on and weights are read', async () => {
    const folder = temporaryFolder();
    const once = await create(tinyNet(), { ...averaging, freeze });
    await train(once, 3);
    const path = await once.save(folder, meta);
    const twice = await create(tinyNet(), { ...averaging, freeze });
    await twice.resume(path);
    for (const trainer of [once, twice]) await train(trainer, 6);
    expect(await twice.state()).toEqual(await once.state());
    const checkpoint = openCheckpoint(path);
    const weights = new StoredWeights(checkpoint, 'ema');
    expect(weights.keys().toSorted()).toEqual(
      once.manifest.params.map(({ name }) => name).toSorted(),
    );
    expect(weights.get('stem.weight')).toEqual(checkpoint.tensors.read('stem.weight'));
    expect(weights.get('block.conv_pw.weight')).toEqual(
      checkpoint.tensors.read('ema.block.conv_pw.weight'),
    );
    checkpoint.tensors.close();
  });

  it('of a checkpoint that trained them are no reason to resume it without', async () => {
    const frozen = await create(tinyNet(), { ...averaging, freeze });
    const path = await frozen.save(temporaryFolder(), meta);
    const all = await create(tinyNet(), averaging);
    await expect(all.resume(path)).rejects.toThrow(
      expect.objectContaining({
        code: 'state-missing',
        hint: expect.stringContaining('with other frozen parameters') as string,
      }),
    );
  });
});

describe('weights to start from', () => {
  it('are the moving average, with an optimizer that has done nothing yet', async () => {
    const first = await create(tinyNet(), averaging);
    await train(first, 5);
    const path = await first.save(temporaryFolder(), meta);
    const second = await create(tinyNet(), averaging);
    const fresh = await second.state();
    await second.startFrom(path);
    expect(second.step).toBe(0);
    expect(await second.predict(data, 'current')).toEqual(await first.predict(data, 'ema'));
    const [before, after] = [await first.state(), await second.state()];
    for (const { name, kind } of second.manifest.params) {
      expect(after.get(name)?.data, name).toEqual(before.get(`ema.${name}`)?.data);
      expect(after.get(`ema.${name}`)?.data, name).toEqual(before.get(`ema.${name}`)?.data);
      const momentum = `optim.momentum.${name}`;
      if (kind === 'param') expect(after.get(momentum)).toEqual(fresh.get(momentum));
    }
  });

  it('are the weights themselves where no average was kept', async () => {
    const first = await create(tinyNet(), { batch: 8 });
    await train(first, 2);
    const path = await first.save(temporaryFolder(), meta);
    const second = await create(tinyNet(), averaging);
    await second.startFrom(path);
    expect(await second.predict(data)).toEqual(await first.predict(data));
  });

  it('fit a network for another image size, and other noise', async () => {
    const first = await create(tinyNet(), averaging);
    await train(first, 2);
    const path = await first.save(temporaryFolder(), meta);
    const larger = await create(tinyNet(), { ...averaging, size: 12, drop: 0, dropPath: 0 });
    await larger.startFrom(path);
    expect(larger.manifest.image).toEqual([1, 12, 12]);
    const [before, after] = [await first.state(), await larger.state()];
    expect(after.get('stem.weight')?.data).toEqual(before.get('ema.stem.weight')?.data);
  });

  it('of another architecture are refused by the first parameters that differ', async () => {
    const first = await create(tinyNet({ channels: 6, name: 'wider-net' }), averaging);
    const path = await first.save(temporaryFolder(), meta);
    const second = await create(tinyNet(), averaging);
    const before = await second.state();
    await expect(second.startFrom(path)).rejects.toThrow(
      /is a checkpoint of another architecture than tiny-net:\n {2}stem.weight: \[6,1,3,3\] in the checkpoint, \[4,1,3,3\] in the model/,
    );
    expect(await second.state()).toEqual(before);
    await expect(second.startFrom(temporaryFolder())).rejects.toThrow(/contains no checkpoint/);
  });
});
