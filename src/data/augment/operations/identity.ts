import type { RgbImage } from '../image/image.js';
import { checkSameSize } from '../image/sameSize.js';

/** Copies the image. */
export function identity(image: RgbImage, out: RgbImage): void {
  checkSameSize(image, out);
  out.data.set(image.data);
}
