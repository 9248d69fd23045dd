import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { OnnxGraph, OnnxModel, OnnxValueInfo } from '../onnx/model.js';
import { readModel } from '../onnx/reader.js';
import { ArtifactError } from '../support/errors.js';
import { formatShape } from '../support/shape.js';
import { externalReader, readOnnxBytes } from './onnxFiles.js';
import type { Normalisation } from './teacher.js';

/** A classifier in an .onnx file, whoever wrote it. */
export interface OnnxClassifier {
  readonly name: string;
  /** Names of the image and of the scores. */
  readonly input: string;
  readonly output: string;
  /** Images of a run, where the file fixes it. */
  readonly batch: number | undefined;
  readonly classes: number;
  /** [C,H,W] */
  readonly image: readonly [number, number, number];
  readonly imageFormat: 'float32-nchw' | 'uint8-nhwc';
  /** What an export by Gradus wants done to float images. */
  readonly normalise: Normalisation | undefined;
  /** Whether the graph ends in a softmax, so that its scores are probabilities. */
  readonly softmax: boolean;
  /** SHA-256 of the model and its external data. */
  readonly fingerprint: string;
}

/**
 * Reads what a file takes and gives. Throws an ArtifactError unless it takes one image, [N,C,H,W]
 * of float32 or [N,H,W,C] of uint8, and gives scores [N,classes] of float32.
 */
export function readOnnxClassifier(path: string): OnnxClassifier {
  const { model, fingerprint } = readWithFingerprint(path);
  const { graph } = model;
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const image = only(
    graph.inputs.filter(({ name }) => !weights.has(name)),
    path,
    'one input, an image [N,C,H,W] of float32 or [N,H,W,C] of uint8',
    ({ dtype, shape }) =>
      (dtype === 'float32' || dtype === 'uint8') &&
      shape?.length === 4 &&
      shape.slice(1).every(isNumber),
  );
  const scores = only(
    graph.outputs,
    path,
    'one output, scores [N,classes] of float32',
    ({ dtype, shape }) => dtype === 'float32' && shape?.length === 2 && isNumber(shape[1]),
  );
  const [batch, ...dims] = image.shape ?? [];
  const [a = 0, b = 0, c = 0] = dims.map(Number);
  const bytes = image.dtype === 'uint8';
  return {
    name: basename(path, '.onnx'),
    input: image.name,
    output: scores.name,
    batch: isNumber(batch) ? batch : undefined,
    classes: Number(scores.shape?.[1]),
    image: bytes ? [c, a, b] : [a, b, c],
    imageFormat: bytes ? 'uint8-nhwc' : 'float32-nchw',
    normalise: bytes ? undefined : normalisationOf(model),
    softmax: makerOf(graph, scores.name) === 'Softmax',
    fingerprint,
  };
}

function readWithFingerprint(path: string): { model: OnnxModel; fingerprint: string } {
  const bytes = readOnnxBytes(path);
  const hash = createHash('sha256').update(bytes);
  const model = readModel(bytes, {
    file: basename(path),
    external: externalReader(path, (part) => hash.update(part)),
  });
  return { model, fingerprint: hash.digest('hex') };
}

/** The mean and std that `gradus export` records, where they change anything. */
function normalisationOf({ metadata }: OnnxModel): Normalisation | undefined {
  const numbers = (key: string): number[] =>
    (metadata[key] ?? '').split(',').filter(Boolean).map(Number);
  const [mean, std] = [numbers('gradus.mean'), numbers('gradus.std')];
  if (mean.length !== std.length || mean.length === 0) return undefined;
  return mean.every((m) => m === 0) && std.every((s) => s === 1) ? undefined : { mean, std };
}

function isNumber(dim: unknown): dim is number {
  return typeof dim === 'number';
}

function only(
  values: readonly OnnxValueInfo[],
  path: string,
  wanted: string,
  fits: (value: OnnxValueInfo) => boolean,
): OnnxValueInfo {
  const [value] = values;
  if (value && values.length === 1 && fits(value)) return value;
  const found = values.map(
    ({ name, dtype, shape }) =>
      `${name} ${shape ? formatShape(shape) : 'of unknown rank'} of ${typeof dtype === 'string' ? dtype : 'another type'}`,
  );
  throw new ArtifactError(`${path} is no classifier: it has to have ${wanted}`, {
    code: 'not-a-classifier',
    where: path,
    notes: [`it has ${found.length === 0 ? 'none' : found.join(', ')}`],
    hint: 'export the network with its weights inside: gradus export CHECKPOINT --out model.onnx',
  });
}

/** The operator that makes a value. */
function makerOf({ nodes }: OnnxGraph, name: string): string | undefined {
  return nodes.find(({ outputs }) => outputs.includes(name))?.opType;
}
