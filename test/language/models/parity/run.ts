import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ArtifactKind } from '../../../../src/contract/artifactKinds.js';
import type { TensorInfo } from '../../../../src/contract/manifest.js';
import type { Compiled } from '../../../../src/compiler/compile/compile.js';
import { invariant } from '../../../../src/support/errors.js';
import { staticSize } from '../../../../src/support/shape.js';

/** The shape of a tensor of an artifact that was compiled for a fixed batch. */
export function shapeOf({ name, shape }: TensorInfo): number[] {
  return shape.map((dim) => {
    invariant(typeof dim === 'number', `${name} has an open dimension`);
    return dim;
  });
}

/** Runs an artifact once in onnxruntime; `feed` gives the values of each input that it asks for. */
export async function runArtifact(
  { artifacts, manifest }: Compiled,
  kind: ArtifactKind,
  feed: (info: TensorInfo) => Float32Array,
): Promise<ReadonlyMap<string, Float32Array>> {
  const [artifact, info] = [artifacts[kind], manifest.artifacts[kind]];
  invariant(artifact && info, `${kind} was not compiled`);
  const session = await InferenceSession.create(artifact.onnx.bytes, {
    executionProviders: ['cpu'],
    logSeverityLevel: 3,
  });
  const feeds = info.inputs.map((input) => {
    const values = feed(input);
    invariant(values.length === staticSize(shapeOf(input)), `${values.length} for ${input.name}`);
    return [input.name, new Tensor('float32', values, shapeOf(input))] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return new Map(
    Object.entries(results).map(([name, { data }]) => {
      invariant(data instanceof Float32Array, `${name} is no float32`);
      return [name, data];
    }),
  );
}
