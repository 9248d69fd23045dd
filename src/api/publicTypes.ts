/** The types that the public API's signatures name, beside those that index.ts exports with their calls. */
export type { NoiseRates } from '../training/weights/checkpointModel.js';
export type { NetworkChoice } from '../training/weights/checkpointNetwork.js';
export type { Evidence as ReadingEvidence, PixelLayout } from '../training/labelling/classifier/imageInput.js';
export type { PixelRange } from '../training/labelling/classifier/inputHead.js';
export type { OnnxOptions, OnnxReading, ReadingSettings } from '../training/labelling/classifier/reading.js';
export type { ScoreKind } from '../training/labelling/classifier/scores.js';
export type { BuiltInDevice, DeviceChoice, DeviceName } from '../runtime/machine/deviceNames.js';
export type { EvaluationProgress } from '../training/evaluation/evaluateNetwork.js';
export type { ExportFormat, ImageFormat, OnnxFacts, PortInfo } from '../training/weights/exportModel.js';
export type { OpenLabelledSetOptions, OpenSetOptions } from '../data/datasets/openSets.js';
export type { EvaluationResult, RunJudgement, StatedResult, TestResult } from '../training/run/judgeRun.js';
export type { Prediction } from '../training/labelling/labeller.js';
export type { MeasuredOptions } from '../data/memory/measuredSet.js';
export type { Figures as NetworkFigures, StatedFigures } from '../training/evaluation/monteCarlo.js';
export type { CorruptionOptions, RobustnessOptions } from '../training/evaluation/robustness.js';
export type { TrainingControl, TrainingOutcome } from '../training/run/runTraining.js';
export type { WeightsKind } from '../training/weights/storedWeights.js';
export type { TargetFacts, TargetName } from '../training/build/target.js';
export type { ModelNoise, TeacherSource } from '../training/labelling/teacher.js';
export type { TrainFromConfigOptions, TrainResult } from '../training/run/trainFromConfig.js';
export type { RunSteps } from '../training/trainer/trainer.js';
export type { ModelTrust } from '../training/build/trustedModel.js';
export type { Costs as MeasuredCosts } from '../training/build/costFile.js';
export type { UnfinishedRun } from '../training/record/unfinishedRun.js';
export type { NameOption as WeightNaming } from '../training/weights/weightNames.js';
export type { BestResult, CheckpointState, Json } from '../contract/checkpointSchema.js';
export type {
  ArtifactInfo,
  ArtifactKind,
  HyperFormula,
  ParamInfo,
  Role as TensorRole,
  Segment as TensorSegment,
  TensorInfo,
} from '../contract/manifest.js';
export type { CorruptionName, CorruptionRequest } from '../data/augment/corruptions/corrupt.js';
export type { Severity } from '../data/augment/corruptions/severities.js';
export type { RandomCropRange } from '../data/augment/image/cropRegion.js';
export type { SmallImageNoiseOptions } from '../data/augment/imageNoise.js';
export type { ContrastGrey, OperationName } from '../data/augment/operations/operations.js';
export type { PerturbationName } from '../data/augment/perturbations/perturb.js';
export type { RandAugmentOptions } from '../data/augment/randAugment.js';
export type { CompiledArtifact } from '../compiler/compile/compile.js';
export type {
  InitialWeights,
  WeightSpec,
  Weights as WeightMap,
} from '../compiler/compile/initialWeights.js';
export type { InferencePrecision, Precision } from '../compiler/compile/precision.js';
export type { WantedClasses } from '../data/sets/classes.js';
export type { Decoding } from '../data/pixels/decode.js';
export type { ClassSize, OnSet, SetDescription, UnreadableKind } from '../data/sets/describe.js';
export type { ArraySourceOptions } from '../data/loader/imageSource.js';
export type { LeftOut, LeftOutReason, UnreadableFile } from '../data/sets/leftOut.js';
export type { FailedRow, LoadPlan, LoadRow } from '../data/loader/loaderProtocol.js';
export type { MnistSource } from '../data/datasets/mnist.js';
export type {
  Crop as ImageCrop,
  Damage as ImageDamage,
  InputNoise,
  Preparation,
} from '../data/loader/preparation.js';
export type { KeyLocator } from '../language/frontend/configKeys.js';
export type { Graph, NamedValue, Node as GraphNode, TensorType } from '../compiler/ir/graph.js';
export type { NdArray } from '../compiler/ir/ndarray.js';
export type {
  AttributeValue,
  Attributes as OperatorAttributes,
  NodeTypes,
  Op as Operator,
} from '../compiler/ir/op.js';
export type { CallSite, Origin } from '../compiler/ir/origin.js';
export type { Binary as BinaryOperation } from '../language/nn/arithmetic.js';
export type { TraceMode } from '../compiler/trace/trace.js';
export type { ExternalChunk, ExternalFile } from '../compiler/onnx/external.js';
export type { WrittenModel } from '../compiler/onnx/writer.js';
export type { MatmulAttributes } from '../compiler/ops/matmul.js';
export type {
  CommonOptions,
  DecayKind,
  HyperSpec,
  OptimizerRecord,
  SlotSpec,
  Step as OptimizerStep,
} from '../compiler/optim/optimizer.js';
export type { BatchArrays } from '../runtime/engine/batchArrays.js';
export type { CheckpointMeta } from '../runtime/storage/checkpoint.js';
export type { CalibrationBin } from '../support/statistics/classification.js';
export type { Measures as NetworkMeasures } from '../support/statistics/scores.js';
export type { QuietImages } from '../runtime/engine/noise.js';
export type { Schedule, Span as ScheduleSpan } from '../runtime/engine/schedules.js';
export type { WeightKind } from '../runtime/threads/trainProtocol.js';
export type { DType, HalfType, TypedArray } from '../support/dtype.js';
export type {
  Cropping,
  ImageView,
  Interpolation,
  PixelReading,
  ViewChoices,
} from '../support/imageView.js';
export type { Interval } from '../support/statistics/interval.js';
export type { OnnxValue } from '../support/onnxValue.js';
export type { Dim, Shape, SymbolicDim } from '../support/shape.js';
export type { ShareFacts } from '../support/statistics/share.js';
export type { TensorData } from '../support/tensor.js';
export type { CostMachine, CostTable, SpellingCosts } from '../compiler/targets/costTable.js';
export type { Choice as SpellingChoice } from '../compiler/targets/lower.js';
export type {
  Layout as TensorLayout,
  LayoutSystem,
  Layouts as TensorLayouts,
  Override as SpellingOverride,
  Target,
} from '../compiler/targets/target.js';
export type { ShuffleOptions } from '../data/loader/batches.js';
export type { UnreadableOptions } from '../data/loader/unreadable.js';
export type { Pieces } from '../compiler/onnx/pieces.js';
