import type { ArtifactInfo, TensorInfo } from '../../../contract/manifest.js';
import { resolveShape } from '../buffers.js';
import type { DeviceTensor, Executor, Feeds } from '../executor.js';
import { required, type LoadedArtifact, type Memory, type Sums, type Values } from '../memory.js';
import { DeviceLog } from './deviceLog.js';
import { addModel, copyOf, partOf, sumOf } from './deviceModels.js';
import { longestQueue } from './deviceQueue.js';
import { DeviceState } from './deviceState.js';

/** Values on a device, on which the sessions of the artifacts leave their results. */
export class DeviceMemory implements Memory<DeviceTensor> {
  private constructor(
    readonly state: DeviceState,
    private readonly executor: Executor,
  ) {}

  static async create(
    artifacts: readonly ArtifactInfo[],
    executor: Executor,
  ): Promise<DeviceMemory> {
    return new DeviceMemory(await DeviceState.create(artifacts, executor), executor);
  }

  bind({ info, session }: LoadedArtifact, feeds: Feeds, wanted: readonly TensorInfo[]) {
    const binding = this.state.bind(info);
    const outputs = [...binding.outputs, ...wanted].map(({ name }) => name);
    return async () => {
      this.state.feed(binding, feeds);
      const results = await session.compute(feeds, outputs);
      this.state.replace(binding, results);
      return results;
    };
  }

  async sums(outputs: readonly TensorInfo[]): Promise<Sums<DeviceTensor>> {
    const specs = outputs.map(({ name, dtype, shape }) => {
      return { name, dtype, shape: resolveShape(shape, 1) };
    });
    const names = specs.map(({ name }) => name);
    const adding = await this.executor.create(addModel(specs), { results: 'device' });
    const add = async (sums: Values<DeviceTensor> | undefined, parts: Values<DeviceTensor>) => {
      if (!sums) return parts;
      const feeds: Record<string, DeviceTensor> = {};
      for (const name of names) {
        feeds[sumOf(name)] = required(sums, name);
        feeds[partOf(name)] = required(parts, name);
      }
      const results = await adding.compute(feeds, names.map(copyOf));
      for (const tensor of Object.values(feeds)) tensor.dispose();
      return Object.fromEntries(names.map((name) => [name, required(results, copyOf(name))]));
    };
    return { add, release: () => adding.release() };
  }

  log(scalars: readonly string[]): Promise<DeviceLog> {
    return DeviceLog.create(scalars, longestQueue, this.executor);
  }

  release(): Promise<void> {
    return this.state.release();
  }
}
