/** The whole public API: that of single networks, and self-training. */
export * from '../api/index.js';
export {
  defineSelfTraining,
  type SelfTrainingConfig,
  type SelfTrainingConfigInput,
} from './config.js';
