import type { RgbImage } from '../image/image.js';
import { checkSameSize } from '../image/sameSize.js';

/**
 * Keeps the `bits` high bits of each level. Above 8 bits the image stays, at 0 it is black: PIL
 * takes 0..8 only, and the published code shifts by a negative count above magnitude 20.
 */
export function posterize(image: RgbImage, bits: number, out: RgbImage): void {
  checkSameSize(image, out);
  const dropped = 8 - Math.min(8, Math.max(0, bits));
  const mask = (0xff << dropped) & 0xff;
  const from = image.data;
  const to = out.data;
  for (let i = 0; i < from.length; i++) to[i] = (from[i] ?? 0) & mask;
}
