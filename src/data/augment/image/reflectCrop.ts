import { invariant } from '../../../support/errors.js';
import type { RgbImage } from './image.js';
import { checkSameSize } from './sameSize.js';

/**
 * The image moved by whole pixels, its inside mirrored at the edge (the edge itself once): the crop
 * of its own size at (`x`, `y`) of the image, such as (-4, 2) of one padded by 4. `out` must not be
 * `image`.
 */
export function reflectCrop(image: RgbImage, x: number, y: number, out: RgbImage): void {
  checkSameSize(image, out);
  const { width, height, data: from } = image;
  invariant(Math.abs(x) < width && Math.abs(y) < height, 'a crop reaches past the mirrored image');
  const to = out.data;
  let i = 0;
  for (let row = y; row < y + height; row++) {
    const start = mirrored(row, height) * width;
    for (let column = x; column < x + width; column++) {
      const j = 3 * (start + mirrored(column, width));
      to[i] = from[j] ?? 0;
      to[i + 1] = from[j + 1] ?? 0;
      to[i + 2] = from[j + 2] ?? 0;
      i += 3;
    }
  }
}

function mirrored(at: number, size: number): number {
  if (at < 0) return -at;
  return at < size ? at : 2 * size - 2 - at;
}
