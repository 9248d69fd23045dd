import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Manifest, TensorInfo } from '../artifacts/manifest.js';
import type { OnnxGraph, OnnxModel, OnnxValueInfo } from '../onnx/model.js';
import { readModel } from '../onnx/reader.js';
import { readError } from '../runtime/fileErrors.js';
import { ArtifactError } from '../support/errors.js';
import { formatShape } from '../support/shape.js';

/** A classifier in an .onnx file, whoever wrote it. */
export interface OnnxClassifier {
  /** What a manifest would say of it: one image input, one output of scores. */
  readonly manifest: Manifest;
  /** Whether the graph ends in a softmax, so that its scores are probabilities. */
  readonly softmax: boolean;
  /** SHA-256 of the model and its external data. */
  readonly fingerprint: string;
}

/**
 * Reads what a file takes and gives. Throws an ArtifactError unless it takes one image
 * [N,C,H,W] of float32 and gives scores [N,classes].
 */
export function readOnnxClassifier(path: string): OnnxClassifier {
  const hash = createHash('sha256');
  let model: OnnxModel;
  try {
    const bytes = readFileSync(path);
    hash.update(bytes);
    model = readModel(bytes, {
      file: basename(path),
      external: (location, offset, length) => {
        const part = readPart(resolve(dirname(path), location), offset, length);
        hash.update(part);
        return part;
      },
    });
  } catch (error) {
    throw error instanceof ArtifactError ? error : readError(error, path);
  }
  const { graph } = model;
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const image = only(
    graph.inputs.filter(({ name }) => !weights.has(name)),
    path,
    'one input, an image [N,C,H,W] of float32',
    ({ dtype, shape }) =>
      dtype === 'float32' && shape?.length === 4 && shape.slice(1).every(isNumber),
  );
  const scores = only(
    graph.outputs,
    path,
    'one output, scores [N,classes] of float32',
    ({ dtype, shape }) => dtype === 'float32' && shape?.length === 2 && isNumber(shape[1]),
  );
  return {
    manifest: manifestOf(path, image, scores),
    softmax: makerOf(graph, scores.name) === 'Softmax',
    fingerprint: hash.digest('hex'),
  };
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
    hint: 'export the network with its image as the only input: gradus compile MODEL --artifact infer',
  });
}

/** The operator that makes a value. */
function makerOf({ nodes }: OnnxGraph, name: string): string | undefined {
  return nodes.find(({ outputs }) => outputs.includes(name))?.opType;
}

function manifestOf(path: string, image: OnnxValueInfo, scores: OnnxValueInfo): Manifest {
  const [batch, ...shape] = dimsOf(image);
  const [, classes = 0] = dimsOf(scores);
  const [channels = 0, height = 0, width = 0] = shape.map(Number);
  return {
    format: 'gradus-manifest',
    version: 1,
    name: basename(path, '.onnx'),
    model: path,
    architectureHash: '',
    target: 'portable',
    opset: 0,
    batch: isNumber(batch) ? batch : 'dynamic',
    classes: Number(classes),
    image: [channels, height, width],
    imageFormat: 'float32-nchw',
    optimizer: null,
    params: [],
    artifacts: {
      infer: {
        file: basename(path),
        inputs: [tensorInfo(image, 'image')],
        outputs: [tensorInfo(scores, 'logits')],
      },
    },
  };
}

/** Every symbol stands for the batch, the only dimension that may be one. */
function dimsOf({ shape }: OnnxValueInfo): (number | string)[] {
  return (shape ?? []).map((dim) => (isNumber(dim) ? dim : 'N'));
}

function tensorInfo(value: OnnxValueInfo, role: 'image' | 'logits'): TensorInfo {
  return { name: value.name, role, dtype: 'float32', shape: dimsOf(value) };
}

function readPart(path: string, offset: number, length: number | undefined): Uint8Array {
  const bytes = new Uint8Array(length ?? Math.max(0, statSync(path).size - offset));
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
  } finally {
    closeSync(file);
  }
}
