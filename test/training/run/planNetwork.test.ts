import { expect, it, onTestFinished } from 'vitest';
import {
  networkKeys,
  parseTrainingConfig,
  type NetworkConfig,
} from '../../../src/training/config/config.js';
import {
  labelledBatches,
  planNetwork,
  secondPhase,
  traceNetwork,
  type NetworkToTrain,
  type PlanContext,
} from '../../../src/training/run/planNetwork.js';
import { cleanImages } from '../../../src/data/loader/cleanImages.js';
import { LoaderPool } from '../../../src/data/loader/loaderPool.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import { loadModel } from '../../../src/language/frontend/loadModel.js';
import { tinyNet } from '../../support/tinyDigits.js';
import { quarterImages } from '../../support/tinySelfTraining.js';

/** Paths, which a run resolves against the folder of its config before it plans. */
const paths = ['model', 'init'];

it('A plan takes in every key of a config, so that a new one cannot be forgotten on any path', async () => {
  const config = parseTrainingConfig(
    {
      ...{ name: 'all', model: 'tiny', data: { labelled: 'a' }, epochs: 2, batch: 5 },
      optimizer: { kind: 'sgd' },
      fixResolution: { size: 12 },
    },
    'c',
  );
  const read = new Set<string>();
  const watched: NetworkConfig = new Proxy(config, {
    get(target, key, receiver): unknown {
      read.add(String(key));
      return Reflect.get(target, key, receiver);
    },
  });
  const model = tinyNet();
  const { network: _traced, ...seen } = traceNetwork(await loadModel(model), watched, 4);
  const pool = new LoaderPool({ workers: 1 });
  onTestFinished(() => pool.close());
  const unreadable = new UnreadableImages({ limit: 0 });
  const labelled = quarterImages(15, 6);
  const network: NetworkToTrain = {
    ...{ config: watched, title: 'all', folder: 'all', stream: 'train', seed: 1, model, ...seen },
    ...{ labelled, validation: cleanImages(labelled, { pool, unreadable }), record: {} },
  };
  const context: PlanContext = {
    ...{ validationEvery: 1, device: 'cpu', runsOn: 'cpu', pool, unreadable },
  };
  const source = labelledBatches(network, context, { name: 'train' });
  const first = planNetwork(network, context, { source });
  expect(first).toMatchObject({ steps: 6, evaluateEvery: 3, trainer: { batch: 5, classes: 4 } });
  const second = secondPhase(network, context, { first, checkpoint: 'none' });
  expect(second).toMatchObject({ batch: 5, fix: { size: 12 }, evaluateEvery: 3 });
  const untaken = Object.keys(networkKeys).filter((key) => !read.has(key));
  expect(untaken).toEqual(paths);
});
