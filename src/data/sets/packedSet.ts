import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { SafetensorsFile, writeSafetensors } from '../../runtime/storage/safetensors.js';
import { DataError, GradusError } from '../../support/errors.js';
import { tensorData } from '../../support/tensor.js';
import type { LabelledImages, PackedPixels } from './images.js';

/** Labelled images of one size, in memory. */
export interface PackedSet {
  readonly classNames: readonly string[];
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
  /** [N,H,W,C], 0 to 255. */
  readonly pixels: Uint8Array;
  /** [N]: class of each image. */
  readonly labels: Uint8Array;
}

const format = 'gradus-images';

/** Hash of pixels and labels; a packed file holds it, so that damage is noticed. */
export function hashOfPacked({ pixels, labels }: Pick<PackedSet, 'pixels' | 'labels'>): string {
  return createHash('sha256').update(pixels).update(labels).digest('hex');
}

/**
 * Writes a set as one safetensors file, which other programs can read: `images` [N,H,W,C] and
 * `labels` [N], both uint8, and in its metadata the names of the classes and a SHA-256.
 */
export function writePackedSet(file: string, set: PackedSet): void {
  const { classNames, shape, pixels, labels } = set;
  const [channels, height, width] = shape;
  const images = [labels.length, height, width, channels];
  writeSafetensors(
    file,
    new Map([
      ['images', { dtype: 'uint8', shape: images, data: pixels }],
      ['labels', tensorData('uint8', [labels.length], labels)],
    ]),
    { format, classes: JSON.stringify(classNames), sha256: hashOfPacked(set) },
  );
}

/** Files that are open already, by path; several splits of a set share its memory. */
const opened = new Map<
  string,
  { readonly stamp: string; readonly images: WeakRef<PackedImages> }
>();

/** Images of a packed file. */
export type PackedImages = LabelledImages & {
  readonly packed: PackedPixels;
  /** As hashOfPacked gives it. */
  readonly sha256: string;
};

/** The images of a packed file; undefined if it is missing, damaged or another file. */
export function openIfWhole(file: string): PackedImages | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return openPackedSet(file);
  } catch (error) {
    if (error instanceof GradusError) return undefined;
    throw error;
  }
}

/**
 * The images of a packed file, all of them in memory that threads share; `id` is an image's number.
 * Throws an ArtifactError or a DataError if it is missing, cut short, changed or another file.
 */
export function openPackedSet(file: string): PackedImages {
  const stat = statSync(file, { throwIfNoEntry: false });
  const stamp = `${stat?.size} ${stat?.mtimeMs} ${stat?.ino}`;
  const known = opened.get(file);
  const before = known?.stamp === stamp ? known.images.deref() : undefined;
  if (before) return before;
  const images = readPackedSet(file);
  opened.set(file, { stamp, images: new WeakRef(images) });
  return images;
}

function readPackedSet(file: string): PackedImages {
  const opened = SafetensorsFile.open(file);
  try {
    const { shape, classNames } = headerOf(opened);
    const pixels = opened.readShared('images');
    const labels = opened.readShared('labels');
    const { sha256 = '' } = opened.metadata;
    if (hashOfPacked({ pixels, labels }) !== sha256)
      throw broken(file, 'it was changed after it was written');
    if (labels.some((label) => label >= classNames.length))
      throw broken(file, `it has labels beyond its ${classNames.length} classes`);
    return {
      name: file,
      count: labels.length,
      fingerprint: sha256,
      sha256,
      packed: { data: pixels, layout: 'nhwc', shape },
      id: String,
      where: (i) => i,
      classNames,
      label: (i) => labels[i] ?? 0,
    };
  } finally {
    opened.close();
  }
}

function headerOf(file: SafetensorsFile): Pick<PackedSet, 'shape' | 'classNames'> {
  const [images, labels] = [file.info('images'), file.info('labels')];
  const [count, height, width, channels, ...more] = images?.shape ?? [];
  const fits =
    file.metadata['format'] === format &&
    images?.dtype === 'uint8' &&
    labels?.dtype === 'uint8' &&
    labels.shape.join() === String(count) &&
    more.length === 0;
  if (!fits || height === undefined || width === undefined || channels === undefined)
    throw broken(file.path, 'its tensors are not images and labels');
  return { shape: [channels, height, width], classNames: classesOf(file) };
}

function classesOf({ path, metadata }: SafetensorsFile): string[] {
  let classes: unknown;
  try {
    classes = JSON.parse(metadata['classes'] ?? '');
  } catch {
    classes = undefined;
  }
  if (Array.isArray(classes) && classes.every((name) => typeof name === 'string')) return classes;
  throw broken(path, 'its classes have no names');
}

function broken(file: string, problem: string): DataError {
  return new DataError(`${file} is not a packed set of images: ${problem}`, {
    code: 'packed-set',
    where: file,
    hint: 'pack it again with gradus data',
  });
}
