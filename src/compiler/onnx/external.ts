import { ArtifactError, ConfigError } from '../../support/errors.js';
import type { OnnxGraph, OnnxModel, OnnxTensor } from './model.js';

export interface WriteOptions {
  /** Name of the side file, beside the model, that takes big initializers if there is one. */
  readonly externalName?: string;
  /** `auto` (the default) writes a side file only for a model above `maxBytes`. */
  readonly external?: 'auto' | 'always' | 'never';
  /** Most bytes of initializers inside the model; protobuf reads no message above 2 GiB. */
  readonly maxBytes?: number;
  /** Smaller initializers stay inside the model, in bytes. */
  readonly externalThreshold?: number;
}

/** Bytes for one place of the side file. */
export interface ExternalChunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A file beside the model that holds its big initializers; between chunks it is zero. */
export interface ExternalFile {
  readonly location: string;
  readonly size: number;
  /** Chunks in ascending order of offsets. */
  readonly chunks: readonly ExternalChunk[];
}

export interface ExternalPlan {
  readonly file: ExternalFile | undefined;
  readonly places: ReadonlyMap<OnnxTensor, ExternalPlace>;
}

interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** Readers map the file into memory, by pages. */
const alignment = 4096;
/** 2 GiB, which protobuf ends at, without 64 MiB for nodes and names. */
const defaultMaxBytes = 2 ** 31 - 2 ** 26;
const defaultThreshold = 1024;

/** Decides which initializers of a model go into a side file, and where. */
export function planExternal(model: OnnxModel, options: WriteOptions): ExternalPlan {
  const tensors = [...new Set(graphsOf(model).flatMap((graph) => initializersOf(graph)))];
  const total = tensors.reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const mode = options.external ?? 'auto';
  if (mode === 'never' || (mode === 'auto' && total <= maxBytes)) {
    if (total > maxBytes) throw tooBig(model, total);
    return { file: undefined, places: new Map() };
  }
  const location = options.externalName;
  if (location === undefined)
    throw new ConfigError('external data require a file name', {
      code: 'external-name',
      hint: 'pass externalName, such as model.onnx.data',
    });
  const threshold = options.externalThreshold ?? defaultThreshold;
  const big = tensors.filter((tensor) => tensor.data.byteLength >= threshold);
  return place(big, location);
}

function place(tensors: readonly OnnxTensor[], location: string): ExternalPlan {
  const places = new Map<OnnxTensor, ExternalPlace>();
  const chunks: ExternalChunk[] = [];
  let end = 0;
  for (const tensor of tensors) {
    const offset = Math.ceil(end / alignment) * alignment;
    const bytes = rawBytes(tensor);
    places.set(tensor, { location, offset, length: bytes.length });
    chunks.push({ offset, bytes });
    end = offset + bytes.length;
  }
  return { file: { location, size: end, chunks }, places };
}

function graphsOf(model: OnnxModel): OnnxGraph[] {
  const training = model.trainingInfo.flatMap((info) => [info.initialization, info.algorithm]);
  return [model.graph, ...training.filter((graph) => graph !== undefined)];
}

/** Also those of subgraphs; strings cannot lie in a side file. */
function initializersOf(graph: OnnxGraph): OnnxTensor[] {
  const inside = graph.nodes.flatMap((node) =>
    [...node.attributes.values()].flatMap((attribute) =>
      attribute.type === 'graph' ? initializersOf(attribute.value) : [],
    ),
  );
  const own = graph.initializers.map(({ tensor }) => tensor);
  return [...own.filter((tensor) => !('strings' in tensor)), ...inside];
}

function tooBig(model: OnnxModel, bytes: number): ArtifactError {
  const gigabytes = (bytes / 1e9).toFixed(2);
  return new ArtifactError(`${model.graph.name}: ${gigabytes} GB of weights in one ONNX file`, {
    code: 'onnx-too-big',
    hint: 'put the weights into a side file (external: auto)',
  });
}

/** The little-endian bytes of a tensor, without a copy. */
export function rawBytes({ data }: OnnxTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
