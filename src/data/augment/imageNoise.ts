import type { RandomStream } from '../../support/random.js';
import { cutout } from './operations/cutout.js';
import { flip } from './image/flip.js';
import type { RgbImage } from './image/image.js';
import {
  type ImageNoise,
  randAugment,
  type RandAugmentOptions,
  scratchImage,
} from './randAugment.js';
import { reflectCrop } from './image/reflectCrop.js';

/** Input noise of small images. */
export interface SmallImageNoiseOptions {
  readonly randAugment?: RandAugmentOptions | undefined;
  /** Side of a grey square at a random place, in pixels; none unless given. */
  readonly cutout?: number | undefined;
  /** Largest shift each way, in pixels, with mirrored borders; none unless given. */
  readonly pad?: number | undefined;
  /** Whether every other image is mirrored. */
  readonly flip?: boolean | undefined;
}

/**
 * The noise of small images in the published order: RandAugment, Cutout, crop of the padded image,
 * flip. There 32 px images have a Cutout of 16, a pad of 4, and a flip unless they show digits.
 */
export function smallImageNoise(options: SmallImageNoiseOptions): ImageNoise {
  return inTurn([
    ...(options.randAugment ? [randAugment(options.randAugment)] : []),
    ...(options.cutout ? [randomCutout(options.cutout)] : []),
    ...(options.pad ? [randomShift(options.pad)] : []),
    ...(options.flip ? [randomFlip] : []),
  ]);
}

/** The noise of large images, after a random resized crop: flip, RandAugment, Cutout. */
export function largeImageNoise(options: Omit<SmallImageNoiseOptions, 'pad'>): ImageNoise {
  return inTurn([
    ...(options.flip ? [randomFlip] : []),
    ...(options.randAugment ? [randAugment(options.randAugment)] : []),
    ...(options.cutout ? [randomCutout(options.cutout)] : []),
  ]);
}

/** One noise after another, between two images so that the last writes to `out`. */
function inTurn(parts: readonly ImageNoise[]): ImageNoise {
  const scratch = scratchImage();
  return (image, random, out) => {
    const between = parts.length > 1 ? scratch(image) : out;
    let from = image;
    for (const [i, part] of parts.entries()) {
      const to = (parts.length - 1 - i) % 2 === 0 ? out : between;
      part(from, random, to);
      from = to;
    }
    if (parts.length === 0) out.data.set(image.data);
  };
}

function randomCutout(side: number): ImageNoise {
  const half = Math.floor(side / 2);
  return (image, random, out) => {
    const x = random.integer(image.width);
    cutout(image, { half, x, y: random.integer(image.height) }, out);
  };
}

function randomShift(pad: number): ImageNoise {
  return (image, random, out) => {
    const x = random.integer(2 * pad + 1) - pad;
    reflectCrop(image, x, random.integer(2 * pad + 1) - pad, out);
  };
}

function randomFlip(image: RgbImage, random: RandomStream, out: RgbImage): void {
  if (random.uniform() < 0.5) flip(image, out);
  else out.data.set(image.data);
}
