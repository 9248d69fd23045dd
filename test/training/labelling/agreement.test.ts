import { describe, expect, it } from 'vitest';
import { agreementOf } from '../../../src/training/labelling/agreement.js';
import type { Labeller } from '../../../src/training/labelling/labeller.js';
import { arraySource } from '../../../src/data/loader/imageSource.js';
import { wilson } from '../../../src/support/statistics/interval.js';
import { quarters } from '../../support/tinyDigits.js';

const source = arraySource(quarters(4), { name: 'quarters' });

/** Says of each image what the table has; undefined for one that cannot be read. */
function saying(table: readonly (readonly number[] | undefined)[]): Pick<Labeller, 'predict'> {
  return {
    async *predict(_source, indices) {
      for (const index of indices) {
        const row = await Promise.resolve(table[index]);
        const probabilities = Float32Array.from(row ?? []);
        if (row) yield { indices: [index], probabilities, scores: probabilities };
      }
    },
  };
}

const exact = saying([
  [0.5, 0.5],
  [0.25, 0.75],
  [1, 0],
  [0, 1],
]);

describe('the agreement of two labellers', () => {
  it('is the share of images of the same class, and the largest change of a confidence', async () => {
    const rounded = saying([
      [0.375, 0.625],
      [0.25, 0.75],
      [0.9375, 0.0625],
      [0, 1],
    ]);
    expect(await agreementOf(rounded, exact, source)).toEqual({
      images: 4,
      sameClass: 0.75,
      interval: wilson(3, 4),
      largestChange: 0.125,
    });
  });

  it('is whole of a labeller with itself', async () => {
    expect(await agreementOf(exact, exact, source)).toMatchObject({
      sameClass: 1,
      largestChange: 0,
    });
  });

  it('leaves out images that cannot be read, and is none where there is no other', async () => {
    const some = saying([undefined, [0.25, 0.75], undefined, undefined]);
    expect(await agreementOf(some, exact, source)).toMatchObject({ images: 1, sameClass: 1 });
    expect(await agreementOf(saying([]), exact, source)).toBeUndefined();
  });
});
