import type { ArtifactInfo, Manifest, TensorInfo } from '../../contract/manifest.js';
import { figuresOf } from '../../contract/results.js';
import { isGivenEachStep, stepsSymbol } from '../../contract/steps.js';
import { ConfigError, invariant } from '../../support/errors.js';
import { zeroTensor } from '../../support/tensor.js';
import { batchOf, requireArtifact, type BatchArrays } from './batchArrays.js';
import { point, resolveShape, sizeOfShape, StateBuffers, swap, type Binding } from './buffers.js';
import type { Feeds, Fetches, HostTensor, Session } from './executor.js';
import { StepRunner, type StepRequest, type StepResult } from './step.js';
import { BatchInputs, checkHypers, HyperInputs, type Allocate } from './stepInputs.js';

/** One step's place in the stacked inputs. */
interface Row {
  readonly batch: BatchInputs;
  readonly hypers: HyperInputs;
}

/**
 * An artifact `train` of several steps: what each is given is gathered row by row, and one run does all
 * of them. Where results are wanted before the rows are full, a Loop runs as many as there are.
 */
export class SeveralStepsRunner extends StepRunner {
  readonly images: number;
  readonly buffers: StateBuffers;
  /** Steps of a full run. */
  readonly #steps: number;
  readonly #info: ArtifactInfo;
  readonly #binding: Binding;
  readonly #stacked: ReadonlyMap<string, HostTensor>;
  readonly #rows: readonly Row[];
  #filled = 0;
  #results: StepResult[] = [];

  constructor(
    manifest: Manifest,
    private readonly session: Session,
    private readonly seed: number,
    batch?: number,
  ) {
    super();
    this.#info = requireArtifact(manifest, 'train');
    this.#steps = this.#info.steps ?? 1;
    this.images = batchOf(manifest, batch);
    this.buffers = new StateBuffers([this.#info]);
    this.#binding = this.buffers.bind(this.#info);
    const single = singleStep(this.#info);
    this.#stacked = new Map(
      single.inputs.filter(isGivenEachStep).map(({ name, dtype, shape }) => {
        const own = resolveShape(shape, this.images);
        return [name, zeroTensor(dtype, [this.#steps, ...own])];
      }),
    );
    this.#rows = Array.from({ length: this.#steps }, (_, row) => this.#row(single, row));
  }

  #row(single: ArtifactInfo, row: number): Row {
    const allocate: Allocate = ({ name, dtype }, shape) => {
      const all = this.#stacked.get(name);
      invariant(all, `${name} is given each step`);
      const size = sizeOfShape(shape);
      return { dtype, shape, data: all.data.subarray(row * size, (row + 1) * size) };
    };
    return {
      batch: new BatchInputs(single, this.images, {}, allocate),
      hypers: new HyperInputs(single, {}, allocate),
    };
  }

  async queue(batch: BatchArrays, request: StepRequest): Promise<void> {
    const { step, hypers = {}, sampleOffset = 0, quiet } = request;
    const row = this.#rows[this.#filled];
    invariant(row, 'a full row of steps has run');
    checkHypers(hypers, [row.hypers]);
    row.hypers.set(hypers, step);
    row.batch.copy(batch, 0);
    row.batch.fillNoise({ seed: this.seed, step, sampleOffset, quiet });
    this.#filled++;
    if (this.#filled === this.#steps) await this.#run();
  }

  async results(): Promise<readonly StepResult[]> {
    if (this.#filled > 0) await this.#run();
    const results = this.#results;
    this.#results = [];
    return results;
  }

  /** There is nothing on a device between runs. */
  async release(): Promise<void> {
    await Promise.resolve();
  }

  async #run(): Promise<void> {
    const steps = this.#filled;
    this.#filled = 0;
    if (steps < this.#steps) requireLoop(this.#info);
    const feeds: Feeds = {};
    const fetches: Fetches = {};
    for (const [name, all] of this.#stacked) feeds[name] = firstRows(all, steps);
    point(this.#binding, feeds, fetches);
    const wanted = this.#info.outputs.filter(({ role }) => role === 'loss' || role === 'metric');
    for (const { name, dtype, shape } of wanted)
      fetches[name] = zeroTensor(dtype, [steps, ...resolveShape(shape.slice(1), this.images)]);
    const start = performance.now();
    await this.session.run(feeds, fetches);
    const runTime = (performance.now() - start) / steps;
    swap(this.#binding);
    for (let row = 0; row < steps; row++)
      this.#results.push({ ...figuresOf(wanted, rowOf(wanted, fetches, row)), runTime });
  }
}

/** One row of each result, by name. */
function rowOf(outputs: readonly TensorInfo[], values: Fetches, row: number) {
  return new Map(
    outputs.map(({ name }) => {
      const tensor = values[name];
      return [name, tensor ? Number(tensor.data[row]) : NaN];
    }),
  );
}

/** The artifact as it would be for one step: without the axis of steps. */
function singleStep(info: ArtifactInfo): ArtifactInfo {
  const inputs = info.inputs.map((input) =>
    isGivenEachStep(input) ? { ...input, shape: input.shape.slice(1) } : input,
  );
  return { ...info, inputs };
}

/** The first rows of a stacked tensor, which the result shares. */
function firstRows(all: HostTensor, rows: number): HostTensor {
  const {
    dtype,
    data,
    shape: [count = 1, ...own],
  } = all;
  if (rows === count) return all;
  return { dtype, shape: [rows, ...own], data: data.subarray(0, (data.length / count) * rows) };
}

function requireLoop({ file, inputs, steps = 1 }: ArtifactInfo): void {
  if (inputs.find(isGivenEachStep)?.shape[0] === stepsSymbol) return;
  throw new ConfigError(`${file} runs ${steps} steps at once, and no fewer`, {
    code: 'steps-fixed',
    where: file,
    hint: 'stop and save at multiples of that number, or compile the steps as a loop',
  });
}
