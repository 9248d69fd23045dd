import { describe, expect, it } from 'vitest';
import { fillBits, RandomStream } from '../../src/support/random.js';

const id = { site: 0xdeadbeef, step: 3, sample: 41 };

describe('a stream of random numbers', () => {
  it('gives the words of the counter-based generator one after another', () => {
    const words = new Uint32Array(11);
    fillBits(words, 2 ** 40 + 5, id);
    const stream = new RandomStream(2 ** 40 + 5, id);
    expect(Array.from(words, () => stream.bits())).toEqual([...words]);
  });

  it('gives numbers from low to below high, and whole numbers below a count', () => {
    const stream = new RandomStream(1, id);
    const numbers = Array.from({ length: 2000 }, () => stream.uniform(-2, 3));
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...numbers)).toBeLessThan(3);
    expect(numbers.reduce((a, b) => a + b, 0) / 2000).toBeCloseTo(0.5, 0);
    expect(new Set(Array.from({ length: 500 }, () => stream.integer(3)))).toEqual(
      new Set([0, 1, 2]),
    );
    expect(stream.integer(1)).toBe(0);
  });

  it('differs with the seed, the site, the step and the sample', () => {
    const first = (seed: number, change: object) =>
      new RandomStream(seed, { ...id, ...change }).bits();
    const words = [first(1, {}), first(2, {}), first(1, { site: 1 }), first(1, { step: 4 })];
    expect(new Set([...words, first(1, { sample: 42 })]).size).toBe(5);
  });
});
