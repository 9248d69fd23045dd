/** Programs that run in one training step, wherever its values are, and their results. */
import type { ArtifactInfo, Role, TensorInfo } from '../../contract/manifest.js';
import { figuresOf, type StepFigures } from '../../contract/results.js';
import { ArtifactError, invariant } from '../../support/errors.js';
import { optionOf, phrase } from '../../support/phrase.js';
import { requireTensor, type BatchArrays } from './batchArrays.js';
import { dispose, type Feeds, type Tensor } from './executor.js';
import {
  required,
  type LoadedArtifact,
  type Memory,
  type Run,
  type Sums,
  type Values,
} from './memory.js';
import type { StepRequest } from './step.js';
import { BatchInputs, checkHypers, HyperInputs } from './stepInputs.js';

/** Program of a step. */
export interface Program<T extends Tensor> {
  readonly images: number;
  /** Names of the scalars that a step gives. */
  readonly scalars: readonly string[];
  /** Starts a step; its scalars, where its values are. */
  start(batch: BatchArrays, request: StepRequest): Promise<Values<T>>;
  /** Turns a step's scalars into figures. */
  result(scalars: ReadonlyMap<string, number>): StepFigures;
  /** Ends the sessions made for it. */
  release(): Promise<void>;
}

const scalarRoles: readonly Role[] = ['loss', 'metric'];

/** Roles of the weighted sums that `grad` returns. */
const summedRoles: readonly Role[] = [...scalarRoles, 'grad'];

/** Feeds of one artifact and its outputs beside the carried values. */
class ArtifactRun<T extends Tensor> {
  readonly info: ArtifactInfo;
  readonly feeds: Feeds = {};
  readonly hypers: HyperInputs;
  readonly outputs: readonly TensorInfo[];
  readonly run: Run<T>;

  constructor(artifact: LoadedArtifact, memory: Memory<T>, wanted: readonly Role[]) {
    this.info = artifact.info;
    requireOneStep(this.info);
    this.hypers = new HyperInputs(this.info, this.feeds);
    this.outputs = this.info.outputs.filter(
      ({ role, dtype }) => wanted.includes(role) && dtype === 'float32',
    );
    this.run = memory.bind(artifact, this.feeds, this.outputs);
  }

  get scalars(): string[] {
    return this.outputs.filter(({ role }) => scalarRoles.includes(role)).map(({ name }) => name);
  }
}

/** Throws an ArtifactError for an artifact that runs several steps at once. */
function requireOneStep({ file, steps = 1 }: ArtifactInfo): void {
  if (steps === 1) return;
  throw new ArtifactError(`${file} runs ${steps} steps at once`, {
    code: 'steps-unsupported',
    where: file,
    hint: phrase`compile it without ${optionOf('compileModel', 'stepsPerRun')}`,
  });
}

/** The whole step in one artifact, `train`. */
export class TrainProgram<T extends Tensor> implements Program<T> {
  readonly scalars: readonly string[];
  readonly #run: ArtifactRun<T>;
  readonly #inputs: BatchInputs;

  constructor(
    train: LoadedArtifact,
    memory: Memory<T>,
    readonly images: number,
    private readonly seed: number,
  ) {
    this.#run = new ArtifactRun(train, memory, scalarRoles);
    this.#inputs = new BatchInputs(train.info, images, this.#run.feeds);
    this.scalars = this.#run.scalars;
    requireTensor(train.info, 'outputs', 'loss');
  }

  start(batch: BatchArrays, request: StepRequest): Promise<Values<T>> {
    const { step, hypers = {}, sampleOffset = 0, quiet } = request;
    checkHypers(hypers, [this.#run.hypers]);
    this.#run.hypers.set(hypers, step);
    this.#inputs.copy(batch, 0);
    this.#inputs.fillNoise({ seed: this.seed, step, sampleOffset, quiet });
    return this.#run.run();
  }

  result(scalars: ReadonlyMap<string, number>): StepFigures {
    return figuresOf(this.#run.outputs, scalars);
  }

  async release(): Promise<void> {
    // Its session is the caller's.
  }
}

interface AccumulateOptions {
  /** Images of a micro-batch. */
  readonly perRun: number;
  /** Micro-batches of a step. */
  readonly count: number;
  readonly seed: number;
}

/** The artifacts of a step in parts. */
export interface GradAndUpdate {
  readonly grad: LoadedArtifact;
  readonly update: LoadedArtifact;
}

/**
 * Gradient accumulation: `grad` on each micro-batch, whose weighted sums are added, then `update`.
 * Batch statistics pass from one micro-batch to the next.
 */
export class AccumulateProgram<T extends Tensor> implements Program<T> {
  readonly images: number;
  readonly scalars: readonly string[];

  private constructor(
    private readonly grad: ArtifactRun<T>,
    private readonly update: ArtifactRun<T>,
    private readonly inputs: BatchInputs,
    private readonly sums: Sums<T>,
    private readonly options: AccumulateOptions,
  ) {
    this.images = options.perRun * options.count;
    this.scalars = [...grad.scalars, ...update.scalars];
  }

  static async create<T extends Tensor>(
    parts: GradAndUpdate,
    memory: Memory<T>,
    options: AccumulateOptions,
  ): Promise<AccumulateProgram<T>> {
    requireTensor(parts.grad.info, 'outputs', 'loss');
    const grad = new ArtifactRun(parts.grad, memory, summedRoles);
    const update = new ArtifactRun(parts.update, memory, scalarRoles);
    const inputs = new BatchInputs(grad.info, options.perRun, grad.feeds);
    const sums = await memory.sums(grad.outputs);
    return new AccumulateProgram(grad, update, inputs, sums, options);
  }

  async start(batch: BatchArrays, request: StepRequest): Promise<Values<T>> {
    const { step, hypers = {}, sampleOffset = 0, quiet } = request;
    checkHypers(hypers, [this.grad.hypers, this.update.hypers]);
    for (const run of [this.grad, this.update]) run.hypers.set(hypers, step);
    const { perRun, count, seed } = this.options;
    let sums: Values<T> | undefined;
    for (let micro = 0; micro < count; micro++) {
      const row = micro * perRun;
      this.inputs.copy(batch, row);
      this.inputs.fillNoise({ seed, step, sampleOffset: sampleOffset + row, quiet });
      sums = await this.sums.add(sums, await this.grad.run());
    }
    invariant(sums, 'a step has a micro-batch');
    // Here the sums of these images are complete: those of other machines are added here.
    return this.#finish(sums);
  }

  /** Runs `update` on the sums; what it read and nobody wants any more is disposed of. */
  async #finish(sums: Values<T>): Promise<Values<T>> {
    const { feeds, info } = this.update;
    for (const { name } of info.inputs) if (sums[name]) feeds[name] = sums[name];
    const results = await this.update.run();
    for (const { name, role } of this.grad.outputs)
      if (!scalarRoles.includes(role)) dispose(required(sums, name));
    return { ...sums, ...results };
  }

  result(scalars: ReadonlyMap<string, number>): StepFigures {
    return figuresOf([...this.grad.outputs, ...this.update.outputs], scalars);
  }

  release(): Promise<void> {
    return this.sums.release();
  }
}
