import { createHash } from 'node:crypto';
import type { Manifest } from '../artifacts/manifest.js';
import type { Model } from '../nn/defineModel.js';
import { loadCheckpoint, requireArchitecture, resolveCheckpoint } from '../runtime/checkpoint.js';
import type { OnnxSource } from '../runtime/onnxFile.js';
import { ConfigError } from '../support/errors.js';
import type { TensorData } from '../support/tensor.js';
import { compileModel, type CompileModelOptions } from './compileModel.js';
import { readOnnxClassifier } from './onnxTeacher.js';
import { trainedWith } from './trainFromConfig.js';

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
  /** Names of the classes, in the order of its scores. */
  readonly classes: readonly string[];
}

/**
 * Where a teacher comes from: an .onnx file, a checkpoint that `gradus train` made (or a run, which
 * stands for its best), or a model with a checkpoint.
 */
export type TeacherSource =
  | string
  | {
      readonly model: string | Model;
      /** A checkpoint's folder, or a run's: then its best. */
      readonly checkpoint: string;
      readonly compile?: Pick<CompileModelOptions, 'classes' | 'size' | 'imageFormat'>;
      readonly classNames?: readonly string[] | undefined;
    };

export interface TeacherOptions {
  /** Images of a run. */
  readonly batch: number;
  /** Names of the classes, where the source does not tell them. */
  readonly classNames?: readonly string[] | undefined;
}

/**
 * Makes a teacher ready: the moving average of its weights, batch normalisation folded into the
 * convolutions, no noise. Throws an ArtifactError for a checkpoint or file that is damaged or of
 * another architecture.
 */
export async function loadTeacher(
  source: TeacherSource,
  options: TeacherOptions,
): Promise<Teacher> {
  if (typeof source === 'string' && source.endsWith('.onnx')) return onnxTeacher(source, options);
  const given = typeof source === 'string' ? trainedTeacher(source) : source;
  const checkpoint = loadCheckpoint(resolveCheckpoint(given.checkpoint));
  const { manifest } = await compileModel(given.model, { ...given.compile, artifacts: ['init'] });
  requireArchitecture(checkpoint, manifest);
  const compiled = await compileModel(given.model, {
    ...given.compile,
    artifacts: ['infer'],
    batch: options.batch,
    weights: averaged(checkpoint.tensors),
    foldBatchNorm: true,
  });
  const { infer } = compiled.artifacts;
  if (!infer) throw new ConfigError('no inference graph was compiled', { code: 'no-infer' });
  const { sha256 } = checkpoint.state.tensors;
  return {
    name: manifest.name,
    path: checkpoint.path,
    fingerprint: createHash('sha256')
      .update(`${sha256} ${manifest.architectureHash}`)
      .digest('hex'),
    manifest: compiled.manifest,
    infer: infer.onnx.bytes,
    softmax: false,
    classes: namesOf(manifest.classes, options.classNames ?? given.classNames, checkpoint.path),
  };
}

function onnxTeacher(path: string, { batch, classNames }: TeacherOptions): Teacher {
  const { manifest, softmax, fingerprint } = readOnnxClassifier(path);
  return {
    name: manifest.name,
    path,
    fingerprint,
    // A file with a batch of its own runs with that one.
    manifest: manifest.batch === 'dynamic' ? { ...manifest, batch } : manifest,
    infer: path,
    softmax,
    classes: namesOf(manifest.classes, classNames, path),
  };
}

function trainedTeacher(path: string): Exclude<TeacherSource, string> {
  const checkpoint = resolveCheckpoint(path);
  const { model, config, classNames } = trainedWith(checkpoint);
  return { model, checkpoint, compile: { classes: config.classes }, classNames };
}

/** Weights and batch statistics, by the moving average where there is one. */
function averaged(tensors: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  const weights = new Map(tensors);
  for (const [key, tensor] of tensors)
    if (key.startsWith('ema.')) weights.set(key.slice('ema.'.length), tensor);
  return weights;
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
