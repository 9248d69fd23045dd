/** The thread in which a training run's sessions live; TrainClient starts it. */
import { parentPort, threadId } from 'node:worker_threads';
import type { CheckpointState } from '../../contract/checkpointSchema.js';
import { stepsPerRunOf } from '../../contract/steps.js';
import { ConfigError, invariant } from '../../support/errors.js';
import { notFinite } from '../../support/finite.js';
import { packError } from '../../support/packError.js';
import { requireArtifact, type BatchArrays, type InferArrays } from '../engine/batchArrays.js';
import { loadCheckpoint, requireArchitecture, saveCheckpoint } from '../storage/checkpoint.js';
import { inTurn } from '../engine/device/deviceTurn.js';
import { InferRunner } from '../engine/infer.js';
import type { Executor, Session } from '../engine/executor.js';
import { onnxruntimeNode } from '../executors/onnxruntimeNode.js';
import { SeveralStepsRunner } from '../engine/severalSteps.js';
import type { StepRunner } from '../engine/step.js';
import { createAccumulateRunner, createTrainRunner } from '../engine/stepLoop.js';
import type {
  Command,
  CommandName,
  Commands,
  Reply,
  SharedSlots,
  TrainSetup,
} from './trainProtocol.js';

type Handlers = {
  readonly [K in CommandName]: (
    takes: Commands[K]['takes'],
  ) => Promise<Commands[K]['gives']> | Commands[K]['gives'];
};

const port = parentPort;
invariant(port, 'trainWorker runs as a worker thread');

let setup: (TrainSetup & SharedSlots) | undefined;
let runner: StepRunner | undefined;
let infer: InferRunner | undefined;
const sessions: Session[] = [];

const handlers: Handlers = {
  async setup(given) {
    setup = given;
    const { artifacts, inferBatch, batch } = given;
    runner = await createRunner(given);
    if (artifacts.infer !== undefined)
      infer = new InferRunner(given.manifest, await open('infer'), inferBatch ?? batch);
  },
  async initialize(weights) {
    await forgetResults();
    await training().buffers.initialize(weights);
  },
  async load(tensors) {
    await forgetResults();
    await training().buffers.load(tensors);
  },
  resume: (path) => resume(path),
  async step({ slot, later, ...request }) {
    const steps = training();
    await steps.queue(batchSlot(slot), request);
    return later ? [] : steps.results();
  },
  async infer({ slot, weights, noise }) {
    invariant(infer, 'no infer artifact was given');
    const source = weights === 'inside' ? undefined : training().buffers.weights(weights);
    return infer.run(inferSlot(slot), source, noise);
  },
  // Looked at on the host: WebGPU's kernels and its drivers' compilers need not keep a NaN.
  notFinite: async () => notFinite(await training().buffers.state()),
  state: () => training().buffers.state(),
  save: async ({ folder, meta }) => saveCheckpoint(folder, meta, await training().buffers.state()),
  async stop() {
    await runner?.release();
    for (const session of sessions) await session.release();
  },
};

async function open(kind: 'train' | 'grad' | 'update' | 'infer'): Promise<Session> {
  invariant(setup, 'the worker is set up');
  const source = setup.artifacts[kind];
  const { file } = requireArtifact(setup.manifest, kind);
  if (source === undefined)
    throw new ConfigError(`the artifact ${file} was not given`, {
      code: 'artifact-missing',
      where: kind,
    });
  const label = typeof source === 'string' ? source : file;
  const training = kind !== 'infer';
  const executor = executorOf(setup);
  const results = training && executor.staysOnDevice ? 'device' : 'host';
  const session = await executor.create(source, { training, results, label });
  sessions.push(session);
  return session;
}

async function createRunner(given: TrainSetup): Promise<StepRunner | undefined> {
  const { manifest, artifacts, accumulate = 1, batch, seed } = given;
  const executor = executorOf(given);
  if (artifacts.train !== undefined && accumulate === 1) {
    const whole = await open('train');
    return !executor.staysOnDevice && stepsPerRunOf(manifest) > 1
      ? new SeveralStepsRunner(manifest, whole, seed, batch)
      : createTrainRunner(manifest, whole, { executor, seed, batch });
  }
  if (artifacts.grad === undefined && artifacts.train === undefined) return undefined;
  const parts = { grad: await open('grad'), update: await open('update') };
  return createAccumulateRunner(manifest, parts, accumulate, { executor, seed, batch });
}

function executorOf({ session }: TrainSetup): Executor {
  return onnxruntimeNode(session);
}

function training(): StepRunner {
  if (runner) return runner;
  throw new ConfigError(
    'this worker only infers: it needs the artifact train, or grad and update',
    {
      code: 'artifact-missing',
      where: 'train',
    },
  );
}

/** Results of steps that another state replaces are nobody's. */
async function forgetResults(): Promise<void> {
  await training().results();
}

function batchSlot(index: number): BatchArrays {
  const slot = setup?.batches[index];
  invariant(slot, `no batch slot ${index}`);
  return slot;
}

function inferSlot(index: number): InferArrays {
  const slot = setup?.infers[index];
  invariant(slot, `no infer slot ${index}`);
  return slot;
}

async function resume(path: string): Promise<CheckpointState> {
  invariant(setup, 'the worker is set up');
  const checkpoint = loadCheckpoint(path);
  requireArchitecture(checkpoint, setup.manifest);
  await forgetResults();
  await training().buffers.load(checkpoint.tensors);
  return checkpoint.state;
}

async function handle<K extends CommandName>(
  name: K,
  takes: Commands[K]['takes'],
): Promise<Commands[K]['gives']> {
  return handlers[name](takes);
}

/** Turnstile that this thread waits at before it uses a device; the CPU is shared freely. */
function turnsOf(given: (TrainSetup & SharedSlots) | undefined) {
  return given && executorOf(given).staysOnDevice ? given.turns : undefined;
}

async function answer({ id, name, takes }: Command): Promise<Reply> {
  try {
    // The client's types tie a command's name to what it takes; a message cannot carry that.
    const handled = () => handle(name, takes as Commands[typeof name]['takes']);
    const turns = turnsOf(name === 'setup' ? (takes as Commands['setup']['takes']) : setup);
    const gives = await (turns ? inTurn(turns, threadId, handled) : handled());
    return { id, ok: true, gives };
  } catch (error) {
    return { id, ok: false, error: packError(error, 'training') };
  }
}

let queue = Promise.resolve();

port.on('message', (command: Command) => {
  queue = queue.then(async () => {
    port.postMessage(await answer(command));
    // With its port closed the thread ends by itself; terminating it inside a run aborts the process.
    if (command.name === 'stop') port.close();
  });
});
