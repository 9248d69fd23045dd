import type { DType } from '../support/dtype.js';
import type { ImageView } from '../support/imageView.js';

/** What a tensor of an artifact is for. */
export type Role =
  | 'image'
  | 'target'
  | 'weight'
  | 'hyper'
  | 'noise'
  | 'param'
  | 'buffer'
  | 'state'
  | 'ema'
  | 'loss'
  | 'logits'
  | 'grad'
  | 'metric';

/** A kind of compiled graph. */
export type ArtifactKind =
  'infer' | 'forward' | 'grad' | 'update' | 'train' | 'init' | 'training-info';

/** A number known from the step's index alone. */
export type HyperFormula =
  /** 1 - base^t, with t the optimizer step counted from 1 (Adam's bias correction). */
  | { readonly kind: 'biasCorrection'; readonly base: number }
  /** t itself. */
  | { readonly kind: 'stepNumber' };

/** Part of a packed tensor that belongs to one parameter. */
export interface Segment {
  readonly param: string;
  readonly offset: number;
  readonly shape: readonly number[];
}

/** One input or output of an artifact. A dimension is a number or a symbol such as `N`. */
export interface TensorInfo {
  readonly name: string;
  readonly role: Role;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
  /** Dotted name of the parameter or buffer that it belongs to. */
  readonly param?: string;
  /** On an output: the input that takes this value at the next step. */
  readonly replaces?: string;
  /** On such an output: it may be written over that input, whose readers all come before. */
  readonly inPlace?: boolean;
  /** On a state: its name, such as `momentum` or, of no parameter, `lossScale`. */
  readonly slot?: string;
  /** On a state or ema input: how it starts (`param`: as a copy of what it belongs to; a number: as that). */
  readonly initial?: 'zeros' | 'ones' | 'param' | number;
  /** On a hyper: what it is, in words. */
  readonly meaning?: string;
  /** On a hyper: the value where the user says nothing. */
  readonly default?: number;
  readonly formula?: HyperFormula;
  /** On a noise input: the 32-bit hash of its dotted name, the third word of the generator's counter. */
  readonly site?: number;
  /** On a noise input: the dotted name that `site` is the hash of. */
  readonly siteName?: string;
  readonly kind?: 'dropout' | 'stochasticDepth';
  /** Probability that a branch survives: a mask element is 1 with it, else 0. */
  readonly survival?: number;
  /** Probability that an element is kept: a mask element is 1 with it, else 0. */
  readonly keep?: number;
  readonly segments?: readonly Segment[];
  /** On a weighted sum: the name of its mean, and of the output that it is to be divided by. */
  readonly mean?: { readonly name: string; readonly over: string };
}

/** Inputs and outputs of a compiled graph. */
export interface ArtifactInfo {
  /** File name, beside the manifest. */
  readonly file: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /**
   * Training steps of one run of the artifact; 1 where it is missing. What each is given and gives is
   * stacked along an axis in front: `K`, where a run may have any number of steps.
   */
  readonly steps?: number;
  /** Images that a dynamic batch needs at least; 1 where it is missing. */
  readonly leastBatch?: number;
}

/** A parameter or buffer of the network. */
export interface ParamInfo {
  readonly name: string;
  readonly kind: 'param' | 'buffer';
  readonly shape: readonly number[];
  /** Whether weight decay applies: not to biases and normalisation. */
  readonly decay: boolean;
  /** Whether the training artifacts leave it as it is; not frozen where it is missing. */
  readonly frozen?: boolean;
}

/** Everything a program needs to train with the artifacts; its JSON schema is schemas/manifest.schema.json. */
export interface Manifest {
  readonly format: 'gradus-manifest';
  readonly version: 1;
  readonly name: string;
  /** The model file as given, or the name of a shipped model. */
  readonly model: string;
  readonly architectureHash: string;
  /** File beside the manifest that holds the network for evaluation as data; see recordModel. */
  readonly architecture?: string | undefined;
  /** SHA-256 of the model file as it was compiled; missing for a shipped model or one without a file. */
  readonly modelSha256?: string | undefined;
  readonly target: string;
  /** Channels of a block of the layout that the graphs are written for; they run only where onnxruntime has it. */
  readonly block?: number;
  /** Hash of the table of costs, measured on a machine, by which spellings were chosen; estimates where missing. */
  readonly costs?: string;
  readonly opset: number;
  readonly batch: number | 'dynamic';
  readonly classes: number;
  /** Image shape [C,H,W]. */
  readonly image: readonly [number, number, number];
  readonly imageFormat: 'float32-nchw' | 'uint8-nhwc';
  /** How an image file becomes the image; missing in those of older versions. */
  readonly view?: ImageView | undefined;
  readonly optimizer: string | null;
  readonly params: readonly ParamInfo[];
  readonly artifacts: { readonly [K in ArtifactKind]?: ArtifactInfo };
}
