import { createHash } from 'node:crypto';
import type { Manifest, TensorInfo } from '../artifacts/manifest.js';
import { compileInference } from '../compiler/inference.js';
import type { Model } from '../nn/defineModel.js';
import type { OnnxSource } from '../runtime/onnxFile.js';
import { ConfigError } from '../support/errors.js';
import { withNetwork, type CheckpointNetwork } from './checkpointNetwork.js';
import { readOnnxClassifier } from './onnxTeacher.js';

/** How a float image is made of pixels of 0 to 1: (pixel - mean) / std, by channel. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A network that can label images. */
export interface Teacher {
  /** Its model's name. */
  readonly name: string;
  /** The checkpoint's folder, or the .onnx file. */
  readonly path: string;
  /** SHA-256 of its weights and architecture: tells teachers apart. */
  readonly fingerprint: string;
  readonly manifest: Manifest;
  /** The inference graph with its weights inside. */
  readonly infer: OnnxSource;
  /** Whether the graph's scores are probabilities already. */
  readonly softmax: boolean;
  /** What is to be done to float images before the graph takes them. */
  readonly normalise?: Normalisation | undefined;
  /** Names of the classes, in the order of its scores. */
  readonly classes: readonly string[];
}

/**
 * Where a teacher comes from: an .onnx file, a checkpoint (or a run, which stands for its best), or
 * a checkpoint with the model that it is of.
 */
export type TeacherSource =
  | string
  | {
      /** A checkpoint's folder, or a run's: then its best. */
      readonly checkpoint: string;
      readonly model: string | Model;
    };

export interface TeacherOptions {
  /** Images of a run. */
  readonly batch: number;
  /** Names of the classes; their numbers where missing. */
  readonly classNames?: readonly string[] | undefined;
}

/**
 * Makes a teacher ready: the moving average of its weights where there is one, batch normalisation
 * folded into the convolutions, no noise. Throws an ArtifactError for a checkpoint or file that is
 * damaged or of another model.
 */
export async function loadTeacher(
  source: TeacherSource,
  options: TeacherOptions,
): Promise<Teacher> {
  if (typeof source === 'string' && source.endsWith('.onnx')) return onnxTeacher(source, options);
  const { checkpoint, model } =
    typeof source === 'string' ? { checkpoint: source, model: undefined } : source;
  return withNetwork(checkpoint, { model }, (network) => checkpointTeacher(network, options));
}

function checkpointTeacher(source: CheckpointNetwork, options: TeacherOptions): Teacher {
  const { path, state, loaded, network, weights } = source;
  const { batch, classNames } = options;
  // What was trained on floats was given the pixels as they are.
  const { imageFormat = 'uint8-nhwc' } = source;
  const { classes, image, name } = network;
  const { onnx, inputs, outputs } = loaded.tracing(() =>
    compileInference(loaded.model, {
      weights,
      file: 'infer.onnx',
      opset: 21,
      trace: { batch, imageFormat, classes, image },
    }),
  );
  if (onnx.external)
    throw new ConfigError(`${name} is too big to be held in memory as one model`, {
      code: 'model-too-big',
      where: path,
      hint: 'export it first, and label with the file: gradus export CHECKPOINT --out model.onnx',
    });
  const [input] = inputs;
  const [output] = outputs;
  return {
    name,
    path,
    fingerprint: createHash('sha256')
      .update(`${state.tensors.sha256} ${network.architectureHash} ${weights.kind}`)
      .digest('hex'),
    manifest: inferManifest({
      name,
      model: loaded.source,
      batch,
      classes,
      image,
      imageFormat,
      input: input?.name ?? 'image',
      output: output?.name ?? 'logits',
    }),
    infer: onnx.bytes,
    softmax: false,
    classes: namesOf(classes, classNames, path),
  };
}

function onnxTeacher(path: string, { batch, classNames }: TeacherOptions): Teacher {
  const found = readOnnxClassifier(path);
  return {
    name: found.name,
    path,
    fingerprint: found.fingerprint,
    manifest: inferManifest({
      ...found,
      model: path,
      // A file with a batch of its own runs with that one.
      batch: found.batch ?? batch,
    }),
    infer: path,
    softmax: found.softmax,
    normalise: found.normalise,
    classes: namesOf(found.classes, classNames, path),
  };
}

interface InferFacts extends Pick<
  Manifest,
  'name' | 'model' | 'classes' | 'image' | 'imageFormat'
> {
  readonly batch: number;
  /** Names of the image and of the scores. */
  readonly input: string;
  readonly output: string;
}

/** A manifest of nothing but an inference graph with its weights inside. */
function inferManifest({ input, output, ...facts }: InferFacts): Manifest {
  const { name, model, batch, classes, image, imageFormat } = facts;
  const [channels, height, width] = image;
  const bytes = imageFormat === 'uint8-nhwc';
  const imageInfo: TensorInfo = {
    name: input,
    role: 'image',
    dtype: bytes ? 'uint8' : 'float32',
    shape: bytes ? [batch, height, width, channels] : [batch, ...image],
  };
  const scores: TensorInfo = {
    name: output,
    role: 'logits',
    dtype: 'float32',
    shape: [batch, classes],
  };
  return {
    format: 'gradus-manifest',
    version: 1,
    name,
    model,
    architectureHash: '',
    target: 'portable',
    opset: 21,
    batch,
    classes,
    image,
    imageFormat,
    optimizer: null,
    params: [],
    artifacts: { infer: { file: `${name}.onnx`, inputs: [imageInfo], outputs: [scores] } },
  };
}

function namesOf(
  classes: number,
  names: readonly string[] | undefined,
  where: string,
): readonly string[] {
  if (names === undefined) return Array.from({ length: classes }, (_, i) => String(i));
  if (names.length === classes) return names;
  throw new ConfigError(`${names.length} class names for a teacher of ${classes} classes`, {
    code: 'class-count',
    where,
    hint: 'give one name for each of its classes, in their order',
  });
}
