import { statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { exportFormats, type WeightsKind, type ExportFormat } from '../../contract/choices.js';
import type { ImageFormat } from '../../contract/imageFormats.js';
import { compileInference, type InferenceRequest } from '../../compiler/compile/inference.js';
import { classMetadata } from '../../data/sets/classes.js';
import type { ImageInput } from '../../compiler/trace/defineModel.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { streamSafetensors } from '../../runtime/storage/safetensors.js';
import { ConfigError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import { halveMatrices } from '../../support/halveMatrices.js';
import { withNetwork, type CheckpointNetwork, type NetworkChoice } from './checkpointNetwork.js';
import { checkedOpset, writeExternal } from '../build/compileModel.js';
import { unfinishedRun, type UnfinishedRun } from '../record/unfinishedRun.js';
import { viewOfModel } from '../record/trainingData.js';
import { namesOf, type NameOption } from './weightNames.js';
import { checkRanges } from '../../support/optionRanges.js';

export interface ExportOptions extends NetworkChoice {
  /** The file to write. */
  readonly out: string;
  /** Default: by the file's extension. */
  readonly format?: ExportFormat | undefined;
  /** Stores kernels and matrices as float16; onnx casts them to float32 when it is loaded. */
  readonly float16?: boolean | undefined;
  /** safetensors: naming of the tensors (default: as in the model). */
  readonly names?: NameOption | undefined;
  /** onnx: images of a run; default dynamic. */
  readonly batch?: number | 'dynamic' | undefined;
  /** onnx: 17 to 24; default 17, which the most runtimes know. */
  readonly opset?: number | undefined;
  /** onnx: `uint8-nhwc` for 8-bit images, normalised in the graph; default float32-nchw. */
  readonly imageFormat?: ImageFormat | undefined;
  /** onnx: changes the model before it is checked and written. */
  readonly finish?: InferenceRequest['finish'];
  /** Told before the work begins that what is written is a run that has not ended. */
  readonly onUnfinished?: ((run: UnfinishedRun) => void) | undefined;
}

export interface ExportResult {
  readonly checkpoint: string;
  readonly model: string;
  readonly step: number;
  /** Kind of weights that were taken. */
  readonly weights: WeightsKind;
  readonly format: ExportFormat;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly classes: number;
  /** Names of the classes, which the file has too; null if the checkpoint does not record them. */
  readonly classNames: readonly string[] | null;
  /** Matrices that stay float32 in spite of `float16`, since their numbers go beyond its range. */
  readonly tooLarge: readonly string[];
  /** Facts about an ONNX model. */
  readonly onnx?: OnnxFacts;
  /** The run, if it has not ended. */
  readonly unfinished?: UnfinishedRun;
}

/** Facts about an exported ONNX model. */
export interface OnnxFacts {
  readonly opset: number;
  readonly inputs: readonly PortInfo[];
  readonly outputs: readonly PortInfo[];
  /** Normalisation of a pixel in 0..1 for a float32 image: (pixel - mean) / std, by channel. */
  readonly normalisation?: Pick<ImageInput, 'mean' | 'std'>;
}

/** An input or output of an exported ONNX model. */
export interface PortInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/**
 * Writes a checkpoint's network as an inference ONNX model, or its weights as safetensors. `path`
 * is a checkpoint, or a run's folder (then its best). Throws an ArtifactError for a checkpoint that
 * is damaged or of another model, a ConfigError for options that do not fit the format.
 */
export async function exportModel(path: string, options: ExportOptions): Promise<ExportResult> {
  checkRanges('exportModel', options, ['size']);
  if (options.batch !== 'dynamic') checkRanges('exportModel', options, ['batch']);
  const format = formatOf(options);
  requireFile(options.out);
  const unfinished = unfinishedRun(path);
  if (unfinished) options.onUnfinished?.(unfinished);
  return withNetwork(path, options, (source) => {
    makeFolder(dirname(options.out));
    const written = format === 'onnx' ? writeOnnx(source, options) : writeWeights(source, options);
    const { network, weights, state } = source;
    return {
      checkpoint: source.path,
      model: network.name,
      step: state.step,
      weights: weights.kind,
      format,
      classes: network.classes,
      classNames: source.classNames ?? null,
      ...written,
      ...(unfinished && { unfinished }),
    };
  });
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
      metadata: metadataOf(source, imageFormat),
      finish: options.finish,
    }),
  );
  const { parts, external } = made.onnx;
  const files = [{ path: out, bytes: parts.reduce((sum, { length }) => sum + length, 0) }];
  if (external) {
    const side = writeExternal(dirname(out), external);
    files.push({ path: join(dirname(out), side.name), bytes: side.bytes });
  }
  writeFileAtomic(out, parts);
  const port = ({ name, dtype, shape }: PortInfo): PortInfo => ({ name, dtype, shape });
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
  { loaded, weights, classNames }: CheckpointNetwork,
  options: ExportOptions,
): Written {
  const { out, float16 = false } = options;
  const nameOf = namesOf(loaded, options.names);
  // `format` is what transformers and its relatives ask a file for before they read it.
  const metadata = {
    ...{ format: 'pt', model: loaded.model.name, weights: weights.kind },
    ...classMetadata(classNames),
  };
  const { tensors, tooLarge } = float16
    ? halveMatrices(weights.held())
    : { tensors: weights, tooLarge: [] };
  const own = new Map([...tensors.keys()].map((name) => [nameOf(name), name]));
  const get = (name: string) => tensors.get(own.get(name) ?? name);
  const info = (name: string) => (float16 ? get(name) : weights.info(own.get(name) ?? name));
  streamSafetensors(out, { keys: () => own.keys(), info, get }, metadata);
  return { files: [{ path: out, bytes: statSync(out).size }], tooLarge };
}

