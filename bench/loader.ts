import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { drawCrop } from '../src/data/augment/image/cropRegion.js';
import { openImageFolder } from '../src/data/sets/folder.js';
import { ImageBatches } from '../src/data/loader/imageBatches.js';
import { hardTargets, type LabelledImages } from '../src/data/sets/images.js';
import { LoaderPool } from '../src/data/loader/loaderPool.js';
import type { InputNoise } from '../src/data/augment/imageNoise.js';
import { UnreadableImages } from '../src/data/loader/unreadable.js';
import { makeFolder } from '../src/runtime/storage/atomic.js';
import { RandomStream } from '../src/support/random.js';
import type { Settings } from './run.js';
import { round, spread, type Spread } from '../src/support/statistics/spread.js';

const photos = 576;
const [photoWidth, photoHeight] = [500, 375];
const classes = ['cat', 'dog'];

/**
 * Images a second of the loader, from JPEG files of ImageNet's usual size to shuffled, randomly
 * cropped, flipped batches, against sharp alone on the same files: decode, crop, resize. They take
 * turns, so that both see the same machine.
 */
export async function benchLoader(settings: Settings): Promise<object> {
  const { batch, size, steps, threads } = settings;
  const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-'));
  const pool = new LoaderPool({ workers: threads });
  try {
    await makePhotos(folder);
    const images = openImageFolder(folder);
    const rates = { sharp: [] as number[], loader: [] as number[], randAugment: [] as number[] };
    for (let turn = 0; turn <= steps; turn++) {
      const sharpRate = await sharpAlone(images, size);
      const loader = await loaderAlone(images, pool, settings, { flip: true });
      const noise = { flip: true, randAugment: { n: 2, m: 9 } };
      const randAugment = await loaderAlone(images, pool, settings, noise);
      // The first turn warms up.
      if (turn === 0) continue;
      rates.sharp.push(sharpRate);
      rates.loader.push(loader);
      rates.randAugment.push(randAugment);
    }
    const [alone, loader, randAugment] = [rates.sharp, rates.loader, rates.randAugment].map(spread);
    const percent = (part?: Spread): number =>
      round((100 * (part?.median ?? NaN)) / (alone?.median ?? NaN));
    return {
      batch,
      size,
      workers: threads,
      photos: `${photos} JPEG of ${photoWidth}x${photoHeight}`,
      imagesPerSecond: { sharp: alone, loader, withRandAugment: randAugment },
      percentOfSharp: { loader: percent(loader), withRandAugment: percent(randAugment) },
    };
  } finally {
    await pool.close();
    rmSync(folder, { recursive: true });
  }
}

/** Photos are smooth with fine grain: coloured clouds, and noise of a camera. */
async function makePhotos(folder: string): Promise<void> {
  for (const name of classes) makeFolder(join(folder, name));
  const [across, down] = [24, 18];
  for (let i = 0; i < photos; i++) {
    const random = new RandomStream(i, { site: 0, step: 0, sample: 0 });
    const clouds = Uint8Array.from({ length: 3 * across * down }, () => random.integer(256));
    const photo = await sharp(clouds, { raw: { width: across, height: down, channels: 3 } })
      .resize(photoWidth, photoHeight, { kernel: 'cubic', fit: 'fill' })
      .raw()
      .toBuffer();
    for (let p = 0; p < photo.length; p++)
      photo[p] = Math.min(255, Math.max(0, (photo[p] ?? 0) + random.integer(17) - 8));
    const raw = { width: photoWidth, height: photoHeight, channels: 3 } as const;
    const file = join(folder, classes[i % 2] ?? '', `${i}.jpg`);
    await sharp(photo, { raw }).jpeg({ quality: 90 }).toFile(file);
  }
}

/** Images a second of sharp, as many at a time as libuv has threads. */
async function sharpAlone(images: LabelledImages, size: number): Promise<number> {
  const start = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i; (i = next++) < photos;) {
      const random = new RandomStream(1, { site: 1, step: 0, sample: i });
      const region = drawCrop(photoWidth, photoHeight, random);
      await sharp(readFileSync(String(images.where(i))))
        .extract({ ...region })
        .resize(size, size, { fit: 'fill', kernel: 'cubic' })
        .raw()
        .toBuffer();
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return (1000 * photos) / (performance.now() - start);
}

/** Images a second of a loader from its first step on. */
async function loaderAlone(
  images: LabelledImages,
  pool: LoaderPool,
  { batch, size }: Settings,
  noise: InputNoise,
): Promise<number> {
  const steps = Math.ceil(photos / batch);
  const source = new ImageBatches(images, hardTargets(images), {
    batch,
    seed: 1,
    pool,
    preparation: { shape: [3, size, size], crop: { kind: 'random' }, noise },
    unreadable: new UnreadableImages({ limit: 0 }),
    // What is made behind the last step would be in the way of whoever's turn is next.
    until: steps,
  });
  const arrays = {
    image: new Uint8Array(new SharedArrayBuffer(batch * 3 * size * size)),
    target: new Float32Array(batch * classes.length),
    weight: new Float32Array(batch),
  };
  const start = performance.now();
  for (let step = 0; step < steps; step++) await source.fill(arrays, step);
  return (1000 * steps * batch) / (performance.now() - start);
}
