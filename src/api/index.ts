/** The public API but for self-training: the language, the compiler and the trainer. */
export * from '../nn/index.js';
export { compileModel, type CompileModelOptions, type CompileResult } from './compileModel.js';
export {
  defineTraining,
  type ModelChoice,
  type TrainingConfig,
  type TrainingConfigInput,
} from './config.js';
export type { ModelName } from '../models/index.js';
export type { WrittenTraining, WrittenSelfTraining } from '../../generated/config.js';
export { runTraining, type TrainingEvent, type TrainingPlan } from './runTraining.js';
export { exportModel, type ExportOptions, type ExportResult } from './exportModel.js';
export { importWeights, type ImportOptions, type ImportResult } from './importWeights.js';
export {
  evaluateCheckpoint,
  type EvaluateCheckpointOptions,
  type EvaluationReport,
} from './evaluateCheckpoint.js';
export { evaluateClean, type EvaluateOptions, type NetworkEvaluation } from './evaluateNetwork.js';
export { openLabelledSet } from './imageSets.js';
export { Labeller, type LabellerOptions } from './labeller.js';
export { monteCarlo, type MonteCarloOptions, type MonteCarloResult } from './monteCarlo.js';
export {
  corruptionErrors,
  flipRates,
  type CorruptionErrors,
  type FlipRates,
} from './robustness.js';
export { trainFromConfig } from './trainFromConfig.js';
export {
  Trainer,
  type BatchSource,
  type EvaluationImages,
  type StepEvent,
  type TrainerOptions,
} from './trainer.js';
export { randomAffine, type AffineRange } from '../augment/affine.js';
export { ShuffledBatches, type Augment } from '../data/batches.js';
export { cleanImages, type CleanImagesOptions } from '../data/cleanImages.js';
export { LoaderPool, type LoaderPoolOptions } from '../data/loaderPool.js';
export { UnreadableImages } from '../data/unreadable.js';
export { ArrayDataset, type ArrayDatasetOptions } from '../data/dataset.js';
export { mnist, type Mnist } from '../data/mnist.js';
export type { Manifest } from '../artifacts/manifest.js';
export { compile, type Compiled, type CompileOptions } from '../compiler/compile.js';
export {
  adamw,
  rmspropTf,
  sgd,
  type AdamwConfig,
  type AdamwOptions,
  type Optimizer,
  type OptimizerChoice,
  type OptimizerConfig,
  type RmspropTfConfig,
  type RmspropTfOptions,
  type SgdConfig,
  type SgdOptions,
} from '../optim/index.js';
export {
  arraySource,
  range,
  type ImageBatch,
  type ImageLayout,
  type ImageSource,
} from '../data/imageSource.js';
export type { Images, LabelledImages, PackedPixels } from '../data/images.js';
export {
  predictImages,
  type PredictOptions,
  type PredictReport,
  type PredictedClass,
} from './predictImages.js';
export * from '../support/errors.js';
export type * from './publicTypes.js';
