import { openUnlabelledSet } from '../../data/datasets/openSets.js';
import { cleanImages } from '../../data/loader/cleanImages.js';
import { evenly } from '../../data/loader/imageSource.js';
import { LoaderPool } from '../../data/loader/loaderPool.js';
import { UnreadableImages } from '../../data/loader/unreadable.js';
import { DataError } from '../../support/errors.js';
import { fnv1a32 } from '../../support/hash.js';
import { uniform } from '../../support/random.js';
import { tensorData, type TensorData } from '../../support/tensor.js';
import { viewOf } from '../../support/imageView.js';
import { asForeign, type ForeignImage } from './foreignImage.js';

/** A batch of images as the written network takes it, and as the foreign file does. */
export interface FedImages {
  readonly kind: 'noise' | 'real';
  readonly own: TensorData;
  readonly original: TensorData;
}

/** Images from files, and what to say of those that were left out. */
export interface RealImages {
  readonly batches: readonly FedImages[];
  readonly notes: readonly string[];
}

/** Images of a run, for a file that leaves them open. */
const usualBatch = 4;

/** A batch of noise: each value of a pixel is as likely as another. */
export function noiseImages(image: ForeignImage, seed: number): FedImages {
  const { input, normalisation } = image;
  const [channels, height, width] = input.image;
  const batch = input.batch ?? 2;
  const plane = height * width;
  const values = uniform(batch * channels * plane, seed, {
    site: fnv1a32('import'),
    step: 0,
    sample: 0,
  });
  const own = tensorData(
    'float32',
    [batch, channels, height, width],
    values.map((value, i) => {
      const channel = Math.floor(i / plane) % channels;
      const { mean, std } = normalisation;
      return (Math.floor(256 * value) / 255 - (mean[channel] ?? 0)) / (std[channel] ?? 1);
    }),
  );
  return { kind: 'noise', own, original: asForeign(own, image) };
}

/** Images of a set (openUnlabelledSet), at most `count` of them, evenly spread. Throws a DataError if none can be read. */
export async function realImages(
  spec: string,
  image: ForeignImage,
  count: number,
): Promise<RealImages> {
  const pool = new LoaderPool();
  try {
    const images = await openUnlabelledSet(spec);
    const unreadable = new UnreadableImages({ limit: Infinity });
    const source = cleanImages(images, { pool, unreadable, ...image.normalisation });
    const shape = image.input.image;
    const batch = image.input.batch ?? usualBatch;
    const layout = { batch, shape, format: 'float32-nchw', view: viewOf(shape) } as const;
    const size = shape.reduce((a, b) => a * b, 1);
    const batches: FedImages[] = [];
    for await (const { indices, pixels } of source.batches(evenly(images.count, count), layout)) {
      // A file of a fixed batch takes whole ones alone.
      if (indices.length < batch && image.input.batch !== undefined) continue;
      const own = tensorData(
        'float32',
        [indices.length, ...shape],
        Float32Array.from(pixels.subarray(0, indices.length * size)),
      );
      batches.push({ kind: 'real', own, original: asForeign(own, image) });
    }
    if (batches.length === 0) throw noneUsable(spec, batch, unreadable);
    const notes = unreadable.count === 0 ? [] : [leftOut(spec, unreadable)];
    return { batches, notes };
  } finally {
    await pool.close();
  }
}

function leftOut(spec: string, { count, reasons }: UnreadableImages): string {
  return `${count} of the images asked for in ${spec} cannot be read and were left out: ${reasons.join('; ')}`;
}

function noneUsable(spec: string, batch: number, unreadable: UnreadableImages): DataError {
  const message =
    unreadable.count > 0
      ? `no image of ${spec} can be read`
      : `${spec} has fewer images than the ${batch} that the file takes at a time`;
  return new DataError(message, {
    code: 'no-images',
    where: spec,
    notes: unreadable.reasons,
    hint: 'give images of the kind that the network is for',
  });
}
