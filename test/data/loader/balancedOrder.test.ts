import { describe, expect, it } from 'vitest';
import { BalancedOrder } from '../../../src/data/loader/balancedOrder.js';

/** 2 images of class 0, 5 of class 1, 12 of class 2. */
const labels = [
  ...Array<number>(2).fill(0),
  ...Array<number>(5).fill(1),
  ...Array<number>(12).fill(2),
];
const stream = { seed: 1, site: 7 };
const order = new BalancedOrder(labels, 3, stream);
const places = Array.from({ length: 180 }, (_, place) => place);
const drawn = places.map((place) => order.at(place));

describe('a balanced order', () => {
  it('has each class once in every round, in changing orders', () => {
    const rounds = Array.from({ length: 60 }, (_, round) =>
      drawn.slice(3 * round, 3 * round + 3).map(({ index }) => labels[index]),
    );
    for (const round of rounds) expect(round.toSorted()).toEqual([0, 1, 2]);
    expect(new Set(rounds.map(String)).size).toBeGreaterThan(3);
  });

  it('draws all images of a class before one again', () => {
    const own = drawn.filter(({ index }) => labels[index] === 1);
    for (let pass = 0; pass < 12; pass++)
      expect(
        own
          .slice(5 * pass, 5 * pass + 5)
          .map(({ index }) => index)
          .toSorted((a, b) => a - b),
      ).toEqual([2, 3, 4, 5, 6]);
  });

  it('tells every draw of an image from the others, so that its noise differs', () => {
    const seen = drawn.map(({ index, visit }) => `${index} ${visit}`);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('is a function of the seed and the place', () => {
    const again = new BalancedOrder(labels, 3, stream);
    expect(places.toReversed().map((place) => again.at(place))).toEqual(drawn.toReversed());
    const other = new BalancedOrder(labels, 3, { ...stream, seed: 2 });
    expect(places.map((place) => other.at(place))).not.toEqual(drawn);
  });

  it('takes another image of the same class where one cannot be read', () => {
    for (const place of [0, 1, 2, 50])
      for (let attempt = 1; attempt < 9; attempt++)
        expect(labels[order.other(place, attempt).index]).toBe(labels[order.at(place).index]);
  });
});
