/** The types that the public API's signatures name, beside those that index.ts exports with their calls. */
export type { NoiseRates } from './checkpointModel.js';
export type { NetworkChoice } from './checkpointNetwork.js';
export type { Evidence as ReadingEvidence, PixelLayout } from './classifier/imageInput.js';
export type { PixelRange } from './classifier/inputHead.js';
export type { OnnxOptions, OnnxReading, ReadingSettings } from './classifier/reading.js';
export type { ScoreKind } from './classifier/scores.js';
export type { BuiltInDevice, DeviceChoice, DeviceName } from './deviceNames.js';
export type { EvaluationProgress } from './evaluateNetwork.js';
export type { ExportFormat, ImageFormat, OnnxFacts, PortInfo } from './exportModel.js';
export type { OpenLabelledSetOptions, OpenSetOptions } from './imageSets.js';
export type { EvaluationResult, RunJudgement, StatedResult, TestResult } from './judgeRun.js';
export type { Prediction } from './labeller.js';
export type { MeasuredOptions } from './measuredSet.js';
export type { Figures as NetworkFigures, StatedFigures } from './monteCarlo.js';
export type { CorruptionOptions, RobustnessOptions } from './robustness.js';
export type { TrainingControl, TrainingOutcome } from './runTraining.js';
export type { WeightsKind } from './storedWeights.js';
export type { TargetFacts, TargetName } from './target.js';
export type { ModelNoise, TeacherSource } from './teacher.js';
export type { TrainFromConfigOptions, TrainResult } from './trainFromConfig.js';
export type { RunSteps } from './trainer.js';
export type { ModelTrust } from './trustedModel.js';
export type { Costs as MeasuredCosts } from './tune/costFile.js';
export type { UnfinishedRun } from './unfinishedRun.js';
export type { NameOption as WeightNaming } from './weightNames.js';
export type { BestResult, CheckpointState, Json } from '../artifacts/checkpointSchema.js';
export type {
  ArtifactInfo,
  ArtifactKind,
  HyperFormula,
  ParamInfo,
  Role as TensorRole,
  Segment as TensorSegment,
  TensorInfo,
} from '../artifacts/manifest.js';
export type { CorruptionName, CorruptionRequest } from '../augment/corruptions/corrupt.js';
export type { Severity } from '../augment/corruptions/severities.js';
export type { RandomCropRange } from '../augment/cropRegion.js';
export type { SmallImageNoiseOptions } from '../augment/imageNoise.js';
export type { ContrastGrey, OperationName } from '../augment/operations.js';
export type { PerturbationName } from '../augment/perturbations/perturb.js';
export type { RandAugmentOptions } from '../augment/randAugment.js';
export type { CompiledArtifact } from '../compiler/compile.js';
export type {
  InitialWeights,
  WeightSpec,
  Weights as WeightMap,
} from '../compiler/initialWeights.js';
export type { InferencePrecision, Precision } from '../compiler/precision.js';
export type { WantedClasses } from '../data/classes.js';
export type { Decoding } from '../data/decode.js';
export type { ClassSize, OnSet, SetDescription, UnreadableKind } from '../data/describe.js';
export type { ArraySourceOptions } from '../data/imageSource.js';
export type { LeftOut, LeftOutReason, UnreadableFile } from '../data/leftOut.js';
export type { FailedRow, LoadPlan, LoadRow } from '../data/loaderProtocol.js';
export type { MnistSource } from '../data/mnist.js';
export type {
  Crop as ImageCrop,
  Damage as ImageDamage,
  InputNoise,
  Preparation,
} from '../data/preparation.js';
export type { KeyLocator } from '../frontend/configKeys.js';
export type { Graph, NamedValue, Node as GraphNode, TensorType } from '../ir/graph.js';
export type { NdArray } from '../ir/ndarray.js';
export type {
  AttributeValue,
  Attributes as OperatorAttributes,
  NodeTypes,
  Op as Operator,
} from '../ir/op.js';
export type { CallSite, Origin } from '../ir/origin.js';
export type { Binary as BinaryOperation } from '../nn/arithmetic.js';
export type { TraceMode } from '../nn/scope.js';
export type { ExternalChunk, ExternalFile } from '../onnx/external.js';
export type { WrittenModel } from '../onnx/writer.js';
export type { MatmulAttributes } from '../ops/matmul.js';
export type {
  CommonOptions,
  DecayKind,
  HyperSpec,
  OptimizerRecord,
  SlotSpec,
  Step as OptimizerStep,
} from '../optim/optimizer.js';
export type { BatchArrays } from '../runtime/batchArrays.js';
export type { CheckpointMeta } from '../runtime/checkpoint.js';
export type { CalibrationBin } from '../runtime/classification.js';
export type { Measures as NetworkMeasures } from '../runtime/evaluate.js';
export type { QuietImages } from '../runtime/noise.js';
export type { Schedule, Span as ScheduleSpan } from '../runtime/schedules.js';
export type { WeightKind } from '../runtime/trainProtocol.js';
export type { DType, HalfType, TypedArray } from '../support/dtype.js';
export type {
  Cropping,
  ImageView,
  Interpolation,
  PixelReading,
  ViewChoices,
} from '../support/imageView.js';
export type { Interval } from '../support/interval.js';
export type { OnnxValue } from '../support/onnxValue.js';
export type { Dim, Shape, SymbolicDim } from '../support/shape.js';
export type { ShareFacts } from '../support/share.js';
export type { TensorData } from '../support/tensor.js';
export type { CostMachine, CostTable, SpellingCosts } from '../targets/costTable.js';
export type { Choice as SpellingChoice } from '../targets/lower.js';
export type {
  Layout as TensorLayout,
  LayoutSystem,
  Layouts as TensorLayouts,
  Override as SpellingOverride,
  Target,
} from '../targets/target.js';
export type { ShuffleOptions } from '../data/batches.js';
export type { UnreadableOptions } from '../data/unreadable.js';
export type { Pieces } from '../onnx/pieces.js';
