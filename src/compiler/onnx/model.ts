import type { onnx } from '../../../generated/proto/onnx.js';
import type { AttributeType } from '../../../generated/onnx/schemas.js';
import type { Shape } from '../../support/shape.js';
import type { TensorData } from '../../support/tensor.js';
import type { ElementType, ForeignType } from './elementTypes.js';

/** A tensor of an element type that the IR has not; `data` are its little-endian bytes. */
export interface ForeignTensor {
  readonly dtype: ForeignType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** The elements of a string tensor, whose `data` is empty. */
  readonly strings?: readonly string[];
}

export type OnnxTensor = TensorData | ForeignTensor;

/** Name and type of an input, an output or a value between. */
export interface OnnxValueInfo {
  readonly name: string;
  /** Undefined if the model does not say, or if it is not a tensor. */
  readonly dtype?: ElementType | undefined;
  /** Undefined if even the rank is unknown; a nameless unknown dimension has the symbol `?`. */
  readonly shape?: Shape | undefined;
  /** The type of a value that is not a tensor, as it was read. */
  readonly otherType?: onnx.TypeProto.$Properties | undefined;
}

/** The value of an attribute by its type; `ref` stands for an attribute of the enclosing function. */
export type OnnxAttribute =
  | { readonly type: 'int' | 'float'; readonly value: number }
  | { readonly type: 'ints' | 'floats'; readonly value: readonly number[] }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensor'; readonly value: OnnxTensor }
  | { readonly type: 'graph'; readonly value: OnnxGraph }
  | { readonly type: 'ref'; readonly value: string; readonly of: AttributeType }
  /** Sparse tensors, types and lists of tensors or graphs, as they were read. */
  | { readonly type: 'other'; readonly value: onnx.AttributeProto.$Properties };

export interface OnnxNode {
  readonly opType: string;
  /** Empty for ai.onnx. */
  readonly domain: string;
  readonly name: string;
  /** Names of values; empty if an optional input is absent. */
  readonly inputs: readonly string[];
  /** Names of values; empty if an optional output is not asked for. */
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  readonly docString: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface OnnxInitializer {
  readonly name: string;
  readonly tensor: OnnxTensor;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly initializers: readonly OnnxInitializer[];
  readonly valueInfo: readonly OnnxValueInfo[];
  readonly docString: string;
}

export interface OpsetImport {
  readonly domain: string;
  readonly version: number;
}

/** An operator defined in the model by a graph of its own. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of attributes without defaults, which every call gives. */
  readonly attributes: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly opsets: readonly OpsetImport[];
  readonly docString: string;
}

/**
 * ONNX's TrainingInfoProto. A binding's key names an initializer of the main graph, its value the
 * output of `initialization` or `algorithm` that replaces it.
 */
export interface OnnxTrainingInfo {
  readonly initialization?: OnnxGraph | undefined;
  readonly algorithm?: OnnxGraph | undefined;
  readonly initializationBinding: Readonly<Record<string, string>>;
  readonly updateBinding: Readonly<Record<string, string>>;
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly opsets: readonly OpsetImport[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly docString: string;
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
  readonly trainingInfo: readonly OnnxTrainingInfo[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The key of metadata_props under which a node names the user's line that made it. */
export const sourceKey = 'gradus.source';

/** From this IR version on a node has metadata_props; below it the source lies in doc_string. */
export const metadataIrVersion = 10;

/** The user's `file:line:column` that a node came from, as our builder writes it. */
export function sourceOf(node: OnnxNode): string | undefined {
  return node.metadata[sourceKey] ?? /^.+:\d+:\d+$/.exec(node.docString)?.[0];
}

/** ai.onnx has two names: the empty one, which we write, and its own. */
export function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/** The inputs that a run has to be given: IR 3 lists the weights among the inputs, too. */
export function fedInputs({ inputs, initializers }: OnnxGraph): OnnxValueInfo[] {
  const weights = new Set(initializers.map(({ name }) => name));
  return inputs.filter(({ name }) => !weights.has(name));
}
