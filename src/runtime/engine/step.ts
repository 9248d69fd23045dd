import type { StepFigures } from '../../contract/results.js';
import { invariant } from '../../support/errors.js';
import type { BatchArrays } from './batchArrays.js';
import type { StateStore } from './buffers.js';
import type { QuietImages } from './noise.js';
import type { Hypers } from './stepInputs.js';

/** Inputs of a step, beside its images. */
export interface StepRequest {
  /** Optimizer steps done before this one. */
  readonly step: number;
  /** Values of hyper inputs, such as learning_rate (default: the manifest's). */
  readonly hypers?: Hypers;
  /** Index in the global batch of the first image, if this is a shard of it; default 0. */
  readonly sampleOffset?: number;
  /** Images that get no dropout, no stochastic depth or neither; default none. */
  readonly quiet?: QuietImages | undefined;
}

/** Result of a step. */
export interface StepResult extends StepFigures {
  /** Milliseconds inside onnxruntime. */
  readonly runTime: number;
}

/** Runs training steps in order. One on a device need not be waited for before the next is given. */
export abstract class StepRunner {
  /** Images of a whole step. */
  abstract readonly images: number;
  abstract readonly buffers: StateStore;
  /** Starts a step after those before it; the arrays may be filled again when this returns. */
  abstract queue(batch: BatchArrays, request: StepRequest): Promise<void>;
  /** Waits for the steps that were queued; their results in order. */
  abstract results(): Promise<readonly StepResult[]>;
  /** Lets go of what it holds on a device. */
  abstract release(): Promise<void>;

  /** Queues a step, and waits for it and for those before it. */
  async run(batch: BatchArrays, request: StepRequest): Promise<StepResult> {
    await this.queue(batch, request);
    const result = (await this.results()).at(-1);
    invariant(result, 'a step has a result');
    return result;
  }
}
