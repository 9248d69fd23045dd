import type { CropRegion } from '../augment/image/cropRegion.js';
import type { RgbImage } from '../augment/image/image.js';

/** A region of an image; the image itself if that is all of it. */
export function cutOut(image: RgbImage, { left, top, width, height }: CropRegion): RgbImage {
  if (width === image.width && height === image.height) return image;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * image.width + left);
    data.set(image.data.subarray(from, from + 3 * width), 3 * width * y);
  }
  return { width, height, data };
}
