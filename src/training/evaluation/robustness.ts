import {
  corruptionFamilies,
  corruptionNames,
  type CorruptionName,
} from '../../data/augment/corruptions/corrupt.js';
import { meanCorruptionError } from '../../data/augment/corruptions/meanCorruptionError.js';
import {
  severities as allSeverities,
  type Severity,
} from '../../data/augment/corruptions/severities.js';
import {
  flipProbability,
  meanFlipRate,
  plainFlipProbability,
} from '../../data/augment/perturbations/meanFlipRate.js';
import {
  framesOf,
  perturbationsFor,
  type PerturbationName,
} from '../../data/augment/perturbations/perturb.js';
import { smallBelow } from '../../support/imageView.js';
import { changedImages, type CleanImagesOptions } from '../../data/loader/cleanImages.js';
import type { LabelledImages } from '../../data/sets/images.js';
import { evenly } from '../../data/loader/imageSource.js';
import { perturbedImages } from '../../data/loader/perturbedImages.js';
import { argmaxRow, Evaluation } from '../../support/statistics/scores.js';
import {
  Meter,
  predictions,
  requireImages,
  requireLabels,
  type EvaluateOptions,
} from './evaluateNetwork.js';
import type { Labeller } from '../labelling/labeller.js';
import { checkRanges } from '../../support/optionRanges.js';

/** Options of corruptionErrors and flipRates. */
export interface RobustnessOptions extends EvaluateOptions, CleanImagesOptions {
  /** Seed for the draws of corruptions and perturbations (default: 1). */
  readonly seed?: number | undefined;
}

/** Options of corruptionErrors. */
export interface CorruptionOptions extends RobustnessOptions {
  /** Default all five. */
  readonly severities?: readonly Severity[] | undefined;
}

/** Errors under the corruptions of ImageNet-C, as fractions. */
export interface CorruptionErrors {
  readonly images: number;
  readonly seed: number;
  readonly severities: readonly Severity[];
  /** Errors by corruption, at each of `severities`. */
  readonly errors: Readonly<Record<CorruptionName, readonly number[]>>;
  /** Mean over the severities, by corruption. */
  readonly means: Readonly<Record<CorruptionName, number>>;
  /** Mean over the corruptions of a family. */
  readonly families: Readonly<Record<keyof typeof corruptionFamilies, number>>;
  /** Mean over all corruptions. */
  readonly mean: number;
  /**
   * ImageNet-C's mean corruption error against AlexNet's, in per cent; null for small images, other
   * classes than ImageNet's 1,000, or fewer than all severities.
   */
  readonly mCE: number | null;
  /** Differences of the figures from those of the published sets. */
  readonly notes: readonly string[];
}

/**
 * Error of a network on labelled images under each corruption and severity, in the manner of
 * ImageNet-C, or CIFAR-10-C for images below 128 px. The images are a function of the seed, whatever
 * the number of threads and the batch.
 */
export async function corruptionErrors(
  labeller: Labeller,
  images: LabelledImages,
  options: CorruptionOptions,
): Promise<CorruptionErrors> {
  checkRanges('corruptionErrors', options, ['severities', 'seed', 'images', 'prefetch']);
  const { severities = allSeverities, seed = 1 } = options;
  const indices = [...evenly(images.count, options.images)];
  const meter = new Meter(corruptionNames.length * severities.length * indices.length, options);
  const errors = {} as Record<CorruptionName, readonly number[]>;
  let read = 0;
  for (const name of corruptionNames) {
    const own: number[] = [];
    for (const severity of severities) {
      const corrupted = changedImages(images, { ...options, seed, corruption: { name, severity } });
      const evaluation = new Evaluation(labeller.manifest.classes);
      const { label } = requireLabels(labeller, corrupted);
      for await (const { indices: rows, scores } of predictions(
        labeller,
        corrupted,
        indices,
        meter,
      ))
        evaluation.add(scores, rows.map(label));
      read = evaluation.images;
      requireImages(read, images);
      own.push(1 - evaluation.accuracy);
    }
    errors[name] = own;
  }
  return { images: read, seed, severities, errors, ...summary(errors, labeller, severities) };
}

