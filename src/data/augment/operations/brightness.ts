import { blendLevel } from '../image/blend.js';
import type { RgbImage } from '../image/image.js';
import { applyLookup } from '../image/lookup.js';

const table = new Uint8Array(256);

/** From black (factor 0) over the image (1) to brighter ones. Source: PIL's Brightness. */
export function brightness(image: RgbImage, factor: number, out: RgbImage): void {
  const share = Math.fround(factor);
  for (let level = 0; level < 256; level++) table[level] = blendLevel(0, level, share);
  applyLookup(image, table, out);
}
