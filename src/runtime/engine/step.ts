import type { ArtifactInfo, Manifest, TensorInfo } from '../../contract/manifest.js';
import { figuresOf, type StepFigures } from '../../contract/results.js';
import { ArtifactError, invariant } from '../../support/errors.js';
import { optionOf, phrase } from '../../support/phrase.js';
import { zeroTensor } from '../../support/tensor.js';
import { batchOf, requireArtifact, requireTensor, type BatchArrays } from './batchArrays.js';
import {
  point,
  resolveShape,
  StateBuffers,
  swap,
  type Binding,
  type StateStore,
} from './buffers.js';
import type { QuietImages } from './noise.js';
import type { Feeds, Fetches, Session } from './executor.js';
import { BatchInputs, checkHypers, HyperInputs, type Hypers } from './stepInputs.js';

/** Inputs of a step, beside its images. */
export interface StepRequest {
  /** Optimizer steps done before this one. */
  readonly step: number;
  /** Values of hyper inputs, such as learning_rate; the manifest's defaults where missing. */
  readonly hypers?: Hypers;
  /** Index in the global batch of the first image, where this is a shard of it; default 0. */
  readonly sampleOffset?: number;
  /** Images that get no dropout, no stochastic depth or neither; default none. */
  readonly quiet?: QuietImages | undefined;
}

/** Result of a step. A runner reuses one object for all its steps. */
export interface StepResult extends StepFigures {
  /** Milliseconds inside onnxruntime. */
  readonly runTime: number;
}

/** Runs training steps; one at a time. */
export interface StepRunner {
  /** Images of a whole step. */
  readonly images: number;
  readonly buffers: StateStore;
  /** Runs a step and waits for its result. */
  run(batch: BatchArrays, request: StepRequest): Promise<StepResult>;
}

/** Runs steps on a device, which need not be waited for after each. */
export interface QueueingRunner extends StepRunner {
  /** Starts a step after those before it; the arrays may be filled again when this returns. */
  queue(batch: BatchArrays, request: StepRequest): Promise<void>;
  /** Waits for the steps that were queued; their results in order. */
  results(): Promise<readonly StepResult[]>;
  /** Lets go of what it holds on the device. */
  release(): Promise<void>;
}

/** Queues a step, and waits for it and for those before it. */
export async function runAlone(
  runner: QueueingRunner,
  batch: BatchArrays,
  request: StepRequest,
): Promise<StepResult> {
  await runner.queue(batch, request);
  const result = (await runner.results()).at(-1);
  invariant(result, 'a step has a result');
  return result;
}

interface MutableResult {
  loss: number;
  metrics: Record<string, number>;
  runTime: number;
}

/** Feeds, fetches and state of one artifact, allocated once. */
class ArtifactRun {
  readonly feeds: Feeds = {};
  readonly fetches: Fetches = {};
  readonly hypers: HyperInputs;
  readonly #binding: Binding;

  constructor(
    readonly info: ArtifactInfo,
    private readonly session: Session,
    buffers: StateBuffers,
  ) {
    requireOneStep(info);
    this.hypers = new HyperInputs(info, this.feeds);
    this.#binding = buffers.bind(info);
  }

  /** Allocates the outputs of a role and asks for them; undefined entries have other types. */
  fetch(role: TensorInfo['role']): { readonly info: TensorInfo; readonly data: Float32Array }[] {
    return this.info.outputs.flatMap((info) => {
      if (info.role !== role) return [];
      const tensor = zeroTensor(info.dtype, resolveShape(info.shape, 1));
      const { data } = tensor;
      if (!(data instanceof Float32Array)) return [];
      this.fetches[info.name] = tensor;
      return [{ info, data }];
    });
  }

