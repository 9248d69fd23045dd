import type { PerturbationName } from '../augment/perturbations/perturb.js';
import { preparedBatches, type CleanImagesOptions } from './cleanImages.js';
import type { Images, LabelledImages } from '../sets/images.js';
import type { ImageBatch, ImageLayout, ImageSource } from './imageSource.js';

export interface PerturbedImagesOptions extends CleanImagesOptions {
  readonly perturbation: PerturbationName;
  /** Seed of the perturbation's draws. */
  readonly seed: number;
}

/**
 * The images of a set as sequences of frames: an image that is asked for is given as many times as it
 * has frames, one after another.
 */
export function perturbedImages(
  images: Images & Partial<LabelledImages>,
  options: PerturbedImagesOptions,
): ImageSource {
  const { perturbation, seed } = options;
  return {
    name: images.name,
    count: images.count,
    classNames: images.classNames,
    get fingerprint() {
      return `${images.fingerprint} ${perturbation} ${seed}`;
    },
    id: (i) => images.id(i),
    batches: (indices, layout) => frameBatches(images, indices, layout, options),
  };
}

/** Frames of several images fill a batch, so that none but the last is a partial one. */
async function* frameBatches(
  images: Images,
  indices: Iterable<number>,
  layout: ImageLayout,
  { perturbation, seed, ...options }: PerturbedImagesOptions,
): AsyncGenerator<ImageBatch> {
  const { batch, format } = layout;
  const length = layout.shape.reduce((a, b) => a * b, 1);
  const pixels =
    format === 'uint8-nhwc' ? new Uint8Array(batch * length) : new Float32Array(batch * length);
  let rows: number[] = [];
  const sequences = preparedBatches(
    images,
    indices,
    // An image for each thread; sequences are long, so one is made ahead.
    { ...layout, batch: options.pool.size },
    { prefetch: 1, ...options },
    { seed, perturbation },
  );
  for await (const { indices: read, pixels: frames } of sequences) {
    const each = frames.length / options.pool.size;
    for (const [place, image] of read.entries())
      for (let from = place * each; from < (place + 1) * each; from += length) {
        pixels.set(frames.subarray(from, from + length), rows.length * length);
        rows.push(image);
        if (rows.length < batch) continue;
        yield { indices: rows, pixels };
        rows = [];
      }
  }
  if (rows.length > 0) yield { indices: rows, pixels };
}
