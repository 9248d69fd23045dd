import '../executors/telemetry.js';
import { Worker } from 'node:worker_threads';
import type { CheckpointState } from '../../contract/checkpointSchema.js';
import type { Manifest } from '../../contract/manifest.js';
import { InternalError, invariant } from '../../support/errors.js';
import { unpackError } from '../../support/packError.js';
import type { TensorData } from '../../support/tensor.js';
import {
  allocateBatch,
  allocateInfer,
  batchOf,
  type BatchArrays,
  type InferArrays,
} from '../engine/batchArrays.js';
import type { WeightKind } from '../engine/buffers.js';
import type { CheckpointMeta } from '../storage/checkpoint.js';
import type { NoiseAt } from '../engine/noise.js';
import { createTurns, endTurn } from '../engine/device/deviceTurn.js';
import type { StepRequest, StepResult } from '../engine/step.js';
import type { Command, CommandName, Commands, Reply, TrainSetup } from './trainProtocol.js';
import { workerUrl } from '../../support/workerUrl.js';

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Places in shared memory that are lent out and come back. */
class SlotPool<T> {
  readonly #free: T[];
  readonly #waiting: ((slot: T) => void)[] = [];
  readonly #indices: ReadonlyMap<T, number>;

  constructor(readonly all: readonly T[]) {
    this.#free = [...all];
    this.#indices = new Map(all.map((slot, i) => [slot, i]));
  }

  async acquire(): Promise<T> {
    return this.#free.pop() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(slot: T): void {
    const next = this.#waiting.shift();
    if (next) next(slot);
    else this.#free.push(slot);
  }

  indexOf(slot: T): number {
    const index = this.#indices.get(slot);
    if (index !== undefined) return index;
    throw new InternalError('arrays that this client did not lend', { code: 'foreign-slot' });
  }
}

/** Two: one is used by the worker while the next is filled. */
const slotCount = 2;

const turns = createTurns();

/**
 * A thread for a client to come, which loads its code meanwhile. Only work under way keeps the process
 * alive, not a forgotten thread.
 */
export function startTrainThread(): Worker {
  const worker = new Worker(workerUrl(import.meta.url, 'trainWorker'));
  worker.unref();
  return worker;
}

/** Ends a thread that no client took. */
export function endTrainThread(worker: Worker): void {
  worker.postMessage({ id: 0, name: 'stop', takes: undefined } satisfies Command);
}

/**
 * Trains in a worker thread, so that this one stays free: fill the next batch while a step runs.
 * Commands run in the order in which they are given.
 */
export class TrainClient {
  /** Images of a whole step: those of a run times the micro-batches. */
  readonly images: number;
  /** Images of one inference. */
  readonly inferImages: number;
  readonly #worker: Worker;
  readonly #batches: SlotPool<BatchArrays>;
  readonly #infers: SlotPool<InferArrays>;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended: Error | undefined;

