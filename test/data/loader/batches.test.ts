import { describe, expect, it } from 'vitest';
import { ShuffledBatches, splitIndices } from '../../../src/data/loader/batches.js';
import { ArrayDataset } from '../../../src/data/loader/dataset.js';
import type { BatchArrays } from '../../../src/runtime/engine/batchArrays.js';
import { DataError } from '../../../src/support/errors.js';

/** Ten images of two channels and three pixels; image i holds 10 i, 10 i + 1, ... */
const shape = [2, 1, 3] as const;
const images = Uint8Array.from({ length: 60 }, (_, p) => 10 * Math.floor(p / 6) + (p % 6));
const labels = Uint8Array.from({ length: 10 }, (_, i) => i % 3);
const digits = new ArrayDataset({ shape, classes: 3, images, labels });

function arrays(rows: number): BatchArrays & { readonly image: Float32Array } {
  return {
    image: new Float32Array(rows * 6).fill(-1),
    target: new Float32Array(rows * 3).fill(-1),
    weight: new Float32Array(rows).fill(-1),
  };
}

/** Indices of the images in the rows, from their first pixel. */
function indicesIn({ image }: { readonly image: Float32Array }): number[] {
  return [...image].filter((_, p) => p % 6 === 0).map((value) => Math.round(value * 25.5));
}

function epoch(batches: ShuffledBatches, number: number, rows: number): number[] {
  return Array.from({ length: batches.stepsPerEpoch }, (_, i) => {
    const into = arrays(rows);
    batches.fill(into, number * batches.stepsPerEpoch + i);
    return indicesIn(into);
  }).flat();
}

describe('a data set in memory', () => {
  it('gives images from 0 to 1 with one-hot targets', () => {
    const [image, target] = [new Float32Array(6), new Float32Array(3).fill(9)];
    digits.image(4, image);
    digits.target(4, target);
    expect([...image]).toEqual([40, 41, 42, 43, 44, 45].map((v) => Math.fround(v / 255)));
    expect([...target]).toEqual([0, 1, 0]);
    expect([digits.count, digits.label(5), digits.weight(5)]).toEqual([10, 2, 1]);
  });

  it('has subsets of subsets, and soft labels with weights', () => {
    const targets = Float32Array.from({ length: 30 }, (_, i) => (i % 3 === 1 ? 0.6 : 0.2));
    const weights = Float32Array.from({ length: 10 }, (_, i) => i);
    const soft = new ArrayDataset({ shape, classes: 3, images, targets, weights });
    const part = soft.subset([9, 7, 5]).subset([2, 0]);
    const out = new Float32Array(3);
    part.target(0, out);
    expect([...out]).toEqual([0.2, 0.6, 0.2].map(Math.fround));
    expect([part.count, part.label(0), part.weight(0), part.weight(1)]).toEqual([2, 1, 5, 9]);
  });

  it('is refused where its arrays do not fit', () => {
    const make = (extra: object) => () =>
      new ArrayDataset({ shape, classes: 3, images, labels, ...extra });
    expect(make({ images: images.subarray(1) })).toThrow(/^images do not match/);
    expect(make({ labels: labels.subarray(1) })).toThrow(/^labels do not match 10 images/);
    expect(make({ classes: 2 })).toThrow(/^labels do not match 10 images of 2 classes/);
    expect(make({ targets: new Float32Array(30) })).toThrow(/^labels and targets/);
    expect(make({ weights: new Float32Array(9) })).toThrow(DataError);
  });
});

