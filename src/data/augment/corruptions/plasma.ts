import type { RandomStream } from '../../../support/random.js';
import type { Field } from './field.js';

/**
 * A cloud of levels 0..1 by the diamond-square method on a torus, `side` a power of two. A mean of
 * four neighbours is changed by up to 100^2 at first and `decay`^2 times less at each halving, as in
 * the published code.
 */
export function plasma(side: number, decay: number, random: RandomStream): Field {
  const data = new Float64Array(side * side);
  const mask = side - 1;
  const at = (y: number, x: number): number => data[(y & mask) * side + (x & mask)] ?? 0;
  let wibble = 100;
  const shaken = (sum: number): number => sum / 4 + wibble * random.uniform(-wibble, wibble);
  for (let step = side; step >= 2; step /= 2) {
    const half = step / 2;
    for (let y = half; y < side; y += step)
      for (let x = half; x < side; x += step)
        data[y * side + x] = shaken(
          at(y - half, x - half) +
            at(y - half, x + half) +
            at(y + half, x - half) +
            at(y + half, x + half),
        );
    for (let y = 0; y < side; y += half)
      for (let x = y % step === 0 ? half : 0; x < side; x += step)
        data[y * side + x] = shaken(
          at(y - half, x) + at(y + half, x) + at(y, x - half) + at(y, x + half),
        );
    wibble /= decay;
  }
  return normalised({ width: side, height: side, channels: 1, data });
}

/** Stretched so that the least number is 0 and the largest 1. */
function normalised(field: Field): Field {
  let [low, high] = [Infinity, -Infinity];
  for (const level of field.data) {
    low = Math.min(low, level);
    high = Math.max(high, level);
  }
  const range = high > low ? high - low : 1;
  return { ...field, data: field.data.map((level) => (level - low) / range) };
}
