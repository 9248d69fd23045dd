import { blendLevel } from '../image/blend.js';
import type { RgbImage } from '../image/image.js';
import { checkSameSize } from '../image/sameSize.js';

/**
 * From the smoothed image (factor 0) over the image (1) to sharper ones; the border stays. Source:
 * PIL's Sharpness, which rounds the smoothed levels; the published code cuts them. `out` must not
 * be `image`.
 */
export function sharpness(image: RgbImage, factor: number, out: RgbImage): void {
  checkSameSize(image, out);
  const { width, height, data: from } = image;
  const share = Math.fround(factor);
  const to = out.data;
  const row = 3 * width;
  to.set(from);
  for (let y = 1; y < height - 1; y++)
    for (let i = y * row + 3; i < (y + 1) * row - 3; i++) {
      const level = from[i] ?? 0;
      to[i] = blendLevel(smoothed(from, i, row, level), level, share);
    }
}

/** The kernel 1 1 1, 1 5 1, 1 1 1 over 13; the sum is whole, so integers round it without a tie. */
function smoothed(from: Uint8Array, i: number, row: number, level: number): number {
  const sum =
    (from[i - row - 3] ?? 0) +
    (from[i - row] ?? 0) +
    (from[i - row + 3] ?? 0) +
    (from[i - 3] ?? 0) +
    5 * level +
    (from[i + 3] ?? 0) +
    (from[i + row - 3] ?? 0) +
    (from[i + row] ?? 0) +
    (from[i + row + 3] ?? 0);
  return ((2 * sum + 13) / 26) | 0;
}
