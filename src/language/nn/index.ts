/** The language: what a model file imports. */
export type { Value } from '../../compiler/ir/graph.js';
export * from './activations.js';
export * from './arithmetic.js';
export * from './batchNorm.js';
export * from './classifier.js';
export * from './conv2d.js';
export * from './convBnAct.js';
export {
  defineModel,
  image,
  isModel,
  type BuildContext,
  type ImageInput,
  type ImageOptions,
  type Model,
  type ModelDescription,
} from '../../compiler/trace/defineModel.js';
export { initialize, type Initializer } from '../../compiler/trace/init.js';
export {
  groupNorm,
  instanceNorm,
  type GroupNormOptions,
  type InstanceNormOptions,
} from './groupNorm.js';
export * from './interpolate.js';
export { defineLayer, scope, type Layer, type LayerInput, type NameOption } from './layer.js';
export * from './layerNorm.js';
export * from './linear.js';
export * from './localResponseNorm.js';
export * from './mbConv.js';
export * from './noise.js';
export * from './parameter.js';
export * from './pool.js';
export * from './prelu.js';
export * from './reductions.js';
export * from './residual.js';
export type { BufferSpec, LayerRecord, NoiseSpec, ParamSpec } from '../../compiler/trace/trace.js';
export * from './select.js';
export * from './shape.js';
export * from './squeezeExcite.js';
export { traceModel, type Traced, type TraceOptions } from '../../compiler/trace/traceModel.js';
export type { Padding, Pair, WindowOptions } from './window.js';
export type { NameSet } from '../../contract/choices.js';
