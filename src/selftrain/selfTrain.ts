import type { SelfTrainingConfig } from './loop/config.js';
import type { SelfTrainOptions, SelfTrainResult } from './loop/selfTrain.js';

/**
 * Runs a config's self-training and writes summary.json and summary.svg. What an earlier call finished in the
 * run's folder is not done again, so that a killed run continues where it was. Its code is loaded at the
 * first call: who compiles or trains one network need not wait for it.
 */
export async function selfTrain(
  config: SelfTrainingConfig,
  options: SelfTrainOptions,
): Promise<SelfTrainResult> {
  const module = await import('./loop/selfTrain.js');
  return module.selfTrain(config, options);
}
