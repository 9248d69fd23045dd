import type { RgbImage } from './image.js';
import { checkSameSize } from './sameSize.js';

/** Replaces each level by its entry of a table [256] for all channels; `out` may be `image`. */
export function applyLookup(image: RgbImage, table: Uint8Array, out: RgbImage): void {
  checkSameSize(image, out);
  const from = image.data;
  const to = out.data;
  for (let i = 0; i < from.length; i++) to[i] = table[from[i] ?? 0] ?? 0;
}

/** The same with a table a channel, [3,256]: red, green, blue. */
export function applyChannelLookup(image: RgbImage, tables: Uint8Array, out: RgbImage): void {
  checkSameSize(image, out);
  const from = image.data;
  const to = out.data;
  for (let i = 0; i < from.length; i += 3) {
    to[i] = tables[from[i] ?? 0] ?? 0;
    to[i + 1] = tables[256 + (from[i + 1] ?? 0)] ?? 0;
    to[i + 2] = tables[512 + (from[i + 2] ?? 0)] ?? 0;
  }
}

/** Counts each level in each channel, into `counts` [3,256]. */
export function countLevels({ data }: RgbImage, counts: Uint32Array): void {
  counts.fill(0);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i] ?? 0;
    const green = 256 + (data[i + 1] ?? 0);
    const blue = 512 + (data[i + 2] ?? 0);
    counts[red] = (counts[red] ?? 0) + 1;
    counts[green] = (counts[green] ?? 0) + 1;
    counts[blue] = (counts[blue] ?? 0) + 1;
  }
}
