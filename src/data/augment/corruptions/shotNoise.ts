import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { toImage } from './field.js';

/** Tables of levels, which cost more to make than the noise itself; of the last number of photons. */
let known = { photons: 0, tables: new Map<number, Float64Array>() };

/** Counts photons: each level x (0..1) becomes Poisson(x * photons) / photons. */
export function shotNoise(image: RgbImage, photons: number, random: RandomStream): RgbImage {
  const { width, height } = image;
  if (known.photons !== photons) known = { photons, tables: new Map() };
  const { tables } = known;
  const data = Float64Array.from(image.data, (level) => {
    let table = tables.get(level);
    if (table === undefined) {
      table = poissonTable((level / 255) * photons);
      tables.set(level, table);
    }
    return firstAbove(table, random.uniform()) / photons;
  });
  return toImage({ width, height, channels: 3, data });
}

/** Entry k is the probability of at most k events; the last one is as good as 1. */
function poissonTable(mean: number): Float64Array {
  let probability = Math.exp(-mean);
  let sum = probability;
  const table = [sum];
  for (let k = 1; k < mean || probability > 1e-12; k++) {
    probability *= mean / k;
    sum += probability;
    table.push(sum);
  }
  return Float64Array.from(table);
}

/** Index of the first entry above `value`, by halving; the last one if there is none. */
function firstAbove(table: Float64Array, value: number): number {
  let low = 0;
  let high = table.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((table[middle] ?? 1) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