describe('shuffled batches', () => {
  it('go through each image once an epoch, each epoch in another order', () => {
    const batches = new ShuffledBatches(digits, { batch: 5, seed: 1 });
    const [first, second] = [epoch(batches, 0, 5), epoch(batches, 1, 5)];
    for (const order of [first, second])
      expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(second).not.toEqual(first);
    expect(first).not.toEqual(epoch(new ShuffledBatches(digits, { batch: 5, seed: 2 }), 0, 5));
  });

  it('drop a last, partial batch', () => {
    const batches = new ShuffledBatches(digits, { batch: 4, seed: 1 });
    expect(batches.stepsPerEpoch).toBe(2);
    expect(new Set(epoch(batches, 0, 4)).size).toBe(8);
    expect(batches.position(5)).toEqual({ epoch: 2, position: 4 });
    expect(() => new ShuffledBatches(digits, { batch: 11, seed: 1 })).toThrow(
      /10 images do not fill a batch of 11/,
    );
  });

  it('of a step are the same whatever was asked for before', () => {
    const make = () => new ShuffledBatches(digits, { batch: 3, seed: 7 });
    const [straight, jumped] = [make(), make()];
    const [a, b] = [arrays(3), arrays(3)];
    for (let step = 0; step <= 8; step++) straight.fill(a, step);
    jumped.fill(b, 8);
    expect(b).toEqual(a);
  });

  it('augment each image by its epoch and its own index', () => {
    const seen: string[] = [];
    const augment = (
      image: Float32Array,
      at: { step: number; sample: number },
      out: Float32Array,
    ) => {
      seen.push(`${at.step}:${at.sample}`);
      out.set(image.map((value) => value / 2));
    };
    const batches = new ShuffledBatches(digits, { batch: 10, seed: 1, augment });
    const into = arrays(10);
    batches.fill(into, 3);
    expect(seen).toEqual(Array.from({ length: 10 }, (_, row) => `3:${batches.index(3, row)}`));
    const first = batches.index(3, 0);
    expect(into.image[1]).toBe(Math.fround(Math.fround((10 * first + 1) / 255) / 2));
    expect(into.target[labels[first] ?? 0]).toBe(1);
  });

  it('fill a part of the rows, so that streams share a step', () => {
    const into = arrays(4);
    new ShuffledBatches(digits, { batch: 2, seed: 1, name: 'a' }).fill(into, 0);
    expect([...into.weight]).toEqual([1, 1, -1, -1]);
    new ShuffledBatches(digits, { batch: 2, seed: 1, name: 'b' }).fill(into, 0, 2);
    expect([...into.weight]).toEqual([1, 1, 1, 1]);
  });

  it('are refused for a network of other images or classes', () => {
    const batches = new ShuffledBatches(digits, { batch: 2, seed: 1 });
    const fit = arrays(2);
    expect(() => {
      batches.fill({ ...fit, image: new Float32Array(3 * fit.image.length) }, 0);
    }).toThrowErrorMatchingInlineSnapshot(
      `[DataError: the images [2,1,3] do not fit a network that takes 18 numbers]`,
    );
    expect(() => {
      batches.fill({ ...fit, target: new Float32Array(2 * fit.target.length) }, 0);
    }).toThrowErrorMatchingInlineSnapshot(`[DataError: the labels have 3 classes, the network 6]`);
  });

  it('are bytes, channels last, for a model that normalises', () => {
    const into = { ...arrays(1), image: new Uint8Array(6) };
    new ShuffledBatches(digits.subset([3]), { batch: 1, seed: 1 }).fill(into, 0);
    expect([...into.image]).toEqual([30, 33, 31, 34, 32, 35]);
  });
});

describe('a split', () => {
  it('has disjoint parts, the same for a seed', () => {
    const parts = splitIndices(100, [30, 50, 20], 4);
    expect(parts.map(({ length }) => length)).toEqual([30, 50, 20]);
    expect(new Set(parts.flatMap((part) => [...part])).size).toBe(100);
    expect(splitIndices(100, [30, 50, 20], 4)).toEqual(parts);
    expect(splitIndices(100, [30, 50, 20], 5)).not.toEqual(parts);
    expect(() => splitIndices(10, [8, 3], 1)).toThrow(/10 images cannot be split into 8 \+ 3/);
  });
});
