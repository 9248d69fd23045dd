import type { RgbImage } from '../image/image.js';
import { sampleNearest } from '../image/sampleNearest.js';

/**
 * Moves the image to the left by `pixels`, rounded. PIL and the published code round alike;
 * torchvision's RandAugment cuts the number to a whole one first.
 */
export function translateX(image: RgbImage, pixels: number, out: RgbImage): void {
  sampleNearest(image, [1, 0, pixels, 0, 1, 0], out);
}

/** Moves the image up by `pixels`, rounded. */
export function translateY(image: RgbImage, pixels: number, out: RgbImage): void {
  sampleNearest(image, [1, 0, 0, 0, 1, pixels], out);
}
