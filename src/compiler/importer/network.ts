/** A foreign network as calls of the language's layers: what becomes a model file. */
import type { TensorData } from '../../support/tensor.js';

/** A value of an option: `3`, `[1, 1]`, `'same'`, `true`. */
export type Literal = number | string | boolean | readonly Literal[];

/** An argument of a call: the result of an earlier one, several of them as an array, or a literal. */
export type Argument =
  { readonly ref: string } | { readonly refs: readonly string[] } | { readonly literal: Literal };

/** A weight of the file, under the name that the layer gives it in its scope, such as `running_mean`. */
export interface ImportedWeight {
  readonly local: string;
  /** Name in the file; derived ones (a transposed matrix, a dequantised kernel) have the name of what they are from. */
  readonly source: string;
  readonly tensor: TensorData;
}

/** A call of a layer that `gradus/nn` exports. */
export interface LayerCall {
  /** The export's name, such as `conv2d`. */
  readonly layer: string;
  readonly args: readonly Argument[];
  /** Options other than `name`; none are written as no argument. */
  readonly options: Readonly<Record<string, Literal>>;
  readonly weights: readonly ImportedWeight[];
  /** Name of its result: that of the ONNX value which equals it. */
  readonly result: string;
  /** Names of the ONNX nodes that it stands for. */
  readonly nodes: readonly string[];
}

/** Calls in order. `x` as a ref is the image. */
export interface Network {
  readonly calls: readonly LayerCall[];
  /** The ref that the model returns. */
  readonly output: string;
}

/** Why a node cannot be imported. */
export interface Obstacle {
  /** The operator, with its domain. */
  readonly op: string;
  readonly node: string;
  /** The reason, in words: `rounds coordinates in a way that the layer has not`. */
  readonly reason: string;
}
