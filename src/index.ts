/** The package `gradus`: the whole public API, that of single networks and self-training. */
export * from './compiler/index.js';
export * from './language/nn/index.js';
export {
  compileModel,
  type CompileModelOptions,
  type CompileResult,
} from './training/build/compileModel.js';
export {
  defineTraining,
  type ModelChoice,
  type TrainingConfig,
  type TrainingConfigInput,
} from './training/config/config.js';
export type { ModelName } from './language/models/index.js';
export type { WrittenTraining, WrittenSelfTraining } from '../generated/config.js';
export { runTraining, type TrainingPlan } from './training/run/runTraining.js';
export {
  exportModel,
  type ExportOptions,
  type ExportResult,
} from './training/weights/exportModel.js';
export {
  importWeights,
  type ImportOptions,
  type ImportResult,
} from './training/weights/importWeights.js';
export {
  importOnnxModel,
  type ImportOnnxOptions,
  type ImportOnnxResult,
} from './training/foreign/importOnnxModel.js';
export {
  exportLike,
  type ExportLikeOptions,
  type ExportLikeResult,
} from './training/foreign/exportLike.js';
export {
  evaluateCheckpoint,
  type EvaluateCheckpointOptions,
  type EvaluationReport,
} from './training/evaluation/evaluateCheckpoint.js';
export {
  evaluateClean,
  type EvaluateOptions,
  type NetworkEvaluation,
} from './training/evaluation/evaluateNetwork.js';
export { openLabelledSet } from './data/datasets/openSets.js';
export { Labeller, type LabellerOptions } from './training/labelling/labeller.js';
export {
  monteCarlo,
  type MonteCarloOptions,
  type MonteCarloResult,
} from './training/evaluation/monteCarlo.js';
export {
  corruptionErrors,
  flipRates,
  type CorruptionErrors,
  type FlipRates,
} from './training/evaluation/robustness.js';
export {
  findLearningRate,
  type FindLearningRateOptions,
  type FoundLearningRate,
  type RatedLoss,
} from './training/run/findLearningRate.js';
export { trainFromConfig } from './training/run/trainFromConfig.js';
export {
  Trainer,
  type BatchSource,
  type EvaluationImages,
  type TrainerOptions,
} from './training/trainer/trainer.js';
export { randomAffine, type AffineRange } from './data/augment/affine.js';
export { ShuffledBatches, type Augment } from './data/loader/batches.js';
export { cleanImages, type CleanImagesOptions } from './data/loader/cleanImages.js';
export { LoaderPool, type LoaderPoolOptions } from './data/loader/loaderPool.js';
export { UnreadableImages } from './data/loader/unreadable.js';
export { ArrayDataset, type ArrayDatasetOptions } from './data/loader/dataset.js';
export {
  arraySource,
  range,
  type ImageBatch,
  type ImageLayout,
  type ImageSource,
} from './data/loader/imageSource.js';
export type { Images, LabelledImages, PackedPixels } from './data/sets/images.js';
export {
  predictImages,
  type PredictOptions,
  type PredictReport,
  type PredictedClass,
} from './training/labelling/predictImages.js';

