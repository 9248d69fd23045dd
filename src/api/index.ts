/** The public API but for self-training: the language, the compiler and the trainer. */
export * from '../language/nn/index.js';
export { compileModel, type CompileModelOptions, type CompileResult } from '../training/build/compileModel.js';
export {
  defineTraining,
  type ModelChoice,
  type TrainingConfig,
  type TrainingConfigInput,
} from '../training/config/config.js';
export type { ModelName } from '../language/models/index.js';
export type { WrittenTraining, WrittenSelfTraining } from '../../generated/config.js';
export { runTraining, type TrainingEvent, type TrainingPlan } from '../training/run/runTraining.js';
export { exportModel, type ExportOptions, type ExportResult } from '../training/weights/exportModel.js';
export { importWeights, type ImportOptions, type ImportResult } from '../training/weights/importWeights.js';
export {
  evaluateCheckpoint,
  type EvaluateCheckpointOptions,
  type EvaluationReport,
} from '../training/evaluation/evaluateCheckpoint.js';
export { evaluateClean, type EvaluateOptions, type NetworkEvaluation } from '../training/evaluation/evaluateNetwork.js';
export { openLabelledSet } from '../data/datasets/openSets.js';
export { Labeller, type LabellerOptions } from '../training/labelling/labeller.js';
export { monteCarlo, type MonteCarloOptions, type MonteCarloResult } from '../training/evaluation/monteCarlo.js';
export {
  corruptionErrors,
  flipRates,
  type CorruptionErrors,
  type FlipRates,
} from '../training/evaluation/robustness.js';
export { trainFromConfig } from '../training/run/trainFromConfig.js';
export {
  Trainer,
  type BatchSource,
  type EvaluationImages,
  type StepEvent,
  type TrainerOptions,
} from '../training/trainer/trainer.js';
export { randomAffine, type AffineRange } from '../data/augment/affine.js';
export { ShuffledBatches, type Augment } from '../data/loader/batches.js';
export { cleanImages, type CleanImagesOptions } from '../data/loader/cleanImages.js';
export { LoaderPool, type LoaderPoolOptions } from '../data/loader/loaderPool.js';
export { UnreadableImages } from '../data/loader/unreadable.js';
export { ArrayDataset, type ArrayDatasetOptions } from '../data/loader/dataset.js';
export { mnist, type Mnist } from '../data/datasets/mnist.js';
export type { Manifest } from '../contract/manifest.js';
export { compile, type Compiled, type CompileOptions } from '../compiler/compile/compile.js';
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
} from '../compiler/optim/index.js';
export {
  arraySource,
  range,
  type ImageBatch,
  type ImageLayout,
  type ImageSource,
} from '../data/loader/imageSource.js';
export type { Images, LabelledImages, PackedPixels } from '../data/sets/images.js';
export {
  predictImages,
  type PredictOptions,
  type PredictReport,
  type PredictedClass,
} from '../training/labelling/predictImages.js';
export * from '../support/errors.js';
export type * from './publicTypes.js';
