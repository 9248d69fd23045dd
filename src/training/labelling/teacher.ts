import { createHash } from 'node:crypto';
import { artifactFile } from '../../contract/artifactKinds.js';
import type { Manifest, TensorInfo } from '../../contract/manifest.js';
import { compileInference } from '../../compiler/compile/inference.js';
import type { InferencePrecision } from '../../contract/precisions.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { namesDifference } from '../../data/sets/classes.js';
import type { OnnxSource } from '../../runtime/engine/executor.js';
import { ConfigError } from '../../support/errors.js';
import { call, option, phrase } from '../../support/phrase.js';
import { viewOf, type ImageView } from '../../support/imageView.js';
import type { NoiseRates } from '../weights/checkpointModel.js';
import type { Target } from '../../compiler/targets/target.js';
import { withNetwork, type CheckpointNetwork } from '../weights/checkpointNetwork.js';
import { ownClassesKey } from './classifier/classNames.js';
import type { OnnxOptions } from './classifier/reading.js';
import { readOnnxClassifier, type OnnxClassifier } from './onnxTeacher.js';
import { importedPixels } from '../weights/publishedPixels.js';
import { viewOfModel } from '../record/trainingData.js';
import type { ModelChoice } from '../config/config.js';

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
  /** Facts about an .onnx file; undefined for a checkpoint, which takes and gives what Gradus does. */
  readonly onnx?: OnnxClassifier | undefined;
  /** Names of the classes, in the order of its scores; their numbers if nobody names them. */
  readonly classes: readonly string[];
  /** True if `classes` are names. */
  readonly named: boolean;
  /** The noise that it labels with (default: none). */
  readonly noise?: ModelNoise | undefined;
}

/**
 * Dropout and stochastic depth while a teacher labels. Batch normalisation stays as in evaluation.
 * The masks of an image are a function of the seed, the pass and its index.
 */
export interface ModelNoise extends NoiseRates {
  readonly seed: number;
  /** Passes with masks of their own, whose probabilities are averaged; default 1. */
  readonly passes?: number | undefined;
}

/**
 * Source of a teacher: an .onnx file, a checkpoint (or a run, which stands for its best), or a
 * checkpoint with its model.
 */
export type TeacherSource =
  | string
  | {
      /** A checkpoint's folder, or a run's: then its best. */
      readonly checkpoint: string;
      readonly model: ModelChoice | Model;
    };

export interface TeacherOptions {
  /** Images of a run. */
  readonly batch: number;
  /** Names of the classes, if it does not record them; what Gradus recorded must be the same. */
  readonly classNames?: readonly string[] | undefined;
  /**
   * Labels noised. Rates that it leaves out are those of the checkpoint's training, else the
   * model's own. Default none.
   */
  readonly noise?: ModelNoise | undefined;
  /** Target that a checkpoint's graph is lowered for (default: portable). */
  readonly target?: Target | undefined;
  /** Number format of a checkpoint's graph (default: float32). */
  readonly precision?: InferencePrecision | undefined;
  /** The model file of a checkpoint, in place of what its run recorded. */
  readonly model?: ModelChoice | undefined;
  /** Runs the model file that a checkpoint names, also one that its training did not know (default: false). */
  readonly trust?: boolean | undefined;
  /** Facts that an .onnx file does not state about itself. */
  readonly onnx?: OnnxOptions | undefined;
}

/**
 * Makes a teacher ready: the moving average of its weights if there is one, batch normalisation
 * folded into the convolutions, no noise unless told. Throws an ArtifactError for a checkpoint or
 * file that is damaged or of another model, and a ConfigError for noise of an .onnx file.
 */
export async function loadTeacher(
  source: TeacherSource,
  options: TeacherOptions,
): Promise<Teacher> {
  if (typeof source === 'string' && source.endsWith('.onnx')) return onnxTeacher(source, options);
  requireNoOnnxOptions(source, options);
  const { checkpoint, model } =
    typeof source === 'string' ? { checkpoint: source, model: undefined } : source;
  const noised = options.noise !== undefined;
  return withNetwork(
    checkpoint,
    { model: model ?? options.model, trust: options.trust, noised },
    (network) => checkpointTeacher(network, options),
  );
}

