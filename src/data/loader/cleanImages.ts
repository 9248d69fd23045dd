import { createHash } from 'node:crypto';
import type { InputNoise } from '../augment/imageNoise.js';
import { viewOf } from '../../support/imageView.js';
import type { Images, LabelledImages } from '../sets/images.js';
import type { ImageBatch, ImageLayout, ImageSource } from './imageSource.js';
import type { LoaderPool } from './loaderPool.js';
import { evaluationCrop, rowsOf, type Crop, type Damage, type Preparation } from './preparation.js';
import { sharedPixels, Slots, type Pixels } from './slots.js';
import type { UnreadableImages } from './unreadable.js';
import { checkRanges } from '../../support/optionRanges.js';

export interface CleanImagesOptions {
  readonly pool: LoaderPool;
  readonly unreadable: UnreadableImages;
  /** Default: that of the network's view; see evaluationCrop. */
  readonly crop?: Crop | undefined;
  /** Mean and deviation of each channel, for a network that takes floats (default: 0 and 1). */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  /** Batches made ahead of the one that is asked for; default 2. */
  readonly prefetch?: number;
}

/** Damage done to the images of a set, by a seed. */
export interface ImageChanges extends Pick<Damage, 'corruption'> {
  readonly seed: number;
  readonly noise?: InputNoise | undefined;
}

/**
 * The images of a set without noise, as an evaluation or a teacher takes them, prepared in other
 * threads and ahead of time. What cannot be read is left out.
 */
export function cleanImages(
  images: Images & Partial<LabelledImages>,
  options: CleanImagesOptions,
): ImageSource {
  checkRanges('cleanImages', options, ['prefetch']);
  return sourceOf(images, options, { seed: 0 });
}

/** The same noised, for a teacher that labels noised, or corrupted; with a fingerprint of its own. */
export function changedImages(
  images: Images & Partial<LabelledImages>,
  options: CleanImagesOptions & ImageChanges,
): ImageSource {
  const { seed, noise, corruption } = options;
  return sourceOf(images, options, { seed, noise, corruption });
}

function sourceOf(
  images: Images & Partial<LabelledImages>,
  options: CleanImagesOptions,
  changes: ImageChanges,
): ImageSource {
  const { classNames, label } = images;
  const changed = changes.noise !== undefined || changes.corruption !== undefined;
  return {
    name: images.name,
    count: images.count,
    classNames,
    get fingerprint() {
      return changed ? fingerprintOf(images, changes) : images.fingerprint;
    },
    id: (i) => images.id(i),
    ...(label && { label: (i: number) => label.call(images, i) }),
    batches: (indices, layout) => preparedBatches(images, indices, layout, options, changes),
  };
}

function fingerprintOf({ fingerprint }: Images, changes: ImageChanges): string {
  return createHash('sha256')
    .update(`${fingerprint} ${JSON.stringify(changes)}`)
    .digest('hex');
}

/**
 * Batches of images of these indices; if an image becomes several rows, `layout.batch` counts
 * images, and a batch holds all rows of each.
 */
export async function* preparedBatches(
  images: Images,
  indices: Iterable<number>,
  layout: ImageLayout,
  options: CleanImagesOptions,
  { seed, ...changes }: ImageChanges & Damage,
): AsyncGenerator<ImageBatch> {
  const { pool, prefetch = 2 } = options;
  const preparation = { ...preparationOf(images, layout, options), ...changes };
  const packed = images.packed && sharedPixels(images.packed);
  const plan = pool.plan({ preparation, packed, seed, site: 0 });
  const size = rowsOf(preparation) * layout.shape.reduce((a, b) => a * b, 1);
  const slots = new Slots(layout.batch * size);
  const like = layout.format === 'uint8-nhwc' ? new Uint8Array() : new Float32Array();
  const ahead: { readonly slot: Pixels; readonly indices: Promise<number[]> }[] = [];
  const parts = chunks(indices, layout.batch);
  for (let part = parts.next(); part.done !== true || ahead.length > 0; part = parts.next()) {
    if (part.done !== true) {
      const slot = slots.take(like);
      const loaded = load(images, part.value, { slot, size }, plan, options);
      // Its failure is thrown when its turn comes.
      loaded.catch(() => undefined);
      ahead.push({ slot, indices: loaded });
      if (ahead.length <= prefetch) continue;
    }
    const next = ahead.shift();
    if (!next) return;
    const read = await next.indices;
    if (read.length > 0) yield { indices: read, pixels: next.slot };
    slots.give(next.slot);
  }
}

function preparationOf(
  images: Images,
  { shape, view = viewOf(shape) }: ImageLayout,
  { crop = evaluationCrop(images, view), mean, std }: CleanImagesOptions,
): Preparation {
  return { shape, crop, view, mean, std };
}

/** Loads these images into the first rows; returns those that could be read. */
async function load(
  images: Images,
  indices: readonly number[],
  { slot, size }: { readonly slot: Pixels; readonly size: number },
  plan: number,
  { pool, unreadable }: CleanImagesOptions,
): Promise<number[]> {
  const rows = indices.map((index, row) => ({ row, index, where: images.where(index) }));
  const failed = await pool.load(plan, 0, slot, rows);
  if (failed.length === 0) return [...indices];
  const lost = new Set(failed.map(({ row }) => row));
  failed.sort((a, b) => a.row - b.row);
  for (const { where, reason } of failed) unreadable.add(where, reason);
  const kept = rows.filter(({ row }) => !lost.has(row));
  for (const [to, { row }] of kept.entries())
    slot.copyWithin(to * size, row * size, (row + 1) * size);
  return kept.map(({ index }) => index);
}

function* chunks(indices: Iterable<number>, size: number): Generator<number[]> {
  let chunk: number[] = [];
  for (const index of indices) {
    chunk.push(index);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
