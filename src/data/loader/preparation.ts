import type { Decoding } from '../../contract/choices.js';
import type { CorruptionRequest } from '../augment/corruptions/corrupt.js';
import type { RandomCropRange } from '../augment/image/cropRegion.js';
import type { InputNoise } from '../augment/imageNoise.js';
import { framesOf, type PerturbationName } from '../augment/perturbations/perturb.js';
import { smallBelow, type Cropping, type ImageView } from '../../support/imageView.js';
import type { Images } from '../sets/images.js';

/**
 * The part of an image that is taken: a random region, the middle as for evaluation, all of it
 * squashed, or all of it between bars.
 */
export type Crop =
  | ({ readonly kind: 'random' } & RandomCropRange)
  | { readonly kind: 'middle' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'pad' };

/** Changes to an image that measure a network's robustness. */
export interface Damage {
  readonly corruption?: Pick<CorruptionRequest, 'name' | 'severity'> | undefined;
  /** The image becomes the frames of a sequence, each of them a row. */
  readonly perturbation?: PerturbationName | undefined;
}

/** Conversion of an image to a row of a batch; plain data, which crosses threads. */
export interface Preparation extends Damage {
  /** The network's input [C,H,W]; with one channel the image becomes grey. */
  readonly shape: readonly [number, number, number];
  readonly crop: Crop;
  /** View of the network; its `crop` is ignored here (default: viewOf the shape). */
  readonly view?: ImageView | undefined;
  /** Default exact. */
  readonly decode?: Decoding | undefined;
  /** Random changes before the network sees it. */
  readonly noise?: InputNoise | undefined;
  /** Mean of each channel, for pixels in 0..1; for float images only (default: 0 and 1). */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
}

const cropOf = { centre: 'middle', squash: 'whole', pad: 'pad' } as const satisfies Record<
  Cropping,
  Crop['kind']
>;

/** The crop of evaluation: that of the network's view, but packed images are taken whole. */
export function evaluationCrop(
  { packed }: Pick<Images, 'packed'>,
  { crop }: Pick<ImageView, 'crop'>,
): Crop {
  return { kind: packed === undefined ? cropOf[crop] : 'whole' };
}

/**
 * The crop of training unless it is told: packed images whole, and others as in evaluation if the
 * network takes less than 128 px, of which nothing may be lost; else random.
 */
export function trainingCrop(
  { packed }: Pick<Images, 'packed'>,
  [, height, width]: Preparation['shape'],
  { crop }: Pick<ImageView, 'crop'>,
): Crop {
  if (packed !== undefined) return { kind: 'whole' };
  const small = Math.min(height, width) < smallBelow && crop !== 'centre';
  return { kind: small ? cropOf[crop] : 'random' };
}

/** Rows that an image becomes. */
export function rowsOf({ shape, perturbation }: Preparation): number {
  const [, height, width] = shape;
  return perturbation === undefined ? 1 : framesOf(perturbation, { width, height });
}
