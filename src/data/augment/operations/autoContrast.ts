import type { RgbImage } from '../image/image.js';
import { applyChannelLookup, countLevels } from '../image/lookup.js';

const counts = new Uint32Array(768);
const tables = new Uint8Array(768);

/**
 * Stretches each channel to 0..255; a channel of one level stays. Source: PIL's
 * ImageOps.autocontrast, in float64; the published code divides in float32, which can differ by one
 * level if a result is almost whole.
 */
export function autoContrast(image: RgbImage, out: RgbImage): void {
  countLevels(image, counts);
  for (let channel = 0; channel < 768; channel += 256) stretch(channel);
  applyChannelLookup(image, tables, out);
}

function stretch(channel: number): void {
  let low = 0;
  let high = 255;
  while (low < 255 && counts[channel + low] === 0) low++;
  while (high > 0 && counts[channel + high] === 0) high--;
  const scale = high > low ? 255 / (high - low) : 1;
  const offset = high > low ? -low * scale : 0;
  for (let level = 0; level < 256; level++) {
    const stretched = Math.trunc(level * scale + offset);
    tables[channel + level] = Math.min(255, Math.max(0, stretched));
  }
}
