import type { RgbImage } from '../image/image.js';
import { checkSameSize } from '../image/sameSize.js';

/** 255 less each level; `out` may be `image`. */
export function invert(image: RgbImage, out: RgbImage): void {
  checkSameSize(image, out);
  const from = image.data;
  const to = out.data;
  for (let i = 0; i < from.length; i++) to[i] = 255 - (from[i] ?? 0);
}
