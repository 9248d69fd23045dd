import type { ArtifactInfo, Manifest } from '../../contract/manifest.js';
import { batchOf, requireArtifact, type BatchArrays } from './batchArrays.js';
import type { StateStore } from './buffers.js';
import { DeviceMemory } from './device/deviceMemory.js';
import type { Executor, Session, Tensor } from './executor.js';
import { HostMemory, type Memory, type StepLog } from './memory.js';
import { AccumulateProgram, TrainProgram, type Program } from './programs.js';
import { StepRunner, type StepRequest, type StepResult } from './step.js';

export interface RunnerOptions {
  readonly seed: number;
  /** Images of a run (default: the manifest's batch). */
  readonly batch?: number | undefined;
  /** Says where values are between runs, and makes the sessions that move them. */
  readonly executor: Executor;
}

/** Runs the whole step in one artifact, `train`. */
export async function createTrainRunner(
  manifest: Manifest,
  session: Session,
  { executor, batch, seed }: RunnerOptions,
): Promise<StepRunner> {
  const info = requireArtifact(manifest, 'train');
  const images = batchOf(manifest, batch);
  return runnerOf(
    executor,
    [info],
    async (memory) => new TrainProgram({ info, session }, memory, images, seed),
  );
}

/** Runs `grad` on each of `count` micro-batches, then `update`. */
export async function createAccumulateRunner(
  manifest: Manifest,
  sessions: { readonly grad: Session; readonly update: Session },
  count: number,
  { executor, batch, seed }: RunnerOptions,
): Promise<StepRunner> {
  const grad = { info: requireArtifact(manifest, 'grad'), session: sessions.grad };
  const update = { info: requireArtifact(manifest, 'update'), session: sessions.update };
  const options = { perRun: batchOf(manifest, batch), count, seed };
  return runnerOf(executor, [grad.info, update.info], (memory) =>
    AccumulateProgram.create({ grad, update }, memory, options),
  );
}

async function runnerOf(
  executor: Executor,
  artifacts: readonly ArtifactInfo[],
  programIn: <T extends Tensor>(memory: Memory<T>) => Promise<Program<T>>,
): Promise<StepRunner> {
  return executor.staysOnDevice
    ? loopIn(await DeviceMemory.create(artifacts, executor), programIn)
    : loopIn(new HostMemory(artifacts), programIn);
}

async function loopIn<T extends Tensor>(
  memory: Memory<T>,
  programIn: (memory: Memory<T>) => Promise<Program<T>>,
): Promise<StepRunner> {
  const program = await programIn(memory);
  return new StepLoop(memory, program, await memory.log(program.scalars));
}

/** The one loop of steps: images, targets, masks and rates go in, the scalars of each step come out. */
class StepLoop<T extends Tensor> extends StepRunner {
  constructor(
    private readonly memory: Memory<T>,
    private readonly program: Program<T>,
    private readonly log: StepLog<T>,
  ) {
    super();
  }

  get images(): number {
    return this.program.images;
  }

  get buffers(): StateStore {
    return this.memory.state;
  }

  async queue(batch: BatchArrays, request: StepRequest): Promise<void> {
    this.log.begin();
    await this.log.add(await this.program.start(batch, request));
  }

  async results(): Promise<readonly StepResult[]> {
    const steps = await this.log.read();
    return steps.map(({ scalars, runTime }) => ({ ...this.program.result(scalars), runTime }));
  }

  /** Lets go of what lies on the device, and of the sessions made here. */
  async release(): Promise<void> {
    await this.log.release();
    await this.program.release();
    await this.memory.release();
  }
}
