import type { Compiled } from '../../src/compiler/compile/compile.js';
import { allocateBatch, batchOf, type BatchArrays } from '../../src/runtime/engine/batchArrays.js';
import type { Session } from '../../src/runtime/engine/executor.js';
import { onnxruntimeNode } from '../../src/runtime/executors/onnxruntimeNode.js';
import { AccumulateRunner, TrainRunner, type StepRunner } from '../../src/runtime/engine/step.js';
import { invariant } from '../../src/support/errors.js';
import { uniform } from '../../src/support/random.js';
import type { TensorData } from '../../src/support/tensor.js';

type Kind = 'train' | 'grad' | 'update';

/** A session of an artifact of a compilation on the CPU provider. */
export async function sessionOf({ artifacts }: Compiled, kind: Kind): Promise<Session> {
  const artifact = artifacts[kind];
  invariant(artifact, `${kind} was compiled`);
  return onnxruntimeNode({ threads: 1 }).create(artifact.onnx.bytes, { training: true });
}

/** A runner of `train` with initial weights. */
export async function trainRunner(compiled: Compiled): Promise<TrainRunner> {
  const runner = new TrainRunner(compiled.manifest, await sessionOf(compiled, 'train'), 1);
  runner.buffers.initialize(compiled.initial.held());
  return runner;
}

/** A runner of `grad` on `count` micro-batches and `update`, with initial weights. */
export async function accumulateRunner(
  compiled: Compiled,
  count: number,
): Promise<AccumulateRunner> {
  const [grad, update] = [await sessionOf(compiled, 'grad'), await sessionOf(compiled, 'update')];
  const runner = new AccumulateRunner(compiled.manifest, { grad, update }, 1, count);
  runner.buffers.initialize(compiled.initial.held());
  return runner;
}

/** Random images with labels in turns; a function of the step. */
export function batchOfStep(
  { manifest }: Compiled,
  step: number,
  images = batchOf(manifest, undefined),
): BatchArrays {
  const batch = allocateBatch(manifest, images, (size) => new ArrayBuffer(size));
  const pixels = uniform(batch.image.length, 7, { step, site: 0, sample: 0 });
  const bytes = batch.image instanceof Uint8Array;
  batch.image.set(bytes ? pixels.map((u) => Math.floor(256 * u)) : pixels);
  for (let i = 0; i < images; i++) batch.target[i * manifest.classes + ((i + step) % 4)] = 1;
  batch.weight.fill(1);
  return batch;
}

/** A copy of a runner's state. */
export async function stateOf({ buffers }: StepRunner): Promise<Map<string, TensorData>> {
  const state = await buffers.state();
  return new Map(
    [...state].map(([key, { data, ...type }]) => [key, { ...type, data: data.slice() }]),
  );
}
