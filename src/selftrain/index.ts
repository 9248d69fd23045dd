/** The whole public API: that of single networks, and self-training. */
import type { SelfTrainingConfig } from './config.js';
import type { SelfTrainOptions, SelfTrainResult } from './selfTrain.js';

export * from '../api/index.js';
export {
  defineSelfTraining,
  parseSelfTrainingConfig,
  type SelfTrainingConfig,
  type SelfTrainingConfigInput,
} from './config.js';
export type { SelfTrainOptions, SelfTrainResult } from './selfTrain.js';
export type { FilterProgress } from './filter.js';
export type { LabelProgress } from './label.js';
export type { KeptLabels } from './labelStages.js';
export type { PipelineControl, SelfTrainingEvent } from './runStages.js';
export type { Stopped as StoppedSelfTraining } from './selfTrain.js';
export type { NetworkComparison, NetworkSummary } from './summary.js';
export type { AccuracyDifference } from './testImages.js';
export type { TestResult as SelfTrainingTest } from './testNetwork.js';
export type { SelfTrainingSets } from './sets.js';
export type { SelfTrainingSummary } from './summary.js';

/**
 * Runs a config's self-training and writes summary.json and summary.svg. What an earlier call finished in the
 * run's folder is not done again, so that a killed run continues where it was. Its code is loaded at the
 * first call: who compiles or trains one network need not wait for it.
 */
export async function selfTrain(
  config: SelfTrainingConfig,
  options: SelfTrainOptions,
): Promise<SelfTrainResult> {
  const module = await import('./selfTrain.js');
  return module.selfTrain(config, options);
}
