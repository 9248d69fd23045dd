import type { RgbImage } from '../image/image.js';
import { sampleNearest } from '../image/sampleNearest.js';

/**
 * Moves each row to the left by `amount` times its distance from the upper edge. Source: PIL's
 * transform, in which the first row's distance is half a pixel; in the published code it is 0, so
 * its images lie `amount` / 2 px further right.
 */
export function shearX(image: RgbImage, amount: number, out: RgbImage): void {
  sampleNearest(image, [1, amount, 0, 0, 1, 0], out);
}

/** Moves each column up by `amount` times its distance from the left edge; see shearX. */
export function shearY(image: RgbImage, amount: number, out: RgbImage): void {
  sampleNearest(image, [1, 0, 0, amount, 1, 0], out);
}
