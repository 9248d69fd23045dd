import { createHash } from 'node:crypto';
import { DataError, invariant } from '../../support/errors.js';
import { fnv1a32 } from '../../support/hash.js';
import { RandomOrder } from '../../support/permutation.js';
import type { LeftOut } from './leftOut.js';

/*
 * A set of images is a count and two functions. `id(i)` names image i and `where(i)` says where it lies: a file,
 * or a place in pixels that all threads share. Folders, lists and packed splits are opened to that, parts and
 * copies are indices into it, and nothing is held per image but its line in a list.
 */

/** Images of one size, one after another, in memory. */
export interface PackedPixels {
  /** 0 to 255; the loader's threads share it if it lies on a SharedArrayBuffer. */
  readonly data: Uint8Array;
  readonly layout: 'nchw' | 'nhwc';
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
}

/** Images in a fixed order, whose pixels the loader reads when it needs them. */
export interface Images {
  /** Name of the set in messages. */
  readonly name: string;
  readonly count: number;
  /** Another one if a name or the order changes. */
  readonly fingerprint: string;
  /** The memory that the images lie in; missing if each is a file. */
  readonly packed?: PackedPixels | undefined;
  /** Stable name of image i: its path as the set gives it, or its number. */
  id(i: number): string;
  /** Path of the file of image i, or its place in `packed`. */
  where(i: number): string | number;
  /** Files beside the images that are not among them; missing for parts, and if nothing can. */
  readonly leftOut?: LeftOut | undefined;
}

/** Images of which each has a class. */
export interface LabelledImages extends Images {
  /** Names of the classes, by their number. */
  readonly classNames: readonly string[];
  /** Classes that the set was to have and has no images of; missing if it has all of them. */
  readonly missingClasses?: readonly string[] | undefined;
  /** Class of image i. */
  label(i: number): number;
  /** Images of each class, if they were counted while the set was listed. */
  readonly classSizes?: ArrayLike<number> | undefined;
  /** Why its folders may not be its classes; missing for parts. */
  readonly doubt?: string | undefined;
}

/** Scores that a network should give each image, and the image's weight. */
export interface Targets {
  readonly classes: number;
  /** Writes the probabilities of image i, [classes]. */
  target(i: number, out: Float32Array): void;
  /** Weight of image i in the loss. */
  weight(i: number): number;
}

/** Targets that are 1 for the class of an image. */
export function hardTargets(images: LabelledImages): Targets {
  const classes = images.classNames.length;
  return {
    classes,
    target(i, out) {
      out.fill(0)[images.label(i)] = 1;
    },
    weight: () => 1,
  };
}

/** The images of these indices, in this order; one may be there more than once. */
export function subsetOf(images: LabelledImages, indices: ArrayLike<number>): LabelledImages;
export function subsetOf(images: Images, indices: ArrayLike<number>): Images;
export function subsetOf(
  images: Images & Partial<LabelledImages>,
  indices: ArrayLike<number>,
): Images {
  const place = (i: number): number => {
    const index = indices[i];
    invariant(index !== undefined, `image ${i} of ${indices.length}`);
    return index;
  };
  const { name, packed, classNames, label } = images;
  let hash: string | undefined;
  return {
    name,
    count: indices.length,
    get fingerprint() {
      return (hash ??= createHash('sha256')
        .update(images.fingerprint)
        .update(Float64Array.from(indices))
        .digest('hex'));
    },
    packed,
    id: (i) => images.id(place(i)),
    where: (i) => images.where(place(i)),
    ...(label && { classNames, label: (i: number) => label.call(images, place(i)) }),
  };
}

/** The class of each image, 2 bytes an image. */
export function labelsOf(images: LabelledImages): Uint16Array {
  return Uint16Array.from({ length: images.count }, (_, i) => images.label(i));
}

/**
 * The first `wanted(n)` of the n images of each class, in an order of the seed; sorted. So more of
 * the same seed include fewer. Throws a DataError if a class has not so many.
 */
export function drawByClass(
  labels: ArrayLike<number>,
  classes: number,
  wanted: (count: number) => number,
  seed: number,
  name: string,
): Uint32Array {
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) members[labels[i] ?? 0]?.push(i);
  const drawn = members.flatMap((own, label) => {
    const count = wanted(own.length);
    if (count > own.length)
      throw new DataError(`class ${label} has only ${own.length} of ${count} images`, {
        code: 'too-few-images',
        where: name,
      });
    const order = new RandomOrder(own.length, seed, { site: fnv1a32(name), step: label });
    return Array.from({ length: count }, (_, place) => own[order.at(place)] ?? 0);
  });
  return Uint32Array.from(drawn).sort();
}

/** The indices below `count` that are not in `without`, which is sorted. */
export function remaining(count: number, without: ArrayLike<number>): Uint32Array {
  const rest = new Uint32Array(count - without.length);
  let [next, taken] = [0, 0];
  for (let i = 0; i < count; i++)
    if (without[taken] === i) taken++;
    else rest[next++] = i;
  return rest;
}
