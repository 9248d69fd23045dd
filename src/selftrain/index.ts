/** The whole public API: that of single networks, and self-training. */
import type { SelfTrainingConfig } from './loop/config.js';
import type { SelfTrainOptions, SelfTrainResult } from './loop/selfTrain.js';

export * from '../api/index.js';
export {
  defineSelfTraining,
  parseSelfTrainingConfig,
  type SelfTrainingConfig,
  type SelfTrainingConfigInput,
} from './loop/config.js';
export type { SelfTrainOptions, SelfTrainResult } from './loop/selfTrain.js';
export type { FilterProgress } from './choose/filter.js';
export type { LabelProgress } from './labels/label.js';
export type { KeptLabels } from './loop/labelStages.js';
export type { PipelineControl, SelfTrainingEvent } from './loop/runStages.js';
export type { Stopped as StoppedSelfTraining } from './loop/selfTrain.js';
export type { NetworkComparison, NetworkSummary } from './loop/summary.js';
export type { AccuracyDifference } from './loop/testImages.js';
export type { TestResult as SelfTrainingTest } from './loop/testNetwork.js';
export type { SelfTrainingSets } from './loop/sets.js';
export type { SelfTrainingSummary } from './loop/summary.js';

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