  private constructor(
    private readonly manifest: Manifest,
    setup: TrainSetup,
    worker: Worker,
  ) {
    const { batch, accumulate = 1, artifacts, inferBatch } = setup;
    const trains = artifacts.train !== undefined || artifacts.grad !== undefined;
    this.images = trains ? batchOf(manifest, batch) * accumulate : 0;
    this.inferImages = artifacts.infer === undefined ? 0 : batchOf(manifest, inferBatch ?? batch);
    this.#batches = new SlotPool(slots(trains, () => allocateBatch(manifest, this.images, shared)));
    this.#infers = new SlotPool(
      slots(this.inferImages > 0, () => allocateInfer(manifest, this.inferImages, shared)),
    );
    this.#worker = worker;
    this.#worker.on('message', (reply: Reply) => this.#receive(reply));
    this.#worker.on('error', (cause) => this.#end('failed', cause));
    const { threadId } = this.#worker;
    this.#worker.on('exit', (code) => {
      endTurn(turns, threadId);
      this.#end(`ended with code ${code}`);
    });
  }

  /**
   * Starts the worker, unless one is given, and loads its sessions. Throws a DeviceError for a provider that cannot be
   * used and an ArtifactError for an artifact that cannot be read.
   */
  static async start(setup: TrainSetup, worker = startTrainThread()): Promise<TrainClient> {
    const client = new TrainClient(setup.manifest, setup, worker);
    const slots = { batches: client.#batches.all, infers: client.#infers.all, turns };
    try {
      await client.#send('setup', { ...setup, ...slots });
    } catch (error) {
      await client.stop();
      throw error;
    }
    return client;
  }

  /** Sets the weights; optimizer state and averages start as the manifest says. */
  initialize(weights: ReadonlyMap<string, TensorData>): Promise<undefined> {
    return this.#send('initialize', weights);
  }

  /** Sets the whole state, by the keys of a checkpoint. */
  load(tensors: ReadonlyMap<string, TensorData>): Promise<undefined> {
    return this.#send('load', tensors);
  }

  /** Loads a checkpoint folder. Throws an ArtifactError if it is corrupt or of another architecture. */
  resume(path: string): Promise<CheckpointState> {
    return this.#send('resume', path);
  }

  /** Arrays to fill for a step; waits while all are in use. Each goes to `step` or `giveBack`. */
  batch(): Promise<BatchArrays> {
    return this.#batches.acquire();
  }

  giveBack(batch: BatchArrays): void {
    this.#batches.release(batch);
  }

  /** Runs a training step on arrays from `batch`, which it takes back. */
  async step(batch: BatchArrays, request: StepRequest): Promise<StepResult> {
    const result = (await this.advance(batch, request)).at(-1);
    invariant(result, 'a step has a result');
    return result;
  }

  /**
   * Runs a training step as `step` does. `later`: without waiting for its result if it runs on a
   * device, so that the device always has something to do; what came back is of this step and of
   * those before it that nobody has waited for, in order.
   */
  async advance(
    batch: BatchArrays,
    request: StepRequest,
    { later = false } = {},
  ): Promise<readonly StepResult[]> {
    const slot = this.#batches.indexOf(batch);
    try {
      return await this.#send('step', { ...request, slot, later });
    } finally {
      this.#batches.release(batch);
    }
  }

  /** Arrays to fill for an inference; waits while all are in use. Give them back after reading. */
  inferArrays(): Promise<InferArrays> {
    return this.#infers.acquire();
  }

  giveBackInfer(arrays: InferArrays): void {
    this.#infers.release(arrays);
  }

  /**
   * Fills arrays.logits from arrays.image, with the weights of the moment, their moving averages
   * if there are any, or those inside the artifact; the default is what the artifact wants.
   * `noise` says which masks a noised artifact draws. Milliseconds inside onnxruntime.
   */
  async infer(arrays: InferArrays, weights?: WeightKind, noise?: NoiseAt): Promise<number> {
    const slot = this.#infers.indexOf(arrays);
    const inputs = this.manifest.artifacts.infer?.inputs ?? [];
    const fed = inputs.some(({ role }) => role === 'param' || role === 'buffer');
    return this.#send('infer', { slot, weights: weights ?? (fed ? 'ema' : 'inside'), noise });
  }

  /** Keys of what training carries that hold a NaN or an infinity, after the steps given before. */
  notFinite(): Promise<readonly string[]> {
    return this.#send('notFinite', undefined);
  }

  /** Copies of the whole state, by the keys of a checkpoint. */
  state(): Promise<ReadonlyMap<string, TensorData>> {
    return this.#send('state', undefined);
  }

  /** Writes a checkpoint into `folder`, after the steps given before; returns its path. */
  save(folder: string, meta: CheckpointMeta): Promise<string> {
    return this.#send('save', { folder, meta });
  }

  /** Ends the worker after the commands given before. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    await this.#send('stop', undefined);
    this.#worker.ref();
    await ended;
  }

  #send<K extends CommandName>(
    name: K,
    takes: Commands[K]['takes'],
  ): Promise<Commands[K]['gives']> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      const id = (this.#lastId += 1);
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, name, takes } satisfies Command);
    });
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.unref();
    // A reply's value is of its command's type, which #send promised to whoever waits.
    if (reply.ok) pending?.resolve(reply.gives as never);
    else pending?.reject(unpackError(reply.error));
  }

  #end(how: string, cause?: unknown): void {
    this.#ended ??= new InternalError(`the training thread ${how}`, {
      code: 'worker-ended',
      cause,
    });
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

function shared(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}

function slots<T>(wanted: boolean, make: () => T): T[] {
  return wanted ? Array.from({ length: slotCount }, make) : [];
}