/** A checkpoint tells itself how it takes images. */
function requireNoOnnxOptions(source: TeacherSource, { onnx = {} }: TeacherOptions): void {
  const told = Object.entries(onnx).find(([, value]) => value !== undefined)?.[0];
  if (told === undefined) return;
  const path = typeof source === 'string' ? source : source.checkpoint;
  throw new ConfigError(`${path} is a checkpoint, whose ${told} is known`, {
    code: 'onnx-option',
    where: told,
    hint: 'leave the option out: it applies only to .onnx files',
  });
}

function checkpointTeacher(source: CheckpointNetwork, options: TeacherOptions): Teacher {
  const { path, state, loaded, network, weights, classNames: recorded } = source;
  const { batch, classNames, target, precision = 'float32' } = options;
  const noise = options.noise && { ...options.noise, ...ratesOf(options.noise, source.rates) };
  // A network trained on floats was given the pixels unchanged.
  const { imageFormat = 'uint8-nhwc' } = source;
  const { classes, image, name } = network;
  const view = viewOfModel(loaded.model, image);
  const pixels = importedPixels(state.config, path);
  const { onnx, inputs, outputs } = loaded.tracing(() =>
    compileInference(loaded.model, {
      weights,
      file: artifactFile('infer'),
      target,
      precision,
      trace: { batch, imageFormat, classes, image, drop: noise?.drop, dropPath: noise?.dropPath },
      noised: noise !== undefined,
    }),
  );
  requireNoise(name, path, inputs, options.noise);
  if (onnx.external)
    throw new ConfigError(`${name} is too large for one in-memory model`, {
      code: 'model-too-big',
      where: path,
      hint: phrase`export it first and label with the file: ${call('exportModel', 'CHECKPOINT', { out: 'model.onnx' })}`,
    });
  return {
    name,
    path,
    fingerprint: createHash('sha256')
      .update(`${state.tensors.sha256} ${network.architectureHash} ${weights.kind}`)
      .update(precision === 'float32' ? '' : ` ${precision}`)
      .update(noise ? ` noised ${JSON.stringify(noise)}` : '')
      .update(viewPart(view, image))
      .update(pixels === undefined ? '' : ` given ${JSON.stringify(pixels)}`)
      .digest('hex'),
    manifest: inferManifest({
      name,
      model: loaded.source,
      batch,
      classes,
      image,
      imageFormat,
      inputs,
      outputs,
      view,
    }),
    infer: onnx.bytes,
    ...namesOf(classes, classNames, recorded, path),
    noise,
  };
}

/**
 * The part of a fingerprint for how images are seen: '' unless it differs from the default in the
 * pixels that it gives, so that labels of older versions keep theirs.
 */
function viewPart(view: ImageView, image: Manifest['image']): string {
  const usual = viewOf(image);
  const whole = ({ cropPct }: ImageView): number =>
    Math.floor(Math.min(image[1], image[2]) / cropPct);
  const same =
    view.interpolation === usual.interpolation &&
    view.crop === usual.crop &&
    view.pixels === usual.pixels &&
    (view.crop !== 'centre' || whole(view) === whole(usual));
  return same ? '' : ` seen ${JSON.stringify(view)}`;
}

/** Throws if noise is wanted of a network that has none; who asks for a rate of 0 gets it. */
function requireNoise(
  name: string,
  path: string,
  inputs: readonly TensorInfo[],
  wanted: ModelNoise | undefined,
): void {
  if (!wanted || wanted.drop !== undefined || wanted.dropPath !== undefined) return;
  if (inputs.some(({ role }) => role === 'noise')) return;
  throw new ConfigError(`${name} cannot draw noise: it has no dropout and no stochastic depth`, {
    code: 'no-noise',
    where: path,
    hint: 'set the rates of its layers, or train a network that has them',
  });
}

/** Rates that are asked for, else those of the training. */
function ratesOf(wanted: NoiseRates, recorded: NoiseRates): NoiseRates {
  return {
    drop: wanted.drop ?? recorded.drop,
    dropPath: wanted.dropPath ?? recorded.dropPath,
  };
}

