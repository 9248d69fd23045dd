import type { ArtifactInfo, TensorInfo } from '../../contract/manifest.js';
import { invariant } from '../../support/errors.js';
import { zeroTensor } from '../../support/tensor.js';
import { copyInto, point, resolveShape, StateBuffers, swap, type StateStore } from './buffers.js';
import type { Feeds, Fetches, HostTensor, Session, Tensor } from './executor.js';

/** An artifact with the session that runs it. */
export interface LoadedArtifact {
  readonly info: ArtifactInfo;
  readonly session: Session;
}

/** Results of a run, by name. */
export type Values<T extends Tensor> = Readonly<Record<string, T>>;

/**
 * Where training keeps its values between runs: the host (HostMemory) or a device (DeviceMemory). One loop
 * of steps runs on either; what differs between them is here.
 */
export interface Memory<T extends Tensor> {
  readonly state: StateStore;
  /**
   * Prepares runs of an artifact on `feeds`, into which it puts the carried values. A run makes what it
   * wrote current and gives the outputs that are wanted, good until the next one. After an error only what
   * is written in place may have changed.
   */
  bind(artifact: LoadedArtifact, feeds: Feeds, wanted: readonly TensorInfo[]): Run<T>;
  /** Prepares sums of results over micro-batches. */
  sums(outputs: readonly TensorInfo[]): Promise<Sums<T>>;
  /** Prepares a log of the scalars of each step. */
  log(scalars: readonly string[]): Promise<StepLog<T>>;
  release(): Promise<void>;
}

/** Runs an artifact once. */
export type Run<T extends Tensor> = () => Promise<Values<T>>;

/** Adds up the results of micro-batches. */
export interface Sums<T extends Tensor> {
  /** The sums so far (undefined before the first micro-batch) with the next results added; uses up both. */
  add(sums: Values<T> | undefined, parts: Values<T>): Values<T> | Promise<Values<T>>;
  release(): Promise<void>;
}

/** The scalars of a step, and its milliseconds inside the runtime. */
export interface LoggedStep {
  readonly scalars: ReadonlyMap<string, number>;
  readonly runTime: number;
}

/** Keeps the scalars of the last steps until somebody asks. */
export interface StepLog<T extends Tensor> {
  /** Tells that a step begins. */
  begin(): void;
  /** Takes the scalars of the step, which it uses up. */
  add(scalars: Values<T>): void | Promise<void>;
  /** The steps since the last look, oldest first; waits for them. */
  read(): Promise<readonly LoggedStep[]>;
  release(): Promise<void>;
}

/** Takes the value of a name, which must be there. */
export function required<T extends Tensor>(values: Values<T>, name: string): T {
  const value = values[name];
  invariant(value, `no tensor ${name} came back`);
  return value;
}

/** Values in host memory: two sets of tensors for the state, and one for each result, written again and again. */
export class HostMemory implements Memory<HostTensor> {
  readonly state: StateBuffers;
  /** Inside the runtime, since the step began. */
  #milliseconds = 0;

  constructor(artifacts: readonly ArtifactInfo[]) {
    this.state = new StateBuffers(artifacts);
  }

  bind({ info, session }: LoadedArtifact, feeds: Feeds, wanted: readonly TensorInfo[]) {
    const binding = this.state.bind(info);
    const results = zerosOf(wanted);
    const fetches = { ...results };
    return async () => {
      point(binding, feeds, fetches);
      const start = performance.now();
      await session.run(feeds, fetches);
      this.#milliseconds += performance.now() - start;
      swap(binding);
      return results;
    };
  }

  async sums(outputs: readonly TensorInfo[]): Promise<Sums<HostTensor>> {
    const all = zerosOf(outputs);
    const names = Object.keys(all);
    const add = (sums: Values<HostTensor> | undefined, parts: Values<HostTensor>) => {
      for (const name of names) addInto(required(all, name), required(parts, name), !sums);
      return all;
    };
    return { add, release: nothing };
  }

  async log(scalars: readonly string[]): Promise<StepLog<HostTensor>> {
    let steps: LoggedStep[] = [];
    return {
      begin: () => {
        this.#milliseconds = 0;
      },
      add: (values) => {
        const numbers = scalars.map((name) => [name, Number(values[name]?.data[0])] as const);
        steps.push({ scalars: new Map(numbers), runTime: this.#milliseconds });
      },
      read: async () => {
        const read = steps;
        steps = [];
        return read;
      },
      release: nothing,
    };
  }

  async release(): Promise<void> {
    await nothing();
  }
}

/** Host memory holds nothing that must be let go of. */
async function nothing(): Promise<void> {}

function zerosOf(tensors: readonly TensorInfo[]): Fetches {
  return Object.fromEntries(
    tensors.map(({ name, dtype, shape }) => [name, zeroTensor(dtype, resolveShape(shape, 1))]),
  );
}

function addInto({ data: sum }: HostTensor, { data: part }: HostTensor, first: boolean): void {
  if (first) {
    copyInto(sum, part);
    return;
  }
  invariant(sum instanceof Float32Array && part instanceof Float32Array, 'float32 is added up');
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (part[i] ?? 0);
}
