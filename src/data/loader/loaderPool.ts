import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { unpackError } from '../../support/packError.js';
import { workerUrl } from '../../support/workerUrl.js';
import { InternalError } from '../../support/errors.js';
import { ownBudget } from '../pixels/pixelBudget.js';
import type {
  FailedRow,
  LoadCommand,
  LoaderData,
  LoadPlan,
  LoadReply,
  LoadRow,
} from './loaderProtocol.js';
import { checkRanges } from '../../support/optionRanges.js';

export interface LoaderPoolOptions {
  /** Threads; what they give does not depend on it. */
  readonly workers?: number | undefined;
  /** Images that a thread has under way at a time. */
  readonly concurrency?: number | undefined;
}

interface Pending {
  readonly resolve: (failed: readonly FailedRow[]) => void;
  readonly reject: (error: Error) => void;
}

/** Threads that decode and change images. */
export class LoaderPool {
  readonly #workers: readonly Worker[];
  readonly #pending = new Map<number, Pending>();
  #plans = 0;
  #jobs = 0;
  #ended: Error | undefined;
  #closing = false;

  constructor({
    workers = Math.min(4, availableParallelism()),
    concurrency = 3,
  }: LoaderPoolOptions = {}) {
    checkRanges('LoaderPool', { workers, concurrency }, ['workers', 'concurrency']);
    this.#workers = Array.from({ length: workers }, () => this.#start(concurrency));
  }

  /** Threads. */
  get size(): number {
    return this.#workers.length;
  }

  #start(concurrency: number): Worker {
    const worker = new Worker(workerUrl(import.meta.url, 'loaderWorker'), {
      workerData: { concurrency, budget: ownBudget.memory } satisfies LoaderData,
    });
    // Only work under way keeps the process alive, not a forgotten pool.
    worker.unref();
    worker.on('message', (reply: LoadReply) => this.#receive(reply));
    worker.on('error', (cause) => this.#end('failed', cause));
    worker.on('exit', (code) => {
      // A thread of a closed pool ends when its own work is done; others may still have some.
      if (!this.#closing || code !== 0) this.#end(`ended with code ${code}`);
    });
    return worker;
  }

  /** Tells all threads what some jobs have in common; returns its number. */
  plan(content: LoadPlan): number {
    const plan = (this.#plans += 1);
    this.#post({ kind: 'plan', plan, content });
    return plan;
  }

  /** Fills rows of `image`, which lies on shared memory; returns those that could not be read. */
  async load(
    plan: number,
    epoch: number,
    image: Float32Array | Uint8Array,
    rows: readonly LoadRow[],
  ): Promise<FailedRow[]> {
    const count = this.#workers.length;
    const shares = this.#workers.flatMap((worker, i) => {
      const share = rows.filter((_, row) => row % count === i);
      return share.length === 0 ? [] : [this.#send(worker, plan, epoch, image, share)];
    });
    return (await Promise.all(shares)).flat();
  }

  #send(
    worker: Worker,
    plan: number,
    epoch: number,
    image: Float32Array | Uint8Array,
    rows: readonly LoadRow[],
  ): Promise<readonly FailedRow[]> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      const id = (this.#jobs += 1);
      this.#pending.set(id, { resolve, reject });
      for (const each of this.#workers) each.ref();
      worker.postMessage({ kind: 'load', id, plan, epoch, image, rows } satisfies LoadCommand);
    });
  }

  #receive(reply: LoadReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0 && !this.#closing)
      for (const worker of this.#workers) worker.unref();
    if ('error' in reply) pending?.reject(unpackError(reply.error));
    else pending?.resolve(reply.failed);
  }

  #end(how: string, cause?: unknown): void {
    this.#ended ??= new InternalError(`a loader thread ${how}`, { code: 'worker-ended', cause });
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }

  #post(command: LoadCommand): void {
    for (const worker of this.#workers) worker.postMessage(command);
  }

  /** Ends the threads after what they have under way. */
  async close(): Promise<void> {
    if (this.#ended) return;
    // What was read ahead may come only now; the process must not end before the threads do.
    this.#closing = true;
    const ended = this.#workers.map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    );
    for (const worker of this.#workers) worker.ref();
    this.#post({ kind: 'stop' });
    await Promise.all(ended);
    this.#end('was asked for work after the pool was closed');
  }
}
