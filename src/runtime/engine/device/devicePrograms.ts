/** Programs that run on a device in one training step, and their results. */
import type { ArtifactInfo, Role, TensorInfo } from '../../../contract/manifest.js';
import { figuresOf, type StepFigures } from '../../../contract/results.js';
import { invariant } from '../../../support/errors.js';
import { requireTensor, type BatchArrays } from '../batchArrays.js';
import { resolveShape } from '../buffers.js';
import { addModel, copyOf, partOf, sumOf, type TensorSpec } from './deviceModels.js';
import type { DeviceBinding, DeviceState } from './deviceState.js';
import type { DeviceTensor, Executor, Feeds, Results, Session } from '../executor.js';
import { requireOneStep, type StepRequest } from '../step.js';
import { BatchInputs, checkHypers, HyperInputs } from '../stepInputs.js';

/** Feeds of one artifact, whose carried values lie on the device. */
class DeviceRun {
  readonly feeds: Feeds = {};
  readonly hypers: HyperInputs;
  readonly #binding: DeviceBinding;
  readonly #outputs: readonly string[];

  constructor(
    readonly info: ArtifactInfo,
    private readonly session: Session,
    private readonly state: DeviceState,
    /** Roles of the results that are wanted beside the carried values. */
    wanted: readonly Role[],
  ) {
    requireOneStep(info);
    this.hypers = new HyperInputs(info, this.feeds);
    this.#binding = state.bind(info);
    const carried = this.#binding.outputs.map(({ name }) => name);
    this.#outputs = [...carried, ...this.outputs(wanted).map(({ name }) => name)];
  }

  outputs(roles: readonly Role[]): TensorInfo[] {
    return this.info.outputs.filter(
      ({ role, dtype }) => roles.includes(role) && dtype === 'float32',
    );
  }

