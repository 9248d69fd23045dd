import type { TargetName } from '../../contract/targets.js';
import type { Diagnosis, MachineFacts, ProbedDevice } from './diagnosis.js';

/**
 * A device that networks run on: everything that differs between devices outside the compiler. To add one,
 * write its file and list it in index.ts; onnxruntime-node must have its execution provider.
 */
export interface Device<Name extends string = string> {
  /** Its name in `--device` and in configs, which is that of its execution provider. */
  readonly name: Name;
  /** Its name in sentences. */
  readonly title: string;
  /**
   * Target that training graphs are lowered for. Whether they may compute in 16 bits, the target
   * says.
   */
  readonly target: TargetName;
  /** Target that graphs with constant weights are lowered for (default: `target`). */
  readonly labelTarget?: TargetName;
  /** Its place among those that the device `auto` tries, the lowest first; undefined: never tried. */
  readonly autoRank?: number;
  /**
   * Place of weights and optimizer state between runs: in the host's memory, in which the device
   * computes; in the host's memory, carried to the device and back by each run; or on the device,
   * whose steps are then queued before their results are read.
   */
  readonly state: 'host' | 'carried' | 'device';
  /** Makes a session refuse a graph if some node would run on the CPU. */
  readonly strict: boolean;
  /** Training steps that one run does if the config leaves it open. */
  readonly stepsPerRun: number;
  /** Session settings for onnxruntime beside the provider's name. */
  readonly session: {
    /** Settings of the provider. */
    readonly provider?: Readonly<Record<string, string>>;
    readonly disabledOptimizers?: readonly string[];
  };
  readonly halves: {
    /**
     * Feature that a machine needs to compute in float16, if not all have it: the probe finds out.
     */
    readonly machineNeeds?: string;
    /** Why labelling in 16 bits is refused; undefined if it is not. */
    readonly refusesLabels?: string;
  };
  /** Messages of onnxruntime that mean that the provider, not the model, has failed to load. */
  readonly loadFailure?: RegExp;
  /** Shared libraries that it needs, which `doctor` looks for on Linux. */
  readonly libraries: readonly string[];
  /** Says why it can or cannot be used on a machine, and what to do about it. */
  diagnose(probed: ProbedDevice, facts: MachineFacts): Diagnosis;
}

/** Defines a device under a name of its own. */
export function defineDevice<const Name extends string>(device: Device<Name>): Device<Name> {
  return device;
}
