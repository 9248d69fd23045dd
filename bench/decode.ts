import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { drawCrop } from '../src/data/augment/image/cropRegion.js';
import type { Decoding } from '../src/contract/choices.js';
import { decodeFile } from '../src/data/pixels/decode.js';
import { regionFraming } from '../src/data/pixels/framing.js';
import { RandomStream } from '../src/support/random.js';
import { round, spread } from '../src/support/statistics/spread.js';
import type { Settings } from './run.js';

const photoSizes = [
  [500, 375],
  [1600, 1200],
  [4000, 3000],
] as const;
const photos = 8;

/**
 * Decoding of a random crop for training: fast, exact, and as Gradus did it before it had a resampler
 * of its own (sharp alone). They take turns, picture by picture, so that all see the same machine; the
 * ratios are of the same turn and of processor time. And how far the pixels of the fast way are from the exact one's.
 */
export async function benchDecode({ size, steps }: Settings): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-'));
  try {
    const results: Record<string, object> = {};
    for (const [width, height] of photoSizes) {
      const files = await makePhotos(folder, width, height);
      results[`${width}x${height}`] = await measure(files, size, steps);
    }
    return { size, steps, photos, results };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(files: readonly string[], size: number, steps: number): Promise<object> {
  const ratios = { fastToSharp: [] as number[], exactToSharp: [] as number[] };
  const rates = { sharp: [] as number[], fast: [] as number[], exact: [] as number[] };
  const off = { mean: [] as number[], most: [] as number[] };
  for (let step = -2; step < steps; step++) {
    const times = { sharp: 0, fast: 0, exact: 0 };
    for (const [i, file] of files.entries()) {
      const sample = i + 1000 * (step + 2);
      times.sharp += await timed(() => bySharp(file, size, sample));
      let [fast, exact] = [new Uint8Array(), new Uint8Array()];
      times.fast += await timed(async () => (fast = await byGradus(file, size, sample, 'fast')));
      times.exact += await timed(async () => (exact = await byGradus(file, size, sample, 'exact')));
      const levels = fast.map((value, p) => Math.abs(value - (exact[p] ?? 0)));
      off.mean.push(levels.reduce((a, b) => a + b, 0) / levels.length);
      off.most.push(levels.reduce((a, b) => Math.max(a, b), 0));
    }
    // The first turns warm up.
    if (step < 0) continue;
    ratios.fastToSharp.push(times.sharp / times.fast);
    ratios.exactToSharp.push(times.sharp / times.exact);
    for (const way of ['sharp', 'fast', 'exact'] as const)
      rates[way].push((1000 * files.length) / times[way]);
  }
  return {
    imagesPerSecond: Object.fromEntries(
      Object.entries(rates).map(([way, values]) => [way, spread(values)]),
    ),
    speedOverSharp: { fast: spread(ratios.fastToSharp), exact: spread(ratios.exactToSharp) },
    fastFromExact: {
      meanLevels: round(off.mean.reduce((a, b) => a + b, 0) / off.mean.length),
      mostLevels: Math.max(...off.most),
    },
  };
}

/** Milliseconds of processor time of all threads: what else runs on the machine counts little. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function cropOf(width: number, height: number, sample: number) {
  return drawCrop(width, height, new RandomStream(1, { site: 1, step: 0, sample }));
}

async function byGradus(file: string, size: number, sample: number, decode: Decoding) {
  const frame = ({ width, height }: { readonly width: number; readonly height: number }) =>
    regionFraming(cropOf(width, height, sample), { width: size, height: size });
  const { data } = await decodeFile(file, frame, { decode });
  return Uint8Array.from(data);
}

/** What version 0.1.0 did: where a crop shrinks to half or less, the whole image is resized first. */
async function bySharp(file: string, size: number, sample: number): Promise<Buffer> {
  const bytes = readFileSync(file);
  const { width, height } = await sharp(bytes).metadata();
  const region = cropOf(width, height, sample);
  const [across, down] = [region.width / size, region.height / size];
  const cubic = { fit: 'fill', kernel: 'cubic' } as const;
  const image = sharp(bytes, { failOn: 'warning' });
  let resized = image;
  if (Math.min(across, down) < 2) resized = image.extract({ ...region }).resize(size, size, cubic);
  else {
    const whole = {
      width: Math.max(size, Math.round(width / across)),
      height: Math.max(size, Math.round(height / down)),
    };
    resized = image.resize(whole.width, whole.height, cubic).extract({
      left: Math.min(Math.round(region.left / across), whole.width - size),
      top: Math.min(Math.round(region.top / down), whole.height - size),
      ...{ width: size, height: size },
    });
  }
  const white = { r: 255, g: 255, b: 255 };
  return resized
    .flatten({ background: white })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer();
}

/** Photos are smooth with fine grain: coloured clouds, and noise of a camera. */
async function makePhotos(folder: string, width: number, height: number): Promise<string[]> {
  const files: string[] = [];
  for (let i = 0; i < photos; i++) {
    const random = new RandomStream(i, { site: 0, step: 0, sample: 0 });
    const clouds = Uint8Array.from({ length: 3 * 24 * 18 }, () => random.integer(256));
    const photo = await sharp(clouds, { raw: { width: 24, height: 18, channels: 3 } })
      .resize(width, height, { kernel: 'cubic', fit: 'fill' })
      .raw()
      .toBuffer();
    for (let p = 0; p < photo.length; p++)
      photo[p] = Math.min(255, Math.max(0, (photo[p] ?? 0) + random.integer(17) - 8));
    const file = join(folder, `${width}-${i}.jpg`);
    await sharp(photo, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 90 })
      .toFile(file);
    files.push(file);
  }
  return files;
}
