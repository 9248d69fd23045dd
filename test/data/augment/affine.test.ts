import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { affineImage, drawAffine, type AffineRange } from '../../../src/data/augment/affine.js';
import { uniform } from '../../../src/support/random.js';
import { repositoryRoot } from '../../support/paths.js';

interface Golden {
  readonly shape: readonly [number, number, number];
  readonly ranges: AffineRange;
  readonly seed: number;
  readonly step: number;
  readonly sample: number;
  readonly matrix: readonly number[];
  readonly shift: readonly number[];
  readonly image: readonly number[];
  readonly out: readonly number[];
}

const goldens: readonly Golden[] = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/affine/images.json'), 'utf8'),
);

const still: AffineRange = { shift: 0, rotate: 0, scale: 0, shear: 0 };
const image = Float32Array.from(uniform(3 * 6 * 5, 1, { site: 1, step: 0, sample: 0 }));
const at = { seed: 1, step: 2, sample: 3 };

describe('an affine map', () => {
  for (const [i, golden] of goldens.entries())
    it(`draws and resamples as numpy does (case ${i})`, () => {
      const map = drawAffine(golden.ranges, golden);
      map.matrix.forEach((v, j) => expect(v).toBeCloseTo(golden.matrix[j] ?? NaN, 12));
      map.shift.forEach((v, j) => expect(v).toBeCloseTo(golden.shift[j] ?? NaN, 12));
      const out = new Float32Array(golden.out.length);
      const [, height, width] = golden.shape;
      affineImage(Float32Array.from(golden.image), [height, width], map, out);
      out.forEach((v, j) => expect(v).toBeCloseTo(golden.out[j] ?? NaN, 6));
    });

  it('without a range reproduces the image', () => {
    const out = new Float32Array(image.length);
    affineImage(image, [6, 5], drawAffine(still, at), out);
    expect(out).toEqual(image);
  });

  it('shifts to the right and down by whole pixels, with zeros behind', () => {
    const out = new Float32Array(6);
    const map = { matrix: [1, 0, 0, 1], shift: [1, 0] } as const;
    affineImage(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], map, out);
    expect([...out]).toEqual([0, 1, 2, 0, 4, 5]);
    affineImage(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], { ...map, shift: [0, 1] }, out);
    expect([...out]).toEqual([0, 0, 0, 1, 2, 3]);
  });

  it('is another for another seed, step or sample, and stays in its range', () => {
    const range = { shift: 2, rotate: 10, scale: 0.1, shear: 0.1 };
    const maps = [at, { ...at, seed: 9 }, { ...at, step: 9 }, { ...at, sample: 9 }, at].map(
      (where) => drawAffine(range, where),
    );
    expect(new Set(maps.map((map) => JSON.stringify(map))).size).toBe(4);
    for (let sample = 0; sample < 200; sample++)
      for (const shift of drawAffine(range, { ...at, sample }).shift)
        expect(Math.abs(shift)).toBeLessThanOrEqual(2);
  });
});
