import type { ArtifactInfo, TensorInfo } from '../../../contract/manifest.js';
import { isGivenEachStep } from '../../../contract/steps.js';
import { resolveShape } from '../buffers.js';
import { copyOf, partOf, passModel, uploadModel, type TensorSpec } from './deviceModels.js';
import { DeviceCopier } from './deviceState.js';
import { zeroTensor } from '../../../support/tensor.js';
import type { Executor, Fetches } from '../executor.js';

const rounds = 10;

/**
 * Milliseconds that a step of `images` images takes to move what it must, when nothing is computed: the
 * fastest of some rounds. Where tensors stay on the device, that is what a step is fed from the host; elsewhere
 * parameters and state go there and back as well, once for all steps of a run.
 */
export async function transferMilliseconds(
  info: ArtifactInfo,
  images: number,
  executor: Executor,
): Promise<number> {
  if (executor.staysOnDevice) return uploadMilliseconds(movedTensors(info, images).given, executor);
  return (await passMilliseconds(movedTensors(info, images), executor)) / (info.steps ?? 1);
}

/** Tensors that a run moves. */
export interface MovedTensors {
  /** From the host to the device, of all steps of the run. */
  readonly given: readonly TensorSpec[];
  /** There and back: what outputs replace. */
  readonly carried: readonly TensorSpec[];
}

/** The tensors that a run of an artifact moves between host and device, for steps of so many images. */
export function movedTensors(
  { inputs, outputs, steps = 1 }: ArtifactInfo,
  images: number,
): MovedTensors {
  const specOf = ({ name, dtype, shape }: TensorInfo, axes: readonly number[] = []): TensorSpec => {
    return { name, dtype, shape: [...axes, ...resolveShape(shape.slice(axes.length), images)] };
  };
  const replaced = new Set(outputs.map(({ replaces }) => replaces));
  return {
    given: inputs.filter(isGivenEachStep).map((input) => specOf(input, steps > 1 ? [steps] : [])),
    carried: inputs.filter(({ name }) => replaced.has(name)).map((input) => specOf(input)),
  };
}

/** Less the fastest round in which but a number is read. */
async function uploadMilliseconds(
  specs: readonly TensorSpec[],
  executor: Executor,
): Promise<number> {
  const names = specs.map(({ name }) => copyOf(name));
  const feeds = zerosOf(specs);
  const upload = await executor.create(uploadModel(specs), { results: 'device' });
  const number = await LastNumber.create(executor);
  const [loaded, idle]: [number[], number[]] = [[], []];
  for (let i = 0; i <= rounds; i++) {
    const start = performance.now();
    const results = await upload.compute(feeds, names);
    await number.read();
    const middle = performance.now();
    for (const tensor of Object.values(results)) tensor.dispose();
    await number.read();
    // The first round compiles.
    if (i === 0) continue;
    loaded.push(middle - start);
    idle.push(performance.now() - middle);
  }
  await number.release();
  await upload.release();
  return Math.max(0, Math.min(...loaded) - Math.min(...idle));
}

/** A run that passes its tensors through the device, into memory that is there already, as a step's is. */
async function passMilliseconds(
  { given, carried }: MovedTensors,
  executor: Executor,
): Promise<number> {
  const session = await executor.create(passModel(given, carried));
  const feeds = zerosOf([...given, ...carried]);
  const fetches = zerosOf([
    ...given.map(({ name, dtype }) => ({ name: partOf(name), dtype, shape: [1] })),
    ...carried.map((spec) => ({ ...spec, name: copyOf(spec.name) })),
  ]);
  const times: number[] = [];
  for (let i = 0; i <= rounds; i++) {
    const start = performance.now();
    await session.run(feeds, fetches);
    // The first round makes room.
    if (i > 0) times.push(performance.now() - start);
  }
  await session.release();
  return Math.min(...times);
}

function zerosOf(specs: readonly TensorSpec[]): Fetches {
  return Object.fromEntries(
    specs.map(({ name, dtype, shape }) => [name, zeroTensor(dtype, shape)]),
  );
}

/** A number on the device: who reads it waits for all that the device was given before. */
class LastNumber {
  private constructor(
    private readonly copier: DeviceCopier,
    private readonly onDevice: Awaited<ReturnType<DeviceCopier['upload']>>,
  ) {}

  static async create(executor: Executor): Promise<LastNumber> {
    const copier = await DeviceCopier.create(
      [{ name: 'x', dtype: 'float32', shape: [1] }],
      executor,
    );
    return new LastNumber(
      copier,
      await copier.upload(new Map([['x', zeroTensor('float32', [1])]])),
    );
  }

  async read(): Promise<void> {
    await this.copier.download(this.onDevice, new Map([['x', zeroTensor('float32', [1])]]));
  }

  async release(): Promise<void> {
    for (const tensor of this.onDevice.values()) tensor.dispose();
    await this.copier.release();
  }
}