function onnxTeacher(path: string, options: TeacherOptions): Teacher {
  const { batch, classNames, noise, precision = 'float32' } = options;
  if (precision !== 'float32')
    throw new ConfigError(`the precision of ${path} is fixed in the file`, {
      code: 'precision',
      option: ['precision'],
      hint: phrase`leave ${option('precision')} out, or pass the checkpoint that it was exported from`,
    });
  if (noise)
    throw new ConfigError(`${path} cannot draw noise: it was exported for evaluation`, {
      code: 'no-noise',
      where: path,
      hint: 'pass the checkpoint that it was exported from',
    });
  const found = readOnnxClassifier(path, options.onnx);
  const { image, scores, classes } = found;
  const [channels, height, width] = image.image;
  // A file with a batch of its own runs with that one.
  const size = image.batch ?? batch;
  const dims = image.layout === 'nchw' ? image.image : ([height, width, channels] as const);
  const imageInfo: TensorInfo = {
    name: image.name,
    role: 'image',
    dtype: image.dtype,
    shape: [size, ...dims],
  };
  const scoresInfo: TensorInfo = {
    name: scores.name,
    role: 'logits',
    dtype: 'float32',
    shape: [size, ...scores.shape.slice(1).map((dim) => (dim === 1 ? 1 : classes))],
  };
  return {
    name: found.name,
    path,
    fingerprint: found.fingerprint,
    manifest: inferManifest({
      name: found.name,
      model: path,
      batch: size,
      classes,
      image: image.image,
      imageFormat: image.dtype === 'uint8' ? 'uint8-nhwc' : 'float32-nchw',
      view: found.view,
      inputs: [imageInfo],
      outputs: [scoresInfo],
    }),
    infer: path,
    onnx: { ...found, notes: [...found.notes, ...noteOfNames(found.names, classNames)] },
    ...namesOf(
      classes,
      classNames ?? found.names,
      found.namesKey === ownClassesKey ? found.names : undefined,
      path,
    ),
  };
}

/** Note about class names that a file lacks, or has in another form. */
function noteOfNames(
  own: readonly string[] | undefined,
  given: readonly string[] | undefined,
): string[] {
  if (!own)
    return [
      given
        ? `it does not name its classes: ${listed(given)} are assumed to be in the order of its scores`
        : 'it does not name its classes: they are named by number',
    ];
  const at = given?.findIndex((name, i) => name !== own[i]) ?? -1;
  if (at < 0) return [];
  return [
    `its metadata calls class ${at} ${JSON.stringify(own[at])}, here it is ${JSON.stringify(given?.[at])}: classes are matched by order`,
  ];
}

function listed(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 3).join(', ')}, ...` : names.join(', ');
}

interface InferFacts extends Pick<
  Manifest,
  'name' | 'model' | 'classes' | 'image' | 'imageFormat' | 'view'
> {
  readonly batch: number;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/** A manifest of nothing but an inference graph with its weights inside. */
function inferManifest({ inputs, outputs, ...facts }: InferFacts): Manifest {
  const { name, model, batch, classes, image, imageFormat, view } = facts;
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
    view,
    optimizer: null,
    params: [],
    artifacts: { infer: { file: `${name}.onnx`, inputs, outputs } },
  };
}

function namesOf(
  classes: number,
  given: readonly string[] | undefined,
  recorded: readonly string[] | undefined,
  where: string,
): Pick<Teacher, 'classes' | 'named'> {
  const names = recorded ?? given;
  if (names === undefined)
    return { classes: Array.from({ length: classes }, (_, i) => String(i)), named: false };
  if (names.length !== classes)
    throw new ConfigError(
      `${names.length} class names do not fit a teacher of ${classes} classes`,
      {
        code: 'class-count',
        where,
        hint: 'pass one name for each of its classes, in their order',
      },
    );
  if (recorded && given) requireSameNames(given, recorded, where);
  return { classes: names, named: true };
}

/** Ensures that a caller's class names do not overrule those of the network's training. */
function requireSameNames(
  given: readonly string[],
  recorded: readonly string[],
  where: string,
): void {
  const difference = namesDifference(given, recorded);
  if (difference === undefined) return;
  throw new ConfigError(`the given class names differ from those recorded in ${where}`, {
    code: 'classes-differ',
    where,
    notes: difference,
    hint: 'leave them out: the network knows those of its training',
  });
}