  /** Starts a run and makes what it will write current. After an error nothing changed. */
  async run(): Promise<Results> {
    this.state.feed(this.#binding, this.feeds);
    const results = await this.session.compute(this.feeds, this.#outputs);
    this.state.replace(this.#binding, results);
    return results;
  }
}

/** Program of a step on a device. */
export interface DeviceProgram {
  readonly images: number;
  /** Names of the scalars that a step gives. */
  readonly scalars: readonly string[];
  /** Starts a step; its scalars, on the device. */
  start(batch: BatchArrays, request: StepRequest): Promise<Results>;
  /** Turns a step's scalars into figures. */
  result(scalars: ReadonlyMap<string, number>): StepFigures;
  /** Ends the sessions made for it. */
  release(): Promise<void>;
}

const scalarRoles: readonly Role[] = ['loss', 'metric'];

/** The whole step in one artifact, `train`. */
export class TrainProgram implements DeviceProgram {
  readonly images: number;
  readonly scalars: readonly string[];
  readonly #run: DeviceRun;
  readonly #inputs: BatchInputs;

  constructor(
    info: ArtifactInfo,
    session: Session,
    state: DeviceState,
    images: number,
    private readonly seed: number,
  ) {
    this.images = images;
    this.#run = new DeviceRun(info, session, state, scalarRoles);
    this.#inputs = new BatchInputs(info, images, this.#run.feeds);
    this.scalars = this.#run.outputs(scalarRoles).map(({ name }) => name);
    requireTensor(info, 'outputs', 'loss');
  }

  start(batch: BatchArrays, request: StepRequest): Promise<Results> {
    const { step, hypers = {}, sampleOffset = 0, quiet } = request;
    checkHypers(hypers, [this.#run.hypers]);
    this.#run.hypers.set(hypers, step);
    this.#inputs.copy(batch, 0);
    this.#inputs.fillNoise({ seed: this.seed, step, sampleOffset, quiet });
    return this.#run.run();
  }

  result(scalars: ReadonlyMap<string, number>): StepFigures {
    return figuresOf(this.#run.info.outputs, scalars);
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

interface Part {
  readonly info: ArtifactInfo;
  readonly session: Session;
}

interface AccumulateParts {
  readonly grad: Part;
  readonly update: Part;
}

interface AccumulateOptions {
  /** Images of a micro-batch. */
  readonly perRun: number;
  /** Micro-batches of a step. */
  readonly count: number;
  readonly seed: number;
}

/** Roles of the weighted sums that `grad` returns. */
const summedRoles: readonly Role[] = ['loss', 'metric', 'grad'];

/** Gradient accumulation: `grad` on each micro-batch, sums on the device, then `update`. */
export class AccumulateProgram implements DeviceProgram {
  readonly images: number;
  readonly scalars: readonly string[];
  readonly #grad: DeviceRun;
  readonly #update: DeviceRun;
  readonly #inputs: BatchInputs;
  readonly #sums: readonly string[];

  private constructor(
    { grad, update }: AccumulateParts,
    state: DeviceState,
    private readonly add: Session,
    private readonly options: AccumulateOptions,
  ) {
    this.images = options.perRun * options.count;
    this.#grad = new DeviceRun(grad.info, grad.session, state, summedRoles);
    this.#update = new DeviceRun(update.info, update.session, state, scalarRoles);
    this.#inputs = new BatchInputs(grad.info, options.perRun, this.#grad.feeds);
    this.#sums = this.#grad.outputs(summedRoles).map(({ name }) => name);
    const scalars = [...this.#grad.outputs(scalarRoles), ...this.#update.outputs(scalarRoles)];
    this.scalars = scalars.map(({ name }) => name);
    requireTensor(grad.info, 'outputs', 'loss');
  }

  static async create(
    parts: AccumulateParts,
    state: DeviceState,
    options: AccumulateOptions,
    executor: Executor,
  ): Promise<AccumulateProgram> {
    const specs = parts.grad.info.outputs.flatMap(({ name, role, dtype, shape }): TensorSpec[] =>
      summedRoles.includes(role) ? [{ name, dtype, shape: resolveShape(shape, 1) }] : [],
    );
    const add = await executor.create(addModel(specs), { results: 'device' });
    return new AccumulateProgram(parts, state, add, options);
  }

  async start(batch: BatchArrays, request: StepRequest): Promise<Results> {
    const { step, hypers = {}, sampleOffset = 0, quiet } = request;
    checkHypers(hypers, [this.#grad.hypers, this.#update.hypers]);
    for (const run of [this.#grad, this.#update]) run.hypers.set(hypers, step);
    let sums: Results | undefined;
    for (let micro = 0; micro < this.options.count; micro++) {
      const row = micro * this.options.perRun;
      this.#inputs.copy(batch, row);
      const { seed } = this.options;
      this.#inputs.fillNoise({ seed, step, sampleOffset: sampleOffset + row, quiet });
      const parts = await this.#grad.run();
      sums = sums === undefined ? parts : await this.#added(sums, parts);
    }
    invariant(sums, 'a step has a micro-batch');
    return this.#finish(sums);
  }

  async #added(sums: Results, parts: Results): Promise<Results> {
    const feeds: Results = {};
    for (const name of this.#sums) {
      feeds[sumOf(name)] = required(sums, name);
      feeds[partOf(name)] = required(parts, name);
    }
    const results = await this.add.compute(feeds, this.#sums.map(copyOf));
    for (const tensor of Object.values(feeds)) tensor.dispose();
    return Object.fromEntries(this.#sums.map((name) => [name, required(results, copyOf(name))]));
  }

  /** Runs `update` on the sums; what it read and nobody wants any more is disposed of. */
  async #finish(sums: Results): Promise<Results> {
    const { feeds, info } = this.#update;
    for (const { name } of info.inputs) if (sums[name]) feeds[name] = sums[name];
    const results = await this.#update.run();
    for (const name of this.#sums) if (!this.scalars.includes(name)) required(sums, name).dispose();
    return { ...sums, ...results };
  }

  result(scalars: ReadonlyMap<string, number>): StepFigures {
    return figuresOf([...this.#grad.info.outputs, ...this.#update.info.outputs], scalars);
  }

  release(): Promise<void> {
    return this.add.release();
  }
}

function required(tensors: Results, name: string): DeviceTensor {
  const tensor = tensors[name];
  invariant(tensor, `no tensor ${name} came back`);
  return tensor;
}
