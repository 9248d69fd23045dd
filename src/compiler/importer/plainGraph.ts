/**
 * A foreign ONNX graph made plain: one meaning an operator whatever the file's opset, sorted nodes, weights in one
 * place, shapes known but for the batch, and nothing left that only computes shapes.
 */
import type { OnnxAttribute } from '../onnx/model.js';
import type { Shape } from '../../support/shape.js';
import type { DType } from '../../support/dtype.js';
import type { TensorData } from '../../support/tensor.js';
import type { Obstacle } from './network.js';

/** A value that depends on the images. */
export interface PlainValue {
  readonly name: string;
  readonly dtype: DType;
  /** The batch is the symbol N, or a multiple of it; every other size is a number. */
  readonly shape: Shape;
}

/**
 * A constant: a weight, or a small tensor that belongs to an operator, such as Slice's starts. float16, bfloat16
 * and float64 weights arrive as float32.
 */
export interface PlainConstant {
  /** The initializer's name; that of the node which makes it if it has none. */
  readonly name: string;
  readonly tensor: TensorData;
}

/**
 * A node in the form of the newest opset that schemas/ has: what older opsets had as attributes are constants
 * among the operands (Slice's starts, Pad's pads, Clip's bounds, Squeeze's axes ...). Beyond that
 *
 * - Reshape, Expand and Resize read their size from `outputs[0].shape`, since the batch may be in it. Reshape and
 *   Expand have one operand. Resize has three: the image, its regions, and its scales, which is undefined where the
 *   file gave sizes (coordinates then scale by the quotient of the sizes). `axes` and `allowzero` are gone.
 * - Axes are at least 0 and always given: `axis`, and the constant `axes` of Squeeze, Unsqueeze and the reductions.
 *   Pad has pads for all axes, Slice has its five operands, Split has its sizes, Transpose its `perm`.
 * - Windows have `kernel_shape`, `strides`, `dilations` and `pads`, of the rank of the image, and no `auto_pad`.
 * - Sum, Min, Max and Mean of several operands are chains of two, Sum as Add. Gemm multiplies by neither alpha nor
 *   beta and does not transpose its first operand; a constant bias is a vector.
 * - Identity, Dropout, Cast between floats, quantisation and its inverse are gone.
 * - BatchNormalization has one output; `training_mode` is 1 where the file asks for the batch's statistics.
 */
export interface PlainNode {
  readonly op: string;
  /** Empty for ai.onnx. */
  readonly domain: string;
  /** The file's name of the node; if it has none, operator and number, such as `Conv_12`. Unique. */
  readonly name: string;
  /** Undefined if an optional operand is left out. */
  readonly operands: readonly (Operand | undefined)[];
  /** Defaults are left out. */
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** Undefined if an optional output is not asked for. */
  readonly outputs: readonly (PlainValue | undefined)[];
}

export type Operand =
  | { readonly kind: 'value'; readonly value: PlainValue }
  | { readonly kind: 'constant'; readonly constant: PlainConstant };

export interface PlainGraph {
  /** The images. */
  readonly input: PlainValue;
  /** In the file's order; those that nothing needs are gone. */
  readonly outputs: readonly PlainValue[];
  /** In an order in which each comes after what it reads. */
  readonly nodes: readonly PlainNode[];
  /** What was assumed or left out on the way, a sentence each. */
  readonly notes: readonly string[];
  /** What keeps the graph from being imported whole: if there is anything, `nodes` ends before it. */
  readonly obstacles: readonly Obstacle[];
  /** Nodes that read what an obstacle makes, of whose values nothing is known. */
  readonly behind: readonly NodeName[];
}

export interface NodeName {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
}
