import type { TensorData } from '../../support/tensor.js';

/*
 * What the code that runs steps sees of an ONNX runtime. An executor is one runtime on one device, with its
 * settings; a room above makes it (`executors/onnxruntimeNode`) and hands it to the engine, which names none.
 * Numbers in host memory are plain arrays: an executor reads and writes them where they lie, or copies them.
 */

/** An .onnx file: its path, or its bytes. */
export type OnnxSource = string | Uint8Array;

/** A tensor in host memory. */
export type HostTensor = TensorData;

/** A tensor that lies where an executor computes, until it is disposed of. Only a session can read it. */
export interface DeviceTensor {
  dispose(): void;
}

/** A tensor that a session reads. */
export type Tensor = HostTensor | DeviceTensor;

/** Lets go of a tensor on a device; one in host memory needs nothing. */
export function dispose(tensor: Tensor): void {
  if ('dispose' in tensor) tensor.dispose();
}

/** Inputs of a run, by name. */
export type Feeds = Record<string, Tensor>;

/** Tensors that a run writes its outputs into, by name. */
export type Fetches = Record<string, HostTensor>;

/** Outputs of a run in tensors of their own, by name. */
export type Results = Record<string, DeviceTensor>;

export interface ModelOptions {
  /** Model that computes gradients or updates weights, which are its inputs (default: false). */
  readonly training?: boolean;
  /**
   * Place where `compute` leaves results; a device's stay on it until they are fed to a session
   * (default: host).
   */
  readonly results?: 'host' | 'device';
  /** Name of the model in errors (default: its path). */
  readonly label?: string;
}

/** A loaded model. Runs come one at a time. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the model; results are written into the tensors of `fetches`. */
  run(feeds: Feeds, fetches: Fetches): Promise<void>;
  /** Runs the model for outputs in tensors of their own, which the caller disposes of. */
  compute(feeds: Feeds, outputs: readonly string[]): Promise<Results>;
  release(): Promise<void>;
}

/** Loads models and runs them on one device. */
export interface Executor {
  /** True if values can stay on the device between runs; otherwise they pass through the host. */
  readonly staysOnDevice: boolean;
  /**
   * Loads a model. Throws a DeviceError for a device that cannot be used, an ArtifactError for a file
   * that cannot be read.
   */
  create(source: OnnxSource, options?: ModelOptions): Promise<Session>;
}
