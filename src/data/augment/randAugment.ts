import { ConfigError } from '../../support/errors.js';
import { smallBelow } from '../../support/imageView.js';
import { nearest } from '../../support/nearest.js';
import type { RgbImage } from './image/image.js';
import {
  operationLists,
  operationOf,
  operations as known,
  type ContrastGrey,
  type MagnitudeScale,
  type OperationName,
} from './operations/operations.js';
import { limits } from '../../support/limits.js';
import { fillOptions, type Options } from '../../support/options.js';
import { defineNoise, scratchImage, type ImageNoise } from './defineNoise.js';

/** Options of randAugment. */
export interface RandAugmentOptions {
  /** Operations applied to each image, one after the other. */
  readonly n: number;
  /** Magnitude of them all; 10 is not its end: 27 was used for the largest networks. */
  readonly m: number;
  /** Operations to draw from (default: `noisyStudent`, the published code's 16). */
  readonly operations?: keyof typeof operationLists | readonly OperationName[];
  /** Pixels of a translation at m = 10; 100, or an eighth of the side of an image below 128 px. */
  readonly translate?: number;
  /** Half a Cutout's side at m = 10; 40, or an eighth of the side of an image below 128 px. */
  readonly cutout?: number;
  /** Grey that Contrast blends with (default: `mean`). */
  readonly contrast?: ContrastGrey;
}

const options = {
  n: {
    ...{ type: 'number', whole: true, least: 0, most: limits.operations },
    ...{ meaning: 'Operations applied to each image.', default: 2 },
  },
  m: {
    ...{ type: 'number', least: 0, most: limits.magnitude },
    ...{ meaning: 'Magnitude of the operations; may exceed 10.', default: 10 },
  },
} as const satisfies Options;

/**
 * RandAugment: `n` operations, each drawn uniformly and with replacement and always applied, with
 * one magnitude. Signs and the places of Cutout are random, too. Sources: arXiv 1909.13719, and
 * Noisy Student's code for the arguments. Throws a ConfigError for an `n` or `m` that is none.
 */
export function randAugment(options: RandAugmentOptions): ImageNoise {
  const names = namesOf(options);
  const { n, m } = options;
  const scratch = scratchImage();
  return (image, random, out) => {
    const scale = scaleOf(options, image);
    const between = n > 1 ? scratch(image) : out;
    let from = image;
    for (let i = 0; i < n; i++) {
      // The operations take turns between two images so that the last writes to `out`.
      const to = (n - 1 - i) % 2 === 0 ? out : between;
      const operation = operationOf(names[random.integer(names.length)] ?? 'Identity');
      const argument = operation.argument(m, scale);
      // Every operation draws as many numbers as the others: what follows does not depend on it.
      const sign = random.uniform() < 0.5 && operation.signed ? -1 : 1;
      operation.apply(from, sign * argument, to, {
        x: random.uniform(),
        y: random.uniform(),
        scale,
      });
      from = to;
    }
    if (n === 0) out.data.set(image.data);
  };
}

/** RandAugment as a noise of a config. */
export const randAugmentNoise = defineNoise({
  option: {
    type: 'group',
    meaning: 'RandAugment: random operations on the images (default: none).',
    options,
  },
  turn: { whole: 20, cropped: 20 },
  ablated: true,
  make: randAugment,
});

function scaleOf(options: RandAugmentOptions, { width, height }: RgbImage): MagnitudeScale {
  const side = Math.min(width, height);
  const eighth = side < smallBelow ? Math.floor(side / 8) : undefined;
  return {
    translate: options.translate ?? eighth ?? 100,
    cutout: options.cutout ?? eighth ?? 40,
    contrast: options.contrast ?? 'mean',
  };
}

function namesOf({
  operations = 'noisyStudent',
  ...own
}: RandAugmentOptions): readonly OperationName[] {
  fillOptions('randAugment', options, own);
  const names = typeof operations === 'string' ? operationLists[operations] : operations;
  if (names.length === 0) throw wrong('operations', 'RandAugment needs at least one operation');
  for (const name of names)
    if (!(name in known)) {
      const hint = nearest(name, Object.keys(known));
      throw wrong('operations', `unknown RandAugment operation ${name}`, hint);
    }
  return names;
}

function wrong(key: string, message: string, meant?: string): ConfigError {
  return new ConfigError(message, {
    code: 'rand-augment',
    option: ['randAugment', key],
    hint: meant === undefined ? undefined : `did you mean ${meant}?`,
  });
}
