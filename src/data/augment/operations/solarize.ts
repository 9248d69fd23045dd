import type { RgbImage } from '../image/image.js';
import { checkSameSize } from '../image/sameSize.js';

/** Inverts the levels from `threshold` on; from 256 the image stays. Source: PIL's solarize. */
export function solarize(image: RgbImage, threshold: number, out: RgbImage): void {
  checkSameSize(image, out);
  const from = image.data;
  const to = out.data;
  for (let i = 0; i < from.length; i++) {
    const level = from[i] ?? 0;
    to[i] = level < threshold ? level : 255 - level;
  }
}
