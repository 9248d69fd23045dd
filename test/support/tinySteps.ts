import type { Compiled } from '../../src/compiler/compile/compile.js';
import { allocateBatch, batchOf, type BatchArrays } from '../../src/runtime/engine/batchArrays.js';
import type { Session } from '../../src/runtime/engine/executor.js';
import { onnxruntimeNode } from '../../src/runtime/executors/onnxruntimeNode.js';
import type { StepRunner } from '../../src/runtime/engine/step.js';
import { createAccumulateRunner, createTrainRunner } from '../../src/runtime/engine/stepLoop.js';
import { invariant } from '../../src/support/errors.js';
import { uniform } from '../../src/support/random.js';
import type { TensorData } from '../../src/support/tensor.js';

const executor = onnxruntimeNode({ threads: 1 });

type Kind = 'train' | 'grad' | 'update';

/** A session of an artifact of a compilation on the CPU provider. */
export async function sessionOf({ artifacts }: Compiled, kind: Kind): Promise<Session> {
  const artifact = artifacts[kind];
  invariant(artifact, `${kind} was compiled`);
  return executor.create(artifact.onnx.bytes, { training: true });
}

/** A runner of `train` with initial weights. */
export async function trainRunner(compiled: Compiled): Promise<StepRunner> {
  const session = await sessionOf(compiled, 'train');
  const runner = await createTrainRunner(compiled.manifest, session, { executor, seed: 1 });
  await runner.buffers.initialize(compiled.initial.held());
  return runner;
}

/** A runner of `grad` on `count` micro-batches and `update`, with initial weights. */
export async function accumulateRunner(compiled: Compiled, count: number): Promise<StepRunner> {
  const sessions = {
    grad: await sessionOf(compiled, 'grad'),
    update: await sessionOf(compiled, 'update'),
  };
  const options = { executor, seed: 1 };
  const runner = await createAccumulateRunner(compiled.manifest, sessions, count, options);
  await runner.buffers.initialize(compiled.initial.held());
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
