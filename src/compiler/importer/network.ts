/** A foreign network as calls of the language's layers: what becomes a model file. */
import type { TensorData } from '../../support/tensor.js';
import type { Shape } from '../../support/shape.js';

/** Something that the written file calls by its name: an export such as `relu`, or what `build` gets, such as `classes`. */
export interface Named {
  readonly named: string;
}

/** Options in an option, such as those of `norm`. */
export interface Group {
  readonly group: Readonly<Record<string, Literal>>;
}

/** A value of an option: `3`, `[1, 1]`, `'same'`, `true`, `relu6`, `{ epsilon: 0.001 }`. */
export type Literal = number | string | boolean | readonly Literal[] | Named | Group;

/**
 * An argument of a call: the result of an earlier one, which may be written as an option, several of them as an
 * array, or a literal.
 */
export type Argument =
  | { readonly ref: string; readonly option?: string }
  | { readonly refs: readonly string[] }
  | { readonly literal: Literal };

/** A weight of the file, under the name that the layer gives it in its scope, such as `running_mean`. */
export interface ImportedWeight {
  /** Empty where the name of the call is that of the weight, as that of a `parameter` is. */
  readonly local: string;
  /** Name in the file; derived ones (a transposed matrix, a dequantised kernel) have the name of what they are from. */
  readonly source: string;
  readonly tensor: TensorData;
}

/** A call of a layer that `gradus` exports. */
export interface LayerCall {
  /** The export's name, such as `conv2d`. */
  readonly layer: string;
  readonly args: readonly Argument[];
  /** Options other than `name`; none are written as no argument. */
  readonly options: Readonly<Record<string, Literal>>;
  readonly weights: readonly ImportedWeight[];
  /** Name of its result: that of the ONNX value which equals it. */
  readonly result: string;
  /** Shape of its result where the file has that value. */
  readonly shape?: Shape | undefined;
  /** Names of the ONNX nodes that it stands for. */
  readonly nodes: readonly string[];
  /** True for a layer that the file has not: its parameters start anew. */
  readonly anew?: true;
  /** Parts of its dotted name; of a layer without weights, of the module that it lies in. */
  readonly path: readonly string[];
}

/** Calls in order. `x` as a ref is the image. */
export interface Network {
  readonly calls: readonly LayerCall[];
  /** The ref that the model returns. */
  readonly output: string;
}

/** A ref of ours: no value of a file is named so, whatever its names are. */
export function ownRef(name: string): string {
  return `\0${name}`;
}

/** The ref of the image. */
export const imageRef = ownRef('image');

/** Why a node cannot be imported. */
export interface Obstacle {
  /** The operator, with its domain. */
  readonly op: string;
  readonly node: string;
  /** The reason, in words: `rounds coordinates in a way that the layer has not`. */
  readonly reason: string;
}

/** The refs that a call reads. */
export function refsOf({ args }: Pick<LayerCall, 'args'>): string[] {
  return args.flatMap((arg) => ('ref' in arg ? [arg.ref] : 'refs' in arg ? arg.refs : []));
}

/** An argument whose refs are replaced. */
export function mapRefs(arg: Argument, replace: (ref: string) => string): Argument {
  if ('ref' in arg) return { ...arg, ref: replace(arg.ref) };
  return 'refs' in arg ? { refs: arg.refs.map(replace) } : arg;
}

/** Dotted name of a weight in the written model. */
export function weightName({ path }: Pick<LayerCall, 'path'>, { local }: ImportedWeight): string {
  return [...path, ...(local === '' ? [] : [local])].join('.');
}
