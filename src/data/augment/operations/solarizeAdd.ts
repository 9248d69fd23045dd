import type { RgbImage } from '../image/image.js';
import { checkSameSize } from '../image/sameSize.js';

/** Adds to the levels below 128, at most to 255. Source: the published code's randaugment.py. */
export function solarizeAdd(image: RgbImage, addition: number, out: RgbImage): void {
  checkSameSize(image, out);
  const from = image.data;
  const to = out.data;
  for (let i = 0; i < from.length; i++) {
    const level = from[i] ?? 0;
    to[i] = level < 128 ? Math.min(255, Math.max(0, level + addition)) : level;
  }
}
