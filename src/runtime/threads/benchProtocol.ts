/** The messages between `measure` and the process in which the measured steps run. */
import type { BenchMode } from '../../contract/choices.js';
import type { Manifest } from '../../contract/manifest.js';
import type { SessionOptions } from '../executors/onnxruntimeNode.js';
import type { PackedError } from '../../support/packError.js';

export interface BenchRequest {
  readonly mode: BenchMode;
  readonly manifest: Manifest;
  /** Folder of the artifacts. */
  readonly folder: string;
  readonly threads?: number | undefined;
  /** Providers of the session (default: the CPU). */
  readonly session?: Pick<SessionOptions, 'providers' | 'strict'> | undefined;
  /** Steps, or runs of several, before those that count. */
  readonly warmUp: number;
  /** Steps that are counted, at least. */
  readonly steps: number;
  /** Goes on with more steps until so much time has passed. */
  readonly seconds: number;
  /** Start of the path of a file that takes the time of each node; such steps are not to be timed. */
  readonly profile?: string | undefined;
}

export interface MeasuredStep {
  /** From the end of the step before to its own; the mean of steps that are of one run or were given to a device at once. */
  readonly milliseconds: number;
  /** Part of the milliseconds spent inside onnxruntime. */
  readonly runMilliseconds: number;
}

export interface Measured {
  readonly steps: readonly MeasuredStep[];
  /** Largest resident memory of the process so far. */
  readonly peakRssBytes: number;
  /** Resident memory before anything was loaded: Node, Gradus and onnxruntime themselves. */
  readonly baseRssBytes: number;
  /**
   * Time to move a step's data between host and device, with nothing computed; see
   * transferMilliseconds.
   */
  readonly transferMilliseconds?: number | undefined;
}

export type BenchReply =
  | { readonly ok: true; readonly measured: Measured }
  | { readonly ok: false; readonly error: PackedError };
