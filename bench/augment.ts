import { largeImageNoise, smallImageNoise } from '../src/data/augment/imageNoise.js';
import type { RgbImage } from '../src/data/augment/image/image.js';
import { operationLists, type OperationName } from '../src/data/augment/operations/operations.js';
import type { ImageNoise } from '../src/data/augment/defineNoise.js';
import { randAugment } from '../src/data/augment/randAugment.js';
import { fnv1a32 } from '../src/support/hash.js';
import { fillBits, RandomStream } from '../src/support/random.js';
import { round, spread } from '../src/support/statistics/spread.js';
import type { Settings } from './run.js';

/** Images per second of input noise on one core: RandAugment alone, whole chains, each operation. */
export async function benchAugment({ size }: Settings): Promise<object> {
  const image = drawImage(size);
  const two = { n: 2, m: 10 };
  const small = smallImageNoise({ randAugment: two, cutout: 16, pad: 4, flip: true });
  const large = largeImageNoise({ randAugment: two, flip: true });
  return {
    size,
    unit: 'images per second of one core',
    randAugmentN2: measure(randAugment(two), image),
    chain: measure(size < 128 ? small : large, image),
    operations: Object.fromEntries(
      operationLists.noisyStudent.map((name: OperationName) => [
        name,
        measure(randAugment({ n: 1, m: 10, operations: [name] }), image).median,
      ]),
    ),
  };
}

/** Rates of 15 rounds of about 0.1 s each. */
function measure(noise: ImageNoise, image: RgbImage): ReturnType<typeof spread> {
  const out: RgbImage = { ...image, data: new Uint8Array(image.data.length) };
  const site = fnv1a32('bench.augment');
  let sample = 0;
  const rate = (images: number): number => {
    // The processor's time: others may compete for the core.
    const start = process.cpuUsage();
    for (let i = 0; i < images; i++)
      noise(image, new RandomStream(1, { site, step: 0, sample: sample++ }), out);
    const { user, system } = process.cpuUsage(start);
    return round((1e6 * images) / Math.max(1, user + system));
  };
  let images = 64;
  while (images / rate(images) < 0.1) images *= 2;
  return spread(Array.from({ length: 15 }, () => rate(images)));
}

function drawImage(size: number): RgbImage {
  const words = new Uint32Array(3 * size * size);
  fillBits(words, 1, { site: fnv1a32('bench.augment.image'), step: 0, sample: 0 });
  return { width: size, height: size, data: Uint8Array.from(words) };
}
