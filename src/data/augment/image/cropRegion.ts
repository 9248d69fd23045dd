import type { RandomStream } from '../../../support/random.js';

/** A rectangle of an image, in whole pixels. */
export interface CropRegion {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Ranges of a random crop. */
export interface RandomCropRange {
  /** Smallest and largest share of the image's area. */
  readonly area?: readonly [number, number];
  /** Smallest and largest ratio of width to height. */
  readonly aspect?: readonly [number, number];
}

const attempts = 10;

/**
 * Draws what a random resized crop takes from an image: a share of the area, uniform, and an aspect
 * ratio, uniform in its logarithm. After ten that do not fit, the largest crop in the middle with an
 * allowed ratio. Source: torchvision's RandomResizedCrop. The published code draws a height, not an
 * area, and an aspect ratio that is uniform itself.
 */
export function drawCrop(
  width: number,
  height: number,
  random: RandomStream,
  { area = [0.08, 1], aspect = [3 / 4, 4 / 3] }: RandomCropRange = {},
): CropRegion {
  const pixels = width * height;
  const [low, high] = [Math.log(aspect[0]), Math.log(aspect[1])];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const target = pixels * random.uniform(area[0], area[1]);
    const ratio = Math.exp(random.uniform(low, high));
    const w = Math.round(Math.sqrt(target * ratio));
    const h = Math.round(Math.sqrt(target / ratio));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const top = random.integer(height - h + 1);
      return { left: random.integer(width - w + 1), top, width: w, height: h };
    }
  }
  return widestCrop(width, height, aspect);
}

function widestCrop(
  width: number,
  height: number,
  [narrowest, widest]: readonly [number, number],
): CropRegion {
  const ratio = width / height;
  const w = ratio > widest ? Math.round(height * widest) : width;
  const h = ratio < narrowest ? Math.round(width / narrowest) : height;
  return centred(width, height, w, h);
}

function centred(width: number, height: number, w: number, h: number): CropRegion {
  return {
    left: Math.floor((width - w) / 2),
    top: Math.floor((height - h) / 2),
    width: w,
    height: h,
  };
}