function summary(
  errors: CorruptionErrors['errors'],
  labeller: Labeller,
  severities: readonly Severity[],
): Omit<CorruptionErrors, 'images' | 'seed' | 'severities' | 'errors'> {
  const means = mapValues(errors, mean);
  const families = mapValues(corruptionFamilies, (names) => mean(names.map((name) => means[name])));
  const small = isSmall(labeller);
  const comparable = isImageNet(labeller) && severities.length === allSeverities.length;
  return {
    means,
    families,
    mean: mean(Object.values(means)),
    mCE: comparable ? meanCorruptionError(errors) : null,
    notes: [
      `frost is drawn by Gradus; ${small ? 'CIFAR-10-C' : 'ImageNet-C'} lays photographs of frost over the images`,
      ...(small ? [] : ['images are not saved as JPEG of quality 85, as those of ImageNet-C are']),
    ],
  };
}

/** Flip rates of an image's class under the perturbations of ImageNet-P. */
export interface FlipRates {
  readonly images: number;
  readonly seed: number;
  /** Frames of an image, by perturbation. */
  readonly frames: Partial<Readonly<Record<PerturbationName, number>>>;
  /** Share of frames whose class is another one than that of the frame before; of noise, of the clean one. */
  readonly flips: Partial<Readonly<Record<PerturbationName, number>>>;
  /** Mean over the perturbations. */
  readonly mean: number;
  /** ImageNet-P's mean flip rate against AlexNet's, in per cent; null for other images or classes. */
  readonly mFR: number | null;
  readonly notes: readonly string[];
}

/**
 * Flip probability of a network under each perturbation, in the manner of ImageNet-P, or CIFAR-10-P for
 * images below 128 px. The labels of the images are not asked for.
 */
export async function flipRates(
  labeller: Labeller,
  images: LabelledImages,
  options: RobustnessOptions,
): Promise<FlipRates> {
  checkRanges('flipRates', options, ['seed', 'images', 'prefetch']);
  const { seed = 1 } = options;
  const [, height, width] = labeller.manifest.image;
  const indices = [...evenly(images.count, options.images)];
  const names = perturbationsFor({ width, height });
  const frames = Object.fromEntries(names.map((name) => [name, framesOf(name, { width, height })]));
  const total = Object.values(frames).reduce((sum, count) => sum + count, 0) * indices.length;
  const meter = new Meter(total, options);
  const flips: Partial<Record<PerturbationName, number>> = {};
  let read = 0;
  for (const perturbation of names) {
    const perturbed = perturbedImages(images, { ...options, seed, perturbation });
    const own: number[] = [];
    let sequence: number[] = [];
    for await (const { indices: rows, scores } of predictions(labeller, perturbed, indices, meter))
      for (const row of rows.keys()) {
        const { classes } = labeller.manifest;
        sequence.push(argmaxRow(scores, row * classes, classes));
        if (sequence.length < (frames[perturbation] ?? 0)) continue;
        own.push(flipProbability(sequence, perturbation));
        sequence = [];
      }
    read = own.length;
    requireImages(read, images);
    flips[perturbation] = mean(own);
  }
  const small = isSmall(labeller);
  return {
    images: read,
    seed,
    frames,
    flips,
    mean: plainFlipProbability(flips),
    mFR: isImageNet(labeller) ? meanFlipRate(flips) : null,
    notes: small
      ? []
      : [
          'frames are not saved as video, as those of ImageNet-P are',
          'warps see the middle square of an image, not what lies beside it on the longer side',
        ],
  };
}

function isSmall({ manifest: { image } }: Labeller): boolean {
  return Math.min(...image.slice(1)) < smallBelow;
}

/** True if AlexNet's figures are comparable. */
function isImageNet(labeller: Labeller): boolean {
  return !isSmall(labeller) && labeller.manifest.classes === 1000;
}

function mapValues<K extends string, T, U>(
  record: Readonly<Record<K, T>>,
  change: (value: T) => U,
): Record<K, U> {
  const entries = Object.entries<T>(record).map(([key, value]) => [key, change(value)]);
  return Object.fromEntries(entries) as Record<K, U>;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
