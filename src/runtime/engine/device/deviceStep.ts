import type { Manifest } from '../../../contract/manifest.js';
import { batchOf, requireArtifact, type BatchArrays } from '../batchArrays.js';
import { DeviceLog } from './deviceLog.js';
import { AccumulateProgram, TrainProgram, type DeviceProgram } from './devicePrograms.js';
import { longestQueue } from './deviceQueue.js';
import { DeviceState } from './deviceState.js';
import type { Executor, Session } from '../executor.js';
import { runAlone, type QueueingRunner, type StepRequest, type StepResult } from '../step.js';

export interface DeviceRunnerOptions {
  readonly seed: number;
  /** Images of a run; the manifest's where missing. */
  readonly batch?: number | undefined;
  /** Makes the sessions that copy, add and log. */
  readonly executor: Executor;
}

/**
 * Steps whose state stays on a device: images, targets, masks and rates go up, a row of scalars comes
 * down when someone asks. The artifacts' sessions leave their results on the device.
 */
export class DeviceRunner implements QueueingRunner {
  /** When the first step that nobody has asked about was started. */
  #since = 0;

  private constructor(
    readonly buffers: DeviceState,
    private readonly program: DeviceProgram,
    private readonly log: DeviceLog,
  ) {}

  /** The whole step in one artifact, `train`. */
  static async train(
    manifest: Manifest,
    session: Session,
    options: DeviceRunnerOptions,
  ): Promise<DeviceRunner> {
    const info = requireArtifact(manifest, 'train');
    const images = batchOf(manifest, options.batch);
    const state = await DeviceState.create([info], options.executor);
    const program = new TrainProgram(info, session, state, images, options.seed);
    return DeviceRunner.#of(state, program, options.executor);
  }

  /** `grad` on each of `count` micro-batches, then `update`. */
  static async accumulate(
    manifest: Manifest,
    sessions: { readonly grad: Session; readonly update: Session },
    count: number,
    { seed, batch, executor }: DeviceRunnerOptions,
  ): Promise<DeviceRunner> {
    const grad = { info: requireArtifact(manifest, 'grad'), session: sessions.grad };
    const update = { info: requireArtifact(manifest, 'update'), session: sessions.update };
    const perRun = batchOf(manifest, batch);
    const state = await DeviceState.create([grad.info, update.info], executor);
    const options = { perRun, count, seed };
    const program = await AccumulateProgram.create({ grad, update }, state, options, executor);
    return DeviceRunner.#of(state, program, executor);
  }

  static async #of(
    state: DeviceState,
    program: DeviceProgram,
    executor: Executor,
  ): Promise<DeviceRunner> {
    const log = await DeviceLog.create(program.scalars, longestQueue, executor);
    return new DeviceRunner(state, program, log);
  }

  get images(): number {
    return this.program.images;
  }

  async queue(batch: BatchArrays, request: StepRequest): Promise<void> {
    if (this.log.rows === 0) this.#since = performance.now();
    await this.log.add(await this.program.start(batch, request));
  }

  async results(): Promise<readonly StepResult[]> {
    const rows = await this.log.read();
    const runTime = (performance.now() - this.#since) / rows.length;
    return rows.map((row) => ({ ...this.program.result(row), runTime }));
  }

  run(batch: BatchArrays, request: StepRequest): Promise<StepResult> {
    return runAlone(this, batch, request);
  }

  /** Lets go of what lies on the device, and of the sessions made here. */
  async release(): Promise<void> {
    await this.log.release();
    await this.program.release();
    await this.buffers.release();
  }
}