/** Facts for whoever finds the file without its run; docs/data.md tells how to use them. */
function metadataOf(
  { state, loaded, network, weights, classNames }: CheckpointNetwork,
  imageFormat: ImageFormat,
): Record<string, string> {
  const { mean, std } = loaded.model.input;
  const { interpolation, crop, cropPct, pixels } = viewOfModel(loaded.model, network.image);
  return {
    'gradus.model': network.name,
    'gradus.step': String(state.step),
    'gradus.weights': weights.kind,
    'gradus.mean': mean.join(','),
    'gradus.std': std.join(','),
    'gradus.layout': imageFormat === 'uint8-nhwc' ? 'nhwc' : 'nchw',
    'gradus.range': imageFormat === 'uint8-nhwc' ? '0..255' : '0..1',
    'gradus.interpolation': interpolation,
    'gradus.crop': crop,
    'gradus.crop_pct': String(cropPct),
    'gradus.pixels': pixels,
    ...classMetadata(classNames),
  };
}

const onlyOnnx = ['batch', 'opset', 'imageFormat'] as const;

/** The format asked for, or the extension's. Throws a ConfigError for options that it does not have. */
function formatOf(options: ExportOptions): ExportFormat {
  const { out } = options;
  const format = options.format ?? exportFormats.find((name) => extname(out) === `.${name}`);
  if (format === undefined)
    throw new ConfigError(`the format of ${out} is unknown`, {
      code: 'export-format',
      option: ['out'],
      hint: phrase`pass ${option('format', 'onnx')} or ${option('format', 'safetensors')}, or use one of them as the extension of the file`,
    });
  const strange =
    format === 'onnx'
      ? options.names !== undefined && 'names'
      : onlyOnnx.find((key) => options[key] !== undefined);
  if (!strange) return format;
  throw new ConfigError(phrase`${format} does not support ${option(strange)}`, {
    code: 'export-option',
    option: [strange],
    hint: `leave it out: it applies to ${format === 'onnx' ? 'safetensors' : 'onnx'} only`,
  });
}

function requireFile(out: string): void {
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  throw new ConfigError(`${out} is a folder`, {
    code: 'export-folder',
    option: ['out'],
    hint: `pass a file, such as ${join(out, 'model.onnx')}`,
  });
}
