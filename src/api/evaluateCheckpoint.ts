import { cleanImages } from '../data/cleanImages.js';
import { LoaderPool } from '../data/loaderPool.js';
import { UnreadableImages } from '../data/unreadable.js';
import { readCheckpointState, resolveCheckpoint } from '../runtime/checkpoint.js';
import { ConfigError } from '../support/errors.js';
import { parseTrainingConfig } from './config.js';
import { resolveDevice, type DeviceName } from './device.js';
import { modelPath } from './loadModel.js';
import { folderOfRun, trainerOptions } from './trainFromConfig.js';
import { classesOf, openTrainingSets, unreadableOf } from './trainingData.js';
import { Trainer } from './trainer.js';

export interface EvaluateOptions {
  readonly batch?: number | undefined;
  readonly threads?: number | undefined;
  readonly device?: DeviceName | undefined;
  /** Aborted: the evaluation throws its reason between two batches. */
  readonly signal?: AbortSignal | undefined;
}

/** Evaluates a checkpoint, or a run's best, on the test set of the config that it was trained with. */
export async function evaluateCheckpoint(path: string, options: EvaluateOptions = {}) {
  const start = performance.now();
  if (options.device !== undefined) resolveDevice(options.device);
  const checkpoint = resolveCheckpoint(path);
  const { config: saved, step } = readCheckpointState(checkpoint);
  const config = parseTrainingConfig(saved, checkpoint);
  const configFolder = folderOfRun(checkpoint);
  const { training, test } = await openTrainingSets(config, configFolder);
  if (!test) throw noTestSet(checkpoint);
  const pool = new LoaderPool();
  const unreadable = new UnreadableImages({ limit: unreadableOf(config) });
  const trainer = await Trainer.create(modelPath(config.model, configFolder), {
    ...trainerOptions(config, classesOf(config, training)),
    batch: options.batch ?? config.batch,
    threads: options.threads ?? config.threads,
    device: options.device ?? config.device,
  });
  try {
    await trainer.resume(checkpoint);
    const result = await trainer.evaluate(cleanImages(test, { pool, unreadable }), options.signal);
    return {
      ...result,
      checkpoint,
      name: config.name,
      step,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await trainer.close();
    await pool.close();
  }
}

function noTestSet(checkpoint: string): ConfigError {
  return new ConfigError(`the config of ${checkpoint} names no test set`, {
    code: 'no-test-set',
    where: checkpoint,
    hint: 'give data.test in the config of a run',
  });
}
