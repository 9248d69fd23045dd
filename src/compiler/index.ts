/**
 * The package `gradus/compiler`: a model in, ONNX artifacts and their manifest out. Neither it nor
 * `gradus/models` needs a module of Node's, so both also run in a browser.
 */
export {
  compile,
  type Compiled,
  type CompiledArtifact,
  type CompileOptions,
  type DeclinedRewrite,
  type Reusable,
} from './compile/compile.js';
export { compileInference, type Inference, type InferenceRequest } from './compile/inference.js';
export {
  importOnnx,
  type Correspondence,
  type FileValue,
  type ImportedModel,
  type ImportOptions as ModelImportOptions,
  type OnnxImportOptions,
  type ObstacleRow,
} from './importer/importOnnx.js';
export type { ImageSize } from './importer/plain/image.js';
export type { ChannelStatistics } from './importer/restoreBatchNorm.js';
export type { InitialWeights, WeightSpec, Weights as WeightMap } from './compile/initialWeights.js';
export * from './optim/optimizers.js';
export type { LossChoice, LossConfig, LossName } from './losses/index.js';
export type { Optimizer, OptimizerChoice, OptimizerConfig, OptimizerName } from './optim/index.js';
export {
  defineModel,
  image,
  isModel,
  type BuildContext,
  type ImageInput,
  type ImageOptions,
  type Model,
  type ModelDescription,
} from './trace/defineModel.js';
export { traceModel, type Traced, type TraceOptions } from './trace/traceModel.js';
export { cpuTarget, type CpuFacts } from './targets/cpu/index.js';
export { cudaTarget } from './targets/cuda/index.js';
export { portable, type Target } from './targets/target.js';
export { webgpuTarget } from './targets/webgpu/index.js';

// Types that signatures name, beside those exported with their calls.
export type {
  AttributeValue,
  Attributes as OperatorAttributes,
  Graph,
  InHalves,
  NamedValue,
  Node as GraphNode,
  NodeTypes,
  Op as Operator,
  TensorType,
  Traits as OperatorTraits,
  Value,
} from './ir/graph.js';
export type { NdArray } from './ir/ndarray.js';
export type { CallSite, Origin } from './ir/origin.js';
export type { OnDecline } from './ir/rewrite.js';
export type { ElementType, ForeignType } from './onnx/elementTypes.js';
export type {
  ForeignTensor,
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxInitializer,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxTrainingInfo,
  OnnxValueInfo,
  OpsetImport,
} from './onnx/model.js';
export type { ExternalChunk, ExternalFile } from './onnx/external.js';
export type { ReadExternal } from './onnx/tensorReader.js';
export type { Pieces } from './onnx/pieces.js';
export type { WrittenModel } from './onnx/writer.js';
export type { MatmulAttributes } from './ops/matmul.js';
export type {
  CarriedNumber,
  CommonOptions,
  DecayKind,
  HyperSpec,
  OptimizerRecord,
  SlotSpec,
  Step as OptimizerStep,
} from './optim/optimizer.js';
export type { CostMachine, CostTable, RuleCosts } from './targets/costTable.js';
export type { Choice as LoweringChoice } from './targets/lower.js';
export type {
  Layout as TensorLayout,
  LayoutSystem,
  Layouts as TensorLayouts,
  Override as LoweringRule,
} from './targets/target.js';
export type { WeightSource } from './passes/foldWeights.js';
export type { Initializer } from './trace/init.js';
export type { BufferSpec, LayerRecord, NoiseSpec, ParamSpec, TraceMode } from './trace/trace.js';
export type { ArtifactKind } from '../contract/artifactKinds.js';
export type { NoiseKind } from '../contract/choices.js';
export type { ImageFormat } from '../contract/imageFormats.js';
export type {
  ArtifactInfo,
  HyperFormula,
  Manifest,
  ParamInfo,
  Role as TensorRole,
  Segment as TensorSegment,
  TensorInfo,
} from '../contract/manifest.js';
export type { InferencePrecision, Precision } from '../contract/precisions.js';
export type { DType, HalfType, TypedArray } from '../support/dtype.js';
export * from '../support/errors.js';
export type {
  Cropping,
  ImageView,
  Interpolation,
  PixelReading,
  ViewChoices,
} from '../support/imageView.js';
export {
  Phrase,
  type CallWithOptions,
  type NamedCall,
  type NamedOption,
  type Naming,
  type OptionPath,
  type GivenValue,
  type Piece,
  type Prose,
} from '../support/phrase.js';
export type { OnnxValue } from '../support/onnxValue.js';
export type {
  Defaulted,
  FilledOptions,
  FlagOption,
  GivenOptions,
  GroupOption,
  NumberOption,
  Option as OptionDefinition,
  Options as OptionDefinitions,
  OptionValue,
  PairOption,
  SingleOption,
} from '../support/options.js';
export type { NumberRange } from '../support/optionRanges.js';
export type { Dim, Shape, SymbolicDim } from '../support/shape.js';
export type { TensorData } from '../support/tensor.js';