// Types that signatures name, beside those exported with their calls.
export type { NoiseRates } from './training/weights/checkpointModel.js';
export type { NetworkChoice } from './training/weights/checkpointNetwork.js';
export type {
  Evidence as ReadingEvidence,
  PixelLayout,
} from './training/labelling/classifier/imageInput.js';
export type { ChannelOrder, PixelRange } from './training/labelling/classifier/inputHead.js';
export type {
  OnnxOptions,
  OnnxReading,
  ReadingSettings,
} from './training/labelling/classifier/reading.js';
export type { ScoreKind } from './training/labelling/classifier/scores.js';
export type { BuiltInDevice } from './runtime/devices/lookup.js';
export type { DeviceChoice, DeviceName } from './runtime/machine/deviceNames.js';
export type { ImageFacts } from './training/foreign/foreignImage.js';
export type { Comparison, FirstDifference } from './training/foreign/comparison.js';
export type { OnnxFacts, PortInfo } from './training/weights/exportModel.js';
export type * from './contract/events.js';
export type { OpenLabelledSetOptions, OpenSetOptions } from './data/datasets/openSets.js';
export type {
  EvaluationResult,
  RunJudgement,
  StatedResult,
  TestResult,
} from './training/run/judgeRun.js';
export type { Prediction } from './training/labelling/labeller.js';
export type { MeasuredOptions } from './data/memory/measuredSet.js';
export type { Figures as NetworkFigures, StatedFigures } from './training/evaluation/monteCarlo.js';
export type { CorruptionOptions, RobustnessOptions } from './training/evaluation/robustness.js';
export type { TrainingControl, TrainingOutcome } from './training/run/runTraining.js';
export type { PixelChoices, PublishedPixels } from './training/weights/publishedPixels.js';
export type { TargetName } from './contract/targets.js';
export type { TargetFacts } from './training/build/target.js';
export type { ModelNoise, TeacherSource } from './training/labelling/teacher.js';
export type { TrainFromConfigOptions, TrainResult } from './training/run/trainFromConfig.js';
export type { RunSteps } from './training/trainer/trainer.js';
export type { ModelTrust } from './training/build/trustedModel.js';
export type { Costs as MeasuredCosts } from './training/build/costFile.js';
export type { UnfinishedRun } from './training/record/unfinishedRun.js';
export type { NameOption as WeightNaming } from './training/weights/weightNames.js';
export type { CheckpointChoice, Decoding, ExportFormat, WeightsKind } from './contract/choices.js';
export type { BestResult, CheckpointState, Json } from './contract/checkpointSchema.js';
export type { CorruptionName, CorruptionRequest } from './data/augment/corruptions/corrupt.js';
export type { Severity } from './data/augment/corruptions/severities.js';
export type { RandomCropRange } from './data/augment/image/cropRegion.js';
export type { InputNoise, NoiseName } from './data/augment/imageNoise.js';
export type { ContrastGrey, OperationName } from './data/augment/operations/operations.js';
export type { PerturbationName } from './data/augment/perturbations/perturb.js';
export type { RandAugmentOptions } from './data/augment/randAugment.js';
export type { WantedClasses } from './data/sets/classes.js';
export type { ClassSize, OnSet, SetDescription, UnreadableKind } from './data/sets/describe.js';
export type { ArraySourceOptions } from './data/loader/imageSource.js';
export type { LeftOut, LeftOutReason, UnreadableFile } from './data/sets/leftOut.js';
export type { FailedRow, LoadPlan, LoadRow } from './data/loader/loaderProtocol.js';
export type {
  Crop as ImageCrop,
  Damage as ImageDamage,
  Preparation,
} from './data/loader/preparation.js';
export type { KeyLocator } from './language/frontend/configKeys.js';
export type { Binary as BinaryOperation } from './language/nn/arithmetic.js';
export type { BatchArrays } from './runtime/engine/batchArrays.js';
export type { CheckpointMeta } from './runtime/storage/checkpoint.js';
export type { CalibrationBin } from './support/statistics/classification.js';
export type { Measures as NetworkMeasures } from './support/statistics/scores.js';
export type { QuietImages } from './runtime/engine/noise.js';
export type { ClassFigures, ClassMeans, JudgingMetric } from './support/statistics/byClass.js';
export type { Anneal, Schedule, Span as ScheduleSpan } from './runtime/engine/schedules.js';
export type { WeightKind } from './runtime/engine/buffers.js';
export type { Interval } from './support/statistics/interval.js';
export type { ShareFacts } from './support/statistics/share.js';
export type { ShuffleOptions } from './data/loader/batches.js';
export type { UnreadableOptions } from './data/loader/unreadable.js';
export {
  defineSelfTraining,
  parseSelfTrainingConfig,
  type SelfTrainingConfig,
  type SelfTrainingConfigInput,
} from './selftrain/loop/config.js';
export type { SelfTrainOptions, SelfTrainResult } from './selftrain/loop/selfTrain.js';
export type { KeptLabels } from './selftrain/loop/labelStages.js';
export type { PipelineControl } from './selftrain/loop/runStages.js';
export type { Stopped as StoppedSelfTraining } from './selftrain/loop/selfTrain.js';
export type { NetworkComparison, NetworkSummary } from './selftrain/loop/summary.js';
export type { AccuracyDifference } from './selftrain/loop/testImages.js';
export type { TestResult as SelfTrainingTest } from './selftrain/loop/testNetwork.js';
export type { TrainingSets } from './training/record/trainingData.js';
export type { SelfTrainingSets } from './selftrain/loop/sets.js';
export type { SelfTrainingSummary } from './selftrain/loop/summary.js';
export { selfTrain } from './selftrain/selfTrain.js';
