import type { RgbImage } from './image.js';
import { checkSameSize } from './sameSize.js';

/** Mirrors the image, left to right. `out` must not be `image`. */
export function flip(image: RgbImage, out: RgbImage): void {
  checkSameSize(image, out);
  const { width, height, data: from } = image;
  const to = out.data;
  let i = 0;
  for (let y = 0; y < height; y++)
    for (let j = 3 * ((y + 1) * width - 1); j >= 3 * y * width; j -= 3) {
      to[i] = from[j] ?? 0;
      to[i + 1] = from[j + 1] ?? 0;
      to[i + 2] = from[j + 2] ?? 0;
      i += 3;
    }
}
