import { InferenceSession } from 'onnxruntime-node';
import type { ArtifactKind } from '../../../src/contract/artifactKinds.js';
import type { TensorInfo } from '../../../src/contract/manifest.js';
import type { Compiled } from '../../../src/compiler/compile/compile.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import type { OnnxGraph, OnnxModel } from '../../../src/compiler/onnx/model.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { invariant } from '../../../src/support/errors.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { uniform } from '../../../src/support/random.js';
import type { TensorData } from '../../../src/support/tensor.js';
import { runSession, type Feed } from '../../support/runOnnx.js';

export const onnxKinds = ['infer', 'forward', 'grad', 'update', 'train', 'training-info'] as const;

/** An artifact as it is in its file. */
export function artifactOf({ artifacts }: Compiled, kind: ArtifactKind): OnnxModel {
  const artifact = artifacts[kind];
  invariant(artifact, `${kind} was not compiled`);
  return readModel(artifact.onnx.bytes);
}

export function opTypes({ nodes }: Pick<OnnxGraph, 'nodes'>): string[] {
  return nodes.map(({ opType }) => opType);
}

/** What an input takes: masks and weights of ones, one-hot targets, defaults of hypers, uniform numbers else. */
export function valueOf(info: TensorInfo, batch: number): NdArray {
  const shape = info.shape.map((dim) => (typeof dim === 'number' ? dim : batch));
  const size = shape.reduce((a, b) => a * b, 1);
  const draw = uniform(size, 7, { site: fnv1a32(info.name), step: 0, sample: 0 });
  switch (info.role) {
    case 'noise':
    case 'weight':
      return ndarray(shape, draw.fill(1));
    case 'hyper':
      return ndarray(shape, draw.fill(info.default ?? 0.1));
    case 'target': {
      const classes = shape.at(-1) ?? 1;
      return ndarray(
        shape,
        draw.map((_, i) => Number(i % classes === Math.floor(i / classes) % classes)),
      );
    }
    case 'image':
      return ndarray(shape, info.dtype === 'uint8' ? draw.map((u) => Math.floor(256 * u)) : draw);
    case 'state':
      return ndarray(shape, draw);
    default:
      return ndarray(
        shape,
        draw.map((u) => (info.name.endsWith('running_var') ? 0.5 + u : u - 0.5)),
      );
  }
}

/** Runs bytes of a model in onnxruntime on `valueOf` its inputs, or what `given` says instead. */
export async function runBytes(
  bytes: Uint8Array | undefined,
  inputs: readonly TensorInfo[] | undefined,
  given: ReadonlyMap<string, NdArray> = new Map(),
): Promise<Map<string, NdArray>> {
  invariant(bytes && inputs, 'the artifact was not compiled');
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feeds = inputs.map((info): [string, Feed] => [
    info.name,
    { dtype: info.dtype, value: given.get(info.name) ?? valueOf(info, 4) },
  ]);
  const results = await runSession(session, new Map(feeds));
  await session.release();
  return results;
}

/** Runs an artifact on what its manifest says of its inputs. */
export async function runArtifact(
  { artifacts, manifest }: Compiled,
  kind: ArtifactKind,
  given?: ReadonlyMap<string, NdArray>,
): Promise<Map<string, NdArray>> {
  return runBytes(artifacts[kind]?.onnx.bytes, manifest.artifacts[kind]?.inputs, given);
}

/** Weights and batch statistics that are not the initial ones, so that each of them matters. */
export function someWeights({ manifest, initial }: Compiled): Map<string, TensorData> {
  return new Map(
    manifest.params.map(({ name, shape }) => {
      const start = initial.get(name);
      const noise = valueOf({ name, role: 'param', dtype: 'float32', shape }, 0).data;
      const data = Float32Array.from(noise, (v, i) =>
        name.includes('running_') ? v : Number(start?.data[i] ?? 0) + 0.2 * v,
      );
      return [name, { dtype: 'float32', shape, data }] as const;
    }),
  );
}
