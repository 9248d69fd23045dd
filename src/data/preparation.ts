import type { AffineRange } from '../augment/affine.js';
import type { CorruptionRequest } from '../augment/corruptions/corrupt.js';
import type { RandomCropRange } from '../augment/cropRegion.js';
import type { SmallImageNoiseOptions } from '../augment/imageNoise.js';
import { framesOf, type PerturbationName } from '../augment/perturbations/perturb.js';
import { smallBelow } from '../augment/randAugment.js';
import type { Images } from './images.js';

/** What is taken from an image: a random region, the middle as for evaluation, or all of it. */
export type Crop =
  | ({ readonly kind: 'random' } & RandomCropRange)
  | { readonly kind: 'middle' }
  | { readonly kind: 'whole' };

export interface InputNoise extends SmallImageNoiseOptions {
  /** Before all else. */
  readonly affine?: AffineRange | undefined;
}

/** What is done to an image that shows how robust a network is. */
export interface Damage {
  readonly corruption?: Pick<CorruptionRequest, 'name' | 'severity'> | undefined;
  /** The image becomes the frames of a sequence, each of them a row. */
  readonly perturbation?: PerturbationName | undefined;
}

/** How an image becomes a row of a batch; plain data, which crosses threads. */
export interface Preparation extends Damage {
  /** The network's input [C,H,W]; with one channel the image becomes grey. */
  readonly shape: readonly [number, number, number];
  readonly crop: Crop;
  readonly noise?: InputNoise | undefined;
  /** Of each channel, for pixels in 0..1; for float images only. Default 0 and 1. */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
}

/**
 * What is taken from images unless it is told: all of those that are packed, and of any for a network
 * of less than 128 px, for which nothing may be lost; else `large`.
 */
export function defaultCrop(
  { packed }: Pick<Images, 'packed'>,
  [, height, width]: Preparation['shape'],
  large: 'random' | 'middle',
): Crop {
  const small = packed !== undefined || Math.min(height, width) < smallBelow;
  return { kind: small ? 'whole' : large };
}

/** Rows that an image becomes. */
export function rowsOf({ shape, perturbation }: Preparation): number {
  const [, height, width] = shape;
  return perturbation === undefined ? 1 : framesOf(perturbation, { width, height });
}
