import type { ArtifactInfo } from '../../../contract/manifest.js';
import { invariant } from '../../../support/errors.js';
import type { TensorData } from '../../../support/tensor.js';
import { required } from '../memory.js';
import {
  carriedNames,
  StateBuffers,
  type StateStore,
  type WeightKind,
  type WeightSource,
} from '../buffers.js';
import { copyModel, copyOf, type TensorSpec } from './deviceModels.js';
import type { DeviceTensor, Executor, Feeds, HostTensor, Results, Session } from '../executor.js';

/*
 * State stays where it is computed. On a device whose tensors stay on it, a step's outputs are fed to the next,
 * and what they replace is disposed of. Scalars are appended to a log on the device, so that nobody waits for a
 * step; the trainer asks for the log after half a second of steps and wherever the state is looked at. Only
 * sessions bring values up and down, since asking a device tensor for its numbers ends the process. One device
 * serves a process, so its threads take turns (`deviceTurn`).
 */

/** Copies tensors of known names and shapes to a device and back. */
export class DeviceCopier {
  readonly #fetched: readonly string[];

  private constructor(
    private readonly up: Session,
    private readonly down: Session,
    specs: readonly TensorSpec[],
  ) {
    this.#fetched = specs.map(({ name }) => copyOf(name));
  }

  static async create(specs: readonly TensorSpec[], executor: Executor): Promise<DeviceCopier> {
    const model = copyModel(specs);
    const up = await executor.create(model, { results: 'device' });
    return new DeviceCopier(up, await executor.create(model), specs);
  }

  /** New tensors on the device, by name. */
  async upload(tensors: ReadonlyMap<string, HostTensor>): Promise<Map<string, DeviceTensor>> {
    const copies = await this.up.compute(Object.fromEntries(tensors), this.#fetched);
    return new Map(Array.from(tensors.keys(), (name) => [name, required(copies, copyOf(name))]));
  }

  /** Writes the numbers of device tensors into host tensors, by name; waits for the device. */
  async download(
    from: ReadonlyMap<string, DeviceTensor>,
    into: ReadonlyMap<string, HostTensor>,
  ): Promise<void> {
    const fetches = Array.from(into, ([name, tensor]) => [copyOf(name), tensor] as const);
    await this.down.run(Object.fromEntries(from), Object.fromEntries(fetches));
  }

  async release(): Promise<void> {
    await this.up.release();
    await this.down.release();
  }
}

/** Mapping of one artifact's tensors to values on a device. */
export interface DeviceBinding {
  readonly inputs: readonly { readonly name: string; readonly key: string }[];
  readonly outputs: readonly { readonly name: string; readonly key: string }[];
}

/**
 * The same values as StateBuffers', on a device: each step's outputs are the next one's inputs, and
 * what they replace is disposed of. Only a checkpoint or a look at them brings them to the host, in
 * buffers that live no longer than that.
 */
export class DeviceState implements StateStore {
  /** Knows keys and shapes; its arrays are never touched. */
  readonly #layout: StateBuffers;
  #current = new Map<string, DeviceTensor>();

  private constructor(
    private readonly artifacts: readonly ArtifactInfo[],
    private readonly copier: DeviceCopier,
    layout: StateBuffers,
  ) {
    this.#layout = layout;
  }

  static async create(
    artifacts: readonly ArtifactInfo[],
    executor: Executor,
  ): Promise<DeviceState> {
    const layout = new StateBuffers(artifacts, { oneSet: true });
    return new DeviceState(artifacts, await DeviceCopier.create(layout.specs(), executor), layout);
  }

  async state(): Promise<ReadonlyMap<string, TensorData>> {
    const host = this.#hostCopy();
    await this.copier.download(this.#current, host.tensors());
    return host.state();
  }

  async initialize(weights: ReadonlyMap<string, TensorData>): Promise<void> {
    const host = this.#hostCopy();
    host.initialize(weights);
    await this.#upload(host);
  }

  async load(tensors: ReadonlyMap<string, TensorData>): Promise<void> {
    const host = this.#hostCopy();
    host.load(tensors);
    await this.#upload(host);
  }

  weights(kind: WeightKind): WeightSource {
    const keyOf = this.#layout.weightKeys(kind);
    return (param) => this.#get(keyOf(param));
  }

  bind(artifact: ArtifactInfo): DeviceBinding {
    return carriedNames(artifact);
  }

  /** Points the inputs of a run at the current values. */
  feed({ inputs }: DeviceBinding, feeds: Feeds): void {
    for (const { name, key } of inputs) feeds[name] = this.#get(key);
  }

  /** Makes results the current values. */
  replace({ outputs }: DeviceBinding, results: Results): void {
    for (const { name, key } of outputs) {
      const old = this.#get(key);
      this.#current.set(key, required(results, name));
      old.dispose();
    }
  }

  async release(): Promise<void> {
    for (const tensor of this.#current.values()) tensor.dispose();
    this.#current.clear();
    await this.copier.release();
  }

  #hostCopy(): StateBuffers {
    return new StateBuffers(this.artifacts, { oneSet: true });
  }

  async #upload(host: StateBuffers): Promise<void> {
    const before = this.#current;
    this.#current = await this.copier.upload(host.tensors());
    for (const tensor of before.values()) tensor.dispose();
  }

  #get(key: string): DeviceTensor {
    const tensor = this.#current.get(key);
    invariant(tensor, `${key} was never put on the device`);
    return tensor;
  }
}
