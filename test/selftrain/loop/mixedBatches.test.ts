import { describe, expect, it } from 'vitest';
import { ShuffledBatches } from '../../../src/data/loader/batches.js';
import { ArrayDataset } from '../../../src/data/loader/dataset.js';
import { MixedBatches } from '../../../src/selftrain/loop/mixedBatches.js';
import type { BatchArrays } from '../../../src/runtime/engine/batchArrays.js';

const shape = [1, 1, 1] as const;
/** Image i is one pixel of i: labelled ones are 0 to 7, pseudo-labelled ones 100 to 110. */
const labelled = new ArrayDataset({
  shape,
  classes: 2,
  images: Uint8Array.from({ length: 8 }, (_, i) => i),
  labels: Uint8Array.from({ length: 8 }, (_, i) => i % 2),
});
const pseudo = (weight: number) =>
  new ArrayDataset({
    shape,
    classes: 2,
    images: Uint8Array.from({ length: 11 }, (_, i) => 100 + i),
    targets: Float32Array.from({ length: 22 }, (_, i) => (i % 2 ? 0.25 : 0.75)),
    weights: new Float32Array(11).fill(weight),
  });

type Extra = Partial<ConstructorParameters<typeof MixedBatches>[0]>;

function mixed(extra: Extra = {}, weight = 1, seed = 1): MixedBatches {
  return new MixedBatches({
    labelled: new ShuffledBatches(labelled, { batch: 2, seed, name: 'labelled' }),
    pseudo: new ShuffledBatches(pseudo(weight), { batch: 4, seed, name: 'pseudo' }),
    batch: 2,
    ratio: 2,
    kind: 'soft',
    ...extra,
  });
}

async function fill(source: MixedBatches, step: number, rows = 6) {
  const arrays = {
    image: new Float32Array(rows).fill(-1),
    target: new Float32Array(rows * 2).fill(-1),
    weight: new Float32Array(rows).fill(-1),
  } satisfies BatchArrays;
  await source.fill(arrays, step);
  return { ...arrays, pixels: Array.from(arrays.image, (v) => Math.round(v * 255)) };
}

/** The loss as the graph computes it: the weighted mean of -sum(target * log p), of given log p. */
function lossOf({ target, weight }: BatchArrays, logP: readonly number[], rows: number[]): number {
  const terms = rows.map((row) =>
    [0, 1].reduce((sum, k) => sum - (target[row * 2 + k] ?? NaN) * (logP[row * 2 + k] ?? NaN), 0),
  );
  const weighted = terms.map((term, i) => term * (weight[rows[i] ?? 0] ?? NaN));
  const total = rows.reduce((sum, row) => sum + (weight[row] ?? NaN), 0);
  return weighted.reduce((a, b) => a + b, 0) / total;
}

describe('batches of labelled and pseudo-labelled images', () => {
  it('tell from which image on there is no dropout, where pseudo-labelled ones get none', () => {
    expect(mixed().quiet).toBeUndefined();
    expect(mixed({ quietPseudo: {} }).quiet).toEqual({ from: 2 });
  });

  it('hold batch x (1 + ratio) images, each with its own target and weight', async () => {
    const { pixels, target, weight } = await fill(mixed({}, 0.5), 0);
    expect(pixels.map((pixel) => pixel >= 100)).toEqual([false, false, true, true, true, true]);
    for (const row of [0, 1]) expect(target[row * 2 + ((pixels[row] ?? 0) % 2)]).toBe(1);
    expect([...target.subarray(4)]).toEqual([0.75, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0.25]);
    expect([...weight]).toEqual([1, 1, 0.5, 0.5, 0.5, 0.5]);
  });

  it('go through each set in an order of its own, an epoch counting labelled images', async () => {
    const source = mixed();
    const steps = await Promise.all([0, 1, 2, 3].map((step) => fill(source, step)));
    const seen = steps.flatMap(({ pixels }) => pixels);
    expect(source.stepsPerEpoch).toBe(4);
    const ascending = (values: number[]) => values.sort((a, b) => a - b);
    expect(ascending(seen.filter((p) => p < 100))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const epochOfPseudo = seen.filter((p) => p >= 100).slice(0, 8);
    expect(new Set(epochOfPseudo).size).toBe(8);
  });

  it('are a function of seed and step, wherever a run begins', async () => {
    const before = mixed();
    for (const step of [0, 1, 2, 3, 4]) await fill(before, step);
    expect(await fill(before, 5)).toEqual(await fill(mixed(), 5));
    const order = async (seed: number) =>
      (await Promise.all([0, 1, 2, 3].map((step) => fill(mixed({}, 1, seed), step)))).map(
        ({ pixels }) => pixels,
      );
    expect(await order(1)).not.toEqual(await order(2));
  });

  it('smooth labels and hard pseudo-labels, and leave soft ones as they are', async () => {
    const soft = await fill(mixed({ labelSmoothing: 0.2 }), 0);
    const sorted = [...soft.target.subarray(0, 2)].sort((a, b) => a - b);
    expect(sorted).toEqual([Math.fround(0.1), Math.fround(0.9)]);
    expect([...soft.target.subarray(4, 6)]).toEqual([0.75, 0.25]);
    const hard = await fill(mixed({ labelSmoothing: 0.2, kind: 'hard' }), 0);
    expect(hard.target[4]).toBeCloseTo(0.8 * 0.75 + 0.1, 6);
  });

  it.each([1, 0.5])(
    'give the labelled mean plus ratio times the other as sumOfMeans, at weight %s',
    async (weight) => {
      const logP = Array.from({ length: 12 }, (_, i) => -0.3 - 0.1 * i);
      const plain = await fill(mixed({}, weight), 0);
      const summed = await fill(mixed({ loss: 'sumOfMeans' }, weight), 0);
      const [own, other] = [
        [0, 1],
        [2, 3, 4, 5],
      ];
      const expected = lossOf(plain, logP, own) + 2 * lossOf(plain, logP, other);
      expect(lossOf(summed, logP, [...own, ...other])).toBeCloseTo(expected, 5);
      expect(lossOf(plain, logP, [...own, ...other])).not.toBeCloseTo(expected, 1);
    },
  );

  it('keep a part of no weight out of sumOfMeans', async () => {
    const { target } = await fill(mixed({ loss: 'sumOfMeans' }, 0), 0);
    expect(target.every(Number.isFinite)).toBe(true);
  });

  it('are refused for a step of another size and a ratio that gives no whole images', async () => {
    await expect(fill(mixed(), 0, 5)).rejects.toThrow(/^a step of 5 images for batches of 6/);
    expect(() => mixed({ ratio: 1.25 })).toThrow(/^1.25 times a batch of 2 is not a whole number/);
    expect(() => mixed({ ratio: 0 })).toThrow(/is not a whole number of images above 0/);
  });
});