  /** Runs once and makes what it wrote current; milliseconds taken. After an error only what is written in place may have changed. */
  async run(): Promise<number> {
    point(this.#binding, this.feeds, this.fetches);
    const start = performance.now();
    await this.session.run(this.feeds, this.fetches);
    const time = performance.now() - start;
    swap(this.#binding);
    return time;
  }
}

/** Throws an ArtifactError for an artifact that runs several steps at once. */
export function requireOneStep({ file, steps = 1 }: ArtifactInfo): void {
  if (steps === 1) return;
  throw new ArtifactError(`${file} runs ${steps} steps at once`, {
    code: 'steps-unsupported',
    where: file,
    hint: phrase`compile it without ${optionOf('compileModel', 'stepsPerRun')}`,
  });
}

/** The whole step in one artifact, `train`. */
export class TrainRunner implements StepRunner {
  readonly images: number;
  readonly buffers: StateBuffers;
  readonly #run: ArtifactRun;
  readonly #inputs: BatchInputs;
  readonly #loss: readonly { readonly data: Float32Array }[];
  readonly #metrics: readonly { readonly info: TensorInfo; readonly data: Float32Array }[];
  readonly #result: MutableResult = { loss: NaN, metrics: {}, runTime: 0 };

  constructor(
    manifest: Manifest,
    session: Session,
    private readonly seed: number,
    batch?: number,
  ) {
    const info = requireArtifact(manifest, 'train');
    this.images = batchOf(manifest, batch);
    this.buffers = new StateBuffers([info]);
    this.#run = new ArtifactRun(info, session, this.buffers);
    this.#inputs = new BatchInputs(info, this.images, this.#run.feeds);
    this.#loss = this.#run.fetch('loss');
    this.#metrics = this.#run.fetch('metric');
  }

  async run(batch: BatchArrays, request: StepRequest): Promise<StepResult> {
    const { step, hypers = {}, sampleOffset = 0, quiet } = request;
    checkHypers(hypers, [this.#run.hypers]);
    this.#run.hypers.set(hypers, step);
    this.#inputs.copy(batch, 0);
    this.#inputs.fillNoise({ seed: this.seed, step, sampleOffset, quiet });
    const result = this.#result;
    result.runTime = await this.#run.run();
    result.loss = this.#loss[0]?.data[0] ?? NaN;
    for (const { info, data } of this.#metrics) result.metrics[info.name] = data[0] ?? NaN;
    return result;
  }
}

interface Sum {
  readonly name: string;
  /** Output of `grad` for one micro-batch. */
  readonly part: Float32Array;
  /** Sum so far. */
  readonly sum: Float32Array;
}

/**
 * Gradient accumulation: `grad` on each micro-batch, whose weighted sums are added, then `update`.
 * Batch statistics pass from one micro-batch to the next.
 */
export class AccumulateRunner implements StepRunner {
  readonly images: number;
  readonly buffers: StateBuffers;
  readonly #grad: ArtifactRun;
  readonly #update: ArtifactRun;
  readonly #inputs: BatchInputs;
  readonly #sums: readonly Sum[];
  readonly #scalars: readonly Sum[];
  readonly #updateMetrics: readonly { readonly info: TensorInfo; readonly data: Float32Array }[];
  readonly #result: MutableResult = { loss: NaN, metrics: {}, runTime: 0 };

  constructor(
    manifest: Manifest,
    sessions: { readonly grad: Session; readonly update: Session },
    private readonly seed: number,
    /** Micro-batches of a step. */
    private readonly count: number,
    batch?: number,
  ) {
    const [grad, update] = [requireArtifact(manifest, 'grad'), requireArtifact(manifest, 'update')];
    const perRun = batchOf(manifest, batch);
    this.images = perRun * count;
    this.buffers = new StateBuffers([grad, update]);
    this.#grad = new ArtifactRun(grad, sessions.grad, this.buffers);
    this.#update = new ArtifactRun(update, sessions.update, this.buffers);
    this.#inputs = new BatchInputs(grad, perRun, this.#grad.feeds);
    const [losses, metrics, grads] = (['loss', 'metric', 'grad'] as const).map((role) =>
      this.#grad.fetch(role).map(({ info, data }) => this.#summed(info, data)),
    );
    this.#scalars = [...(losses ?? []), ...(metrics ?? [])];
    this.#sums = [...this.#scalars, ...(grads ?? [])];
    requireTensor(grad, 'outputs', 'loss');
    this.#updateMetrics = this.#update.fetch('metric');
  }

  /** Pairs an output of `grad` with its sum, which `update` reads where it has an input of that name. */
  #summed(info: TensorInfo, part: Float32Array): Sum {
    const read = this.#update.info.inputs.some(({ name }) => name === info.name);
    const tensor = zeroTensor(info.dtype, resolveShape(info.shape, 1));
    const { data } = tensor;
    if (read) this.#update.feeds[info.name] = tensor;
    return { name: info.name, part, sum: data instanceof Float32Array ? data : part };
  }

  async run(batch: BatchArrays, request: StepRequest): Promise<StepResult> {
    const { step, hypers = {}, sampleOffset = 0, quiet } = request;
    checkHypers(hypers, [this.#grad.hypers, this.#update.hypers]);
    this.#grad.hypers.set(hypers, step);
    this.#update.hypers.set(hypers, step);
    let runTime = 0;
    for (let micro = 0; micro < this.count; micro++) {
      const row = micro * this.#inputs.batch;
      this.#inputs.copy(batch, row);
      const at = { seed: this.seed, step, sampleOffset: sampleOffset + row, quiet };
      this.#inputs.fillNoise(at);
      runTime += await this.#grad.run();
      this.#add(micro === 0);
    }
    runTime += await this.#update.run();
    return this.#finish(runTime);
  }

  #add(first: boolean): void {
    for (const { part, sum } of this.#sums) {
      if (first) sum.set(part);
      else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (part[i] ?? 0);
    }
  }

  #finish(runTime: number): StepResult {
    const result = this.#result;
    const sums = new Map(this.#scalars.map(({ name, sum }) => [name, sum[0] ?? NaN]));
    Object.assign(result, figuresOf(this.#grad.info.outputs, sums), { runTime });
    for (const { info, data } of this.#updateMetrics) result.metrics[info.name] = data[0] ?? NaN;
    return result;
  }
}
