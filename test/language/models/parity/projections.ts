import { fnv1a32 } from '../../../../src/support/hash.js';
import { fillBits } from '../../../../src/support/random.js';
import { seed } from './draw.js';

/** `count` sums of a tensor's elements, each with a random sign: bit k of its word for sum k. */
export function projections(
  name: string,
  values: ArrayLike<number>,
  count: number,
): readonly number[] {
  const words = new Uint32Array(values.length);
  fillBits(words, seed, { site: fnv1a32(`signs.${name}`), step: 0, sample: 0 });
  const sums = new Float64Array(count);
  for (let i = 0; i < values.length; i++) {
    const [word, value] = [words[i] ?? 0, values[i] ?? NaN];
    for (let k = 0; k < count; k++)
      sums[k] = (sums[k] ?? NaN) + ((word >>> k) & 1 ? value : -value);
  }
  return [...sums];
}

/**
 * An upper bound of the norm of the difference between a tensor and one of which only its sums with
 * random signs are known. The sum of a difference d has mean 0 and mean square |d|^2, whatever d
 * is; the mean square of 8 is below 0.107 |d|^2 in one case of 1,000 (chi-square with 8 degrees of
 * freedom; never where d lies in one element). So the root of the mean square is divided by 0.327.
 */
export function estimateDifference(
  name: string,
  values: ArrayLike<number>,
  wanted: readonly number[],
): number {
  const sums = projections(name, values, wanted.length);
  const squares = sums.map((sum, k) => (sum - (wanted[k] ?? NaN)) ** 2);
  return Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length) / 0.327;
}

/** Euclidean norm. */
export function normOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? NaN) ** 2;
  return Math.sqrt(sum);
}
