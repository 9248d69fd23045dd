/** The messages between TrainClient and its worker thread. */
import type { CheckpointState } from '../../contract/checkpointSchema.js';
import type { Manifest } from '../../contract/manifest.js';
import type { PackedError } from '../../support/packError.js';
import type { TensorData } from '../../support/tensor.js';
import type { BatchArrays, InferArrays } from '../engine/batchArrays.js';
import type { WeightKind } from '../engine/buffers.js';
import type { CheckpointMeta } from '../storage/checkpoint.js';
import type { NoiseAt } from '../engine/noise.js';
import type { OnnxSource } from '../engine/executor.js';
import type { SessionOptions } from '../executors/onnxruntimeNode.js';
import type { StepRequest, StepResult } from '../engine/step.js';

/** Work of a thread: a whole training step, one in parts (grad and update), or inference alone. */
export interface TrainSetup {
  readonly manifest: Manifest;
  /** Path or bytes of each artifact that is used. */
  readonly artifacts: {
    readonly train?: OnnxSource;
    readonly grad?: OnnxSource;
    readonly update?: OnnxSource;
    readonly infer?: OnnxSource;
  };
  /** Images of one run of `train` or `grad` (default: the manifest's batch). */
  readonly batch?: number;
  /** Micro-batches of a step, of `batch` images each; more than 1 needs `grad` and `update`. */
  readonly accumulate?: number;
  /** Images of one run of `infer` (default: the manifest's batch, else `batch`). */
  readonly inferBatch?: number;
  /** Seed of the noise. */
  readonly seed: number;
  readonly session?: SessionOptions;
}

/** Memory that both threads see. */
export interface SharedSlots {
  readonly batches: readonly BatchArrays[];
  readonly infers: readonly InferArrays[];
  /** Turns shared by all threads of the process that use a device. */
  readonly turns: Int32Array;
}

/** Commands to the worker by name: what each takes and gives. */
export interface Commands {
  setup: { takes: TrainSetup & SharedSlots; gives: undefined };
  initialize: { takes: ReadonlyMap<string, TensorData>; gives: undefined };
  load: { takes: ReadonlyMap<string, TensorData>; gives: undefined };
  resume: { takes: string; gives: CheckpointState };
  /** `later`: the result may come with that of a step after it. */
  step: {
    takes: StepRequest & { readonly slot: number; readonly later: boolean };
    gives: readonly StepResult[];
  };
  infer: {
    takes: {
      readonly slot: number;
      readonly weights: WeightKind | 'inside';
      readonly noise?: NoiseAt | undefined;
    };
    /** Milliseconds inside onnxruntime. */
    gives: number;
  };
  /** Names of the carried tensors that hold a NaN or an infinity. */
  notFinite: { takes: undefined; gives: readonly string[] };
  state: { takes: undefined; gives: ReadonlyMap<string, TensorData> };
  save: { takes: { readonly folder: string; readonly meta: CheckpointMeta }; gives: string };
  stop: { takes: undefined; gives: undefined };
}

export type CommandName = keyof Commands;

export interface Command {
  readonly id: number;
  readonly name: CommandName;
  readonly takes: unknown;
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly gives: unknown }
  | { readonly id: number; readonly ok: false; readonly error: PackedError };
