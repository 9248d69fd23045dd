import type { RgbImage } from '../image/image.js';
import { applyChannelLookup, countLevels } from '../image/lookup.js';

const counts = new Uint32Array(768);
const tables = new Uint8Array(768);

/**
 * Makes the levels of each channel about equally frequent; a channel with too few pixels beside
 * those of its highest level stays. Source: PIL's ImageOps.equalize (integers, so that the
 * published code agrees).
 */
export function equalize(image: RgbImage, out: RgbImage): void {
  countLevels(image, counts);
  const pixels = image.width * image.height;
  for (let channel = 0; channel < 768; channel += 256) flatten(channel, pixels);
  applyChannelLookup(image, tables, out);
}

function flatten(channel: number, pixels: number): void {
  let highest = 255;
  while (highest > 0 && counts[channel + highest] === 0) highest--;
  const step = Math.floor((pixels - (counts[channel + highest] ?? 0)) / 255);
  let below = Math.floor(step / 2);
  for (let level = 0; level < 256; level++) {
    tables[channel + level] = step === 0 ? level : Math.min(255, Math.floor(below / step));
    below += counts[channel + level] ?? 0;
  }
}
