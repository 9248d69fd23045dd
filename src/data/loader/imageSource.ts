import type { ImageFormat } from '../../contract/imageFormats.js';
import { createHash } from 'node:crypto';
import { DataError } from '../../support/errors.js';
import type { ImageView } from '../../support/imageView.js';
import { writeImage } from './batches.js';
import type { ArrayDataset } from './dataset.js';

/** Format of a model's images. */
export interface ImageLayout {
  /** Images of a full batch. */
  readonly batch: number;
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
  /** Floats of 0 to 1 as [C,H,W], or 8 bits as [H,W,C]. */
  readonly format: ImageFormat;
  /** Conversion of files to its images (default: viewOf the shape). */
  readonly view?: ImageView | undefined;
}

/** Some images, in the order in which they were asked for; valid until the next batch is taken. */
export interface ImageBatch {
  /** Indices of these images, at most the layout's batch; unreadable ones are left out. */
  readonly indices: readonly number[];
  /** The images one after another, as the layout says. */
  readonly pixels: Float32Array | Uint8Array;
}

/** Clean images in a fixed order: in memory, or decoded while they are read. */
export interface ImageSource {
  /** Name of the set in messages. */
  readonly name: string;
  readonly count: number;
  /** Names of the classes, by their number, if the images have labels. */
  readonly classNames?: readonly string[] | undefined;
  /** Another one if an image or the order changes. */
  readonly fingerprint: string;
  /** Stable name of image i: its path inside the set, or its index. */
  id(i: number): string;
  /** Class of image i, in a set that has labels. */
  label?(i: number): number;
  /** The images of these indices without noise: decoded, resized and cropped for evaluation. */
  batches(indices: Iterable<number>, layout: ImageLayout): AsyncIterable<ImageBatch>;
}

/** Names of the images of a data set. */
export interface ArraySourceOptions {
  readonly name: string;
  /** Names of the classes; the images then count as labelled. */
  readonly classNames?: readonly string[];
  /** Stable name of each image (default: its index). */
  readonly ids?: ArrayLike<string | number>;
}

/** The images of a data set in memory. */
export function arraySource(dataset: ArrayDataset, options: ArraySourceOptions): ImageSource {
  const { name, classNames, ids } = options;
  let hash: string | undefined;
  return {
    name,
    count: dataset.count,
    classNames,
    get fingerprint() {
      return (hash ??= hashOf(dataset, ids));
    },
    id: (i) => String(ids ? ids[i] : i),
    ...(classNames && { label: (i: number) => dataset.label(i) }),
    batches: (indices, layout) => arrayBatches(dataset, name, indices, layout),
  };
}

function hashOf(dataset: ArrayDataset, ids: ArraySourceOptions['ids']): string {
  const hash = createHash('sha256').update(dataset.shape.join('x'));
  const pixels = new Float32Array(dataset.shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < dataset.count; i++) {
    dataset.image(i, pixels);
    hash.update(`${String(ids ? ids[i] : i)}\n`).update(pixels);
  }
  return hash.digest('hex');
}

async function* arrayBatches(
  dataset: ArrayDataset,
  name: string,
  indices: Iterable<number>,
  { batch, shape, format }: ImageLayout,
): AsyncGenerator<ImageBatch> {
  if (shape.join() !== dataset.shape.join())
    throw new DataError(
      `the images are [${dataset.shape.join(',')}], the model takes [${shape.join(',')}]`,
      { code: 'image-shape', where: name },
    );
  const size = shape.reduce((a, b) => a * b, 1);
  const image = new Float32Array(size);
  const pixels =
    format === 'uint8-nhwc' ? new Uint8Array(batch * size) : new Float32Array(batch * size);
  let rows: number[] = [];
  for (const i of indices) {
    dataset.image(i, image);
    writeImage({ image: pixels }, rows.length, image, shape);
    rows.push(i);
    if (rows.length < batch) continue;
    yield { indices: rows, pixels };
    rows = [];
  }
  if (rows.length > 0) yield { indices: rows, pixels };
}

/** The images at these places of a source, each once, in this order. */
export function subsetSource(source: ImageSource, places: Int32Array): ImageSource {
  const { name, label } = source;
  const place = (i: number): number => places[i] ?? 0;
  let hash: string | undefined;
  return {
    name,
    count: places.length,
    classNames: source.classNames,
    get fingerprint() {
      return (hash ??= createHash('sha256')
        .update(source.fingerprint)
        .update(places)
        .digest('hex'));
    },
    id: (i) => source.id(place(i)),
    ...(label && { label: (i: number) => label.call(source, place(i)) }),
    batches: (indices, layout) => subsetBatches(source, place, indices, layout),
  };
}

async function* subsetBatches(
  source: ImageSource,
  place: (i: number) => number,
  indices: Iterable<number>,
  layout: ImageLayout,
): AsyncGenerator<ImageBatch> {
  /** Images requested that have not come yet, the oldest first. */
  const asked: number[] = [];
  function* places(): Generator<number> {
    for (const i of indices) {
      asked.push(i);
      yield place(i);
    }
  }
  for await (const batch of source.batches(places(), layout)) {
    const own = batch.indices.map((found) => {
      // What could not be read never comes.
      const skipped = asked.findIndex((i) => place(i) === found);
      return asked.splice(0, skipped + 1).at(-1) ?? 0;
    });
    yield { ...batch, indices: own };
  }
}

/** `wanted` of the whole numbers below `count`, evenly spread; all if there are no more. */
export function* evenly(count: number, wanted = count): Generator<number> {
  const drawn = Math.min(count, wanted);
  for (let i = 0; i < drawn; i++) yield Math.floor((i * count) / drawn);
}

/** The whole numbers from `start` to below `end`. */
export function* range(start: number, end: number): Generator<number> {
  for (let i = start; i < end; i++) yield i;
}
