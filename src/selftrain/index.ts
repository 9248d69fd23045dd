/** The whole public API: that of single networks, and self-training. */
export * from '../api/index.js';
export {
  defineSelfTraining,
  parseSelfTrainingConfig,
  type SelfTrainingConfig,
  type SelfTrainingConfigInput,
} from './config.js';
export { selfTrain, type SelfTrainOptions, type SelfTrainResult } from './selfTrain.js';
export type { SelfTrainingSets } from './sets.js';
export type { SelfTrainingSummary } from './summary.js';
