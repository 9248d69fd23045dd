import { blendLevel } from '../image/blend.js';
import { greyLevel } from '../image/grey.js';
import type { RgbImage } from '../image/image.js';
import { applyLookup } from '../image/lookup.js';

const table = new Uint8Array(256);

/**
 * From one grey (factor 0) over the image (1) to stronger contrast. The grey is the image's rounded
 * mean, as in PIL's Contrast, unless another is given.
 */
export function contrast(
  image: RgbImage,
  factor: number,
  out: RgbImage,
  grey = meanGrey(image),
): void {
  const share = Math.fround(factor);
  for (let level = 0; level < 256; level++) table[level] = blendLevel(grey, level, share);
  applyLookup(image, table, out);
}

/**
 * The grey that the published code blends with: it divides the number of pixels, not the sum of
 * their levels, so that images of 256x256 and more blend with white and small ones with near black.
 */
export function pixelCountGrey({ width, height }: RgbImage): number {
  return Math.min(255, Math.floor((width * height) / 256));
}

function meanGrey({ data }: RgbImage): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 3)
    sum += greyLevel(data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0);
  return Math.floor((3 * sum) / data.length + 0.5);
}
