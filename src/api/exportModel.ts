import { statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { compileInference } from '../compiler/inference.js';
import type { ImageInput, Model } from '../nn/defineModel.js';
import { makeFolder, writeFileAtomic } from '../runtime/atomic.js';
import {
  isWeightKey,
  loadCheckpoint,
  readCheckpointState,
  requireArchitecture,
  resolveCheckpoint,
  type Checkpoint,
} from '../runtime/checkpoint.js';
import { writeSafetensors } from '../runtime/safetensors.js';
import { ConfigError } from '../support/errors.js';
import { halveMatrices } from '../support/halfFloats.js';
import { formatDim } from '../support/shape.js';
import type { TensorData } from '../support/tensor.js';
import { modelOfCheckpoint } from './checkpointModel.js';
import { checkedOpset, writeExternal } from './compileModel.js';
import type { LoadedModel } from './loadModel.js';
import { classesOf, networkOf, type Network } from './modelWeights.js';
import { namesOf, type NameOption } from './weightNames.js';

const exportFormats = ['onnx', 'safetensors'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  /** The file to write. */
  readonly out: string;
  /** Told by the file's extension where missing. */
  readonly format?: ExportFormat | undefined;
  /** The moving average of the weights, or the weights themselves; the average if there is one. */
  readonly weights?: 'ema' | 'raw' | undefined;
  /** Stores kernels and matrices as float16; onnx casts them to float32 when it is loaded. */
  readonly float16?: boolean | undefined;
  /** The checkpoint's model, where the checkpoint does not tell it. */
  readonly model?: string | Model | undefined;
  /** safetensors: how the file names its tensors; as the model does where missing. */
  readonly names?: NameOption | undefined;
  /** onnx: images of a run; default dynamic. */
  readonly batch?: number | 'dynamic' | undefined;
  /** onnx: 17 to 24; default 17, which the most runtimes know. */
  readonly opset?: number | undefined;
  /** onnx: `uint8-nhwc` for 8-bit images, normalised in the graph; default float32-nchw. */
  readonly imageFormat?: ImageFormat | undefined;
  /** Height and width of the image in place of the checkpoint's, in pixels. */
  readonly size?: number | undefined;
}

type ImageFormat = 'float32-nchw' | 'uint8-nhwc';

export interface ExportResult {
  readonly checkpoint: string;
  readonly model: string;
  readonly step: number;
  /** Which weights were taken. */
  readonly weights: 'ema' | 'raw';
  readonly format: ExportFormat;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly classes: number;
  /** Matrices that stay float32 in spite of `float16`, since their numbers go beyond its range. */
  readonly tooLarge: readonly string[];
  /** Of an ONNX model. */
  readonly onnx?: OnnxFacts;
}

interface OnnxFacts {
  readonly opset: number;
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  /** How a pixel in 0..1 becomes what a float32 image holds: (pixel - mean) / std, by channel. */
  readonly normalisation?: Pick<ImageInput, 'mean' | 'std'>;
}

interface PortInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** A checkpoint's network with the weights to use, by the model's own names. */
export interface CheckpointNetwork {
  readonly checkpoint: Checkpoint;
  readonly loaded: LoadedModel;
  readonly network: Network;
  readonly kind: 'ema' | 'raw';
  readonly weights: ReadonlyMap<string, TensorData>;
  /** What it was trained on, where that is recorded. */
  readonly imageFormat: ImageFormat | undefined;
}

/**
 * Writes a checkpoint's network as an inference ONNX model, or its weights as safetensors. `path`
 * is a checkpoint, or a run's folder (then its best). Throws an ArtifactError for a checkpoint that
 * is damaged or of another model, a ConfigError for options that do not fit the format.
 */
export async function exportModel(path: string, options: ExportOptions): Promise<ExportResult> {
  const format = formatOf(options);
  requireFile(options.out);
  const source = await readNetwork(path, options);
  makeFolder(dirname(options.out));
  const written = format === 'onnx' ? writeOnnx(source, options) : writeWeights(source, options);
  const { checkpoint, network, kind } = source;
  return {
    checkpoint: checkpoint.path,
    model: network.name,
    step: checkpoint.state.step,
    weights: kind,
    format,
    classes: network.classes,
    ...written,
  };
}

type Written = Pick<ExportResult, 'files' | 'tooLarge' | 'onnx'>;

function writeOnnx(source: CheckpointNetwork, options: ExportOptions): Written {
  const { loaded, network, weights } = source;
  const { out, batch = 'dynamic', imageFormat = 'float32-nchw', float16 } = options;
  const opset = checkedOpset(options.opset ?? 17);
  const { classes, image } = network;
  const { mean, std } = loaded.model.input;
  const made = loaded.tracing(() =>
    compileInference(loaded.model, {
      weights,
      file: basename(out),
      opset,
      trace: { batch, imageFormat, classes, image },
      float16,
      metadata: metadataOf(source),
    }),
  );
  const { bytes, external } = made.onnx;
  const files = [{ path: out, bytes: bytes.length }];
  if (external) {
    const side = writeExternal(dirname(out), external);
    files.push({ path: join(dirname(out), side.name), bytes: side.bytes });
  }
  writeFileAtomic(out, bytes);
  const port = ({ name, dtype, shape }: (typeof made.inputs)[number]): PortInfo => {
    const dims = shape.map((dim) => (typeof dim === 'number' ? dim : formatDim(dim)));
    return { name, dtype, shape: dims };
  };
  const plain = imageFormat === 'float32-nchw' && mean.length === image[0];
  return {
    files,
    tooLarge: made.tooLarge,
    onnx: {
      opset,
      inputs: made.inputs.map(port),
      outputs: made.outputs.map(port),
      ...(plain && { normalisation: { mean, std } }),
    },
  };
}

function writeWeights(
  { loaded, weights, kind }: CheckpointNetwork,
  options: ExportOptions,
): Written {
  const { out, float16 = false } = options;
  const nameOf = namesOf(loaded, options.names);
  const { tensors, tooLarge } = float16
    ? halveMatrices(weights)
    : { tensors: weights, tooLarge: [] };
  const named = new Map([...tensors].map(([name, tensor]) => [nameOf(name), tensor]));
  // `format` is what transformers and its relatives ask a file for before they read it.
  writeSafetensors(out, named, { format: 'pt', model: loaded.model.name, weights: kind });
  return { files: [{ path: out, bytes: statSync(out).size }], tooLarge };
}

/** Facts for whoever finds the file without its run. */
function metadataOf({
  checkpoint,
  loaded,
  network,
  kind,
}: CheckpointNetwork): Record<string, string> {
  const { mean, std } = loaded.model.input;
  return {
    'gradus.model': network.name,
    'gradus.step': String(checkpoint.state.step),
    'gradus.weights': kind,
    'gradus.mean': mean.join(','),
    'gradus.std': std.join(','),
  };
}

/**
 * Reads a checkpoint's network: the moving average of its weights where there is one. Throws an
 * ArtifactError for a checkpoint that is damaged or of another model.
 */
export async function readNetwork(
  path: string,
  options: Pick<ExportOptions, 'model' | 'weights' | 'size'>,
): Promise<CheckpointNetwork> {
  const folder = resolveCheckpoint(path);
  const state = readCheckpointState(folder);
  const found = await modelOfCheckpoint(folder, state, options.model);
  const { loaded, image: recorded, imageFormat } = found;
  // The optimizer's state is not even read.
  const checkpoint = loadCheckpoint(folder, (keys) => keysOf(keys, options.weights, folder));
  const averaged = [...checkpoint.tensors.keys()].some(isAverage);
  const weights = new Map(
    [...checkpoint.tensors].map(([key, tensor]) => [key.replace(/^ema\./, ''), tensor]),
  );
  const [channels] = loaded.model.input.shape;
  const { size } = options;
  const image = size === undefined ? recorded : ([channels, size, size] as const);
  const network = fittingNetwork(loaded, image, weights);
  const { name, architectureHash, weights: params } = network;
  requireArchitecture({ ...checkpoint, tensors: weights }, { name, architectureHash, params });
  return { checkpoint, loaded, network, kind: averaged ? 'ema' : 'raw', weights, imageFormat };
}

/** The model with as many classes as the weights are for. */
function fittingNetwork(
  loaded: LoadedModel,
  image: Network['image'] | undefined,
  weights: ReadonlyMap<string, TensorData>,
): Network {
  const network = networkOf(loaded, { image });
  const fits = network.weights.every(
    ({ name, shape }) => weights.get(name)?.shape.join() === shape.join(),
  );
  const classes = fits ? undefined : classesOf(loaded, network, (name) => weights.get(name)?.shape);
  return classes === undefined ? network : networkOf(loaded, { image, classes });
}

const isAverage = (key: string): boolean => key.startsWith('ema.');

/** The keys of the moving average, which all weights have or none, or of the weights themselves. */
function keysOf(
  keys: readonly string[],
  wanted: ExportOptions['weights'],
  folder: string,
): readonly string[] {
  const averages = keys.filter(isAverage);
  if (wanted === 'ema' && averages.length === 0)
    throw new ConfigError(`${folder} has no moving average of its weights`, {
      code: 'no-average',
      where: '--weights',
      hint: 'leave --weights out; the key `ema` of a training config keeps an average',
    });
  return wanted === 'raw' || averages.length === 0 ? keys.filter(isWeightKey) : averages;
}

const onlyOnnx = ['batch', 'opset', 'imageFormat'] as const;

/** The format asked for, or the extension's. Throws a ConfigError for options that it does not have. */
function formatOf(options: ExportOptions): ExportFormat {
  const { out } = options;
  const format = options.format ?? exportFormats.find((name) => extname(out) === `.${name}`);
  if (format === undefined)
    throw new ConfigError(`${out} does not tell the format`, {
      code: 'export-format',
      where: '--out',
      hint: 'give --format onnx or --format safetensors, or a file that ends in one of them',
    });
  const strange =
    format === 'onnx'
      ? options.names !== undefined && 'names'
      : onlyOnnx.find((key) => options[key] !== undefined);
  if (!strange) return format;
  const flag = `--${strange.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new ConfigError(`${format} takes no ${flag}`, {
    code: 'export-option',
    where: flag,
    hint: `it is for ${format === 'onnx' ? 'safetensors' : 'onnx'}`,
  });
}

function requireFile(out: string): void {
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  throw new ConfigError(`${out} is a folder`, {
    code: 'export-folder',
    where: '--out',
    hint: `give a file, such as ${join(out, 'model.onnx')}`,
  });
}
