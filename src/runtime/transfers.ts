import type { ArtifactInfo, Role } from '../artifacts/manifest.js';
import { resolveShape } from './buffers.js';
import { copyOf, uploadModel } from './deviceModels.js';
import { DeviceCopier } from './deviceState.js';
import { Session, zeroTensor, type SessionOptions } from './session.js';

/** What a step is given from the host. */
const fed: ReadonlySet<Role> = new Set(['image', 'target', 'weight', 'noise', 'hyper']);

const rounds = 10;

/**
 * Milliseconds in which a device takes in what a step of `images` images is fed from the host, when it
 * computes nothing of it: the fastest of some rounds, less the fastest in which but a number is read.
 * Of a device whose tensors stay on it.
 */
export async function transferMilliseconds(
  { inputs }: ArtifactInfo,
  images: number,
  options: SessionOptions,
): Promise<number> {
  const specs = inputs
    .filter(({ role }) => fed.has(role))
    .map(({ name, dtype, shape }) => ({ name, dtype, shape: resolveShape(shape, images) }));
  const names = specs.map(({ name }) => copyOf(name));
  const feeds = Object.fromEntries(specs.map((s) => [s.name, zeroTensor(s.dtype, s.shape)]));
  const upload = await Session.create(uploadModel(specs), { ...options, results: 'device' });
  const number = await LastNumber.create(options);
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

/** A number on the device: who reads it waits for all that the device was given before. */
class LastNumber {
  private constructor(
    private readonly copier: DeviceCopier,
    private readonly onDevice: Awaited<ReturnType<DeviceCopier['upload']>>,
  ) {}

  static async create(options: SessionOptions): Promise<LastNumber> {
    const copier = await DeviceCopier.create(
      [{ name: 'x', dtype: 'float32', shape: [1] }],
      options,
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
