import { describe, expect, it } from 'vitest';
import { RandomOrder } from '../../src/support/permutation.js';

const order = (count: number, seed: number, step = 0): number[] => {
  const places = new RandomOrder(count, seed, { site: 7, step });
  return Array.from({ length: count }, (_, i) => places.at(i));
};

describe('a random order without memory', () => {
  it.each([1, 2, 3, 4, 5, 10, 63, 64, 65, 1000, 10_007])(
    'holds each of %i indices once',
    (count) => {
      expect(order(count, 1).toSorted((a, b) => a - b)).toEqual([...Array(count).keys()]);
    },
  );

  it('differs with the seed and the step', () => {
    expect(order(100, 1)).toEqual(order(100, 1));
    expect(order(100, 1)).not.toEqual(order(100, 2));
    expect(order(100, 1)).not.toEqual(order(100, 1, 1));
  });

  it('puts each index at each place about equally often', () => {
    const count = 7;
    const draws = 7000;
    const times = Array.from({ length: count * count }, () => 0);
    for (let step = 0; step < draws; step++)
      for (const [place, index] of order(count, 3, step).entries())
        times[place * count + index] = (times[place * count + index] ?? 0) + 1;
    const expected = draws / count;
    const chiSquared = times.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 36 degrees of freedom: 36 on average, above 68 once in a thousand.
    expect(chiSquared).toBeLessThan(68);
  });

  it('reaches every order of a few indices', () => {
    const seen = new Set(Array.from({ length: 600 }, (_, seed) => order(4, seed).join()));
    expect(seen.size).toBe(24);
  });

  it('is as quick for a thousand million indices', () => {
    const places = new RandomOrder(1e9 + 7, 5, { site: 1, step: 2 });
    const some = Array.from({ length: 1000 }, (_, i) => places.at(i));
    expect(new Set(some).size).toBe(1000);
    expect(Math.max(...some)).toBeGreaterThan(9e8);
    expect(Math.min(...some)).toBeLessThan(1e8);
  });
});
