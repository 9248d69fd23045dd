import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { weighted, weightsOfClasses } from '../../../src/data/sets/classWeights.js';
import { hardTargets, type LabelledImages } from '../../../src/data/sets/images.js';
import { repositoryRoot } from '../../support/paths.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

const golden = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/classes/classes.json'), 'utf8'),
) as {
  readonly counts: readonly number[];
  readonly balanced: readonly number[];
  readonly effective: Readonly<Record<'0.9' | '0.999', readonly number[]>>;
};

/** A set with so many images of each class, one class after another. */
function setOf(counts: readonly number[]): LabelledImages {
  const labels = counts.flatMap((count, label) => Array<number>(count).fill(label));
  return {
    ...{ name: 'few', count: labels.length, fingerprint: 'f', id: String, where: String },
    classNames: counts.map((_, label) => `class ${label}`),
    label: (i) => labels[i] ?? NaN,
  };
}

const images = setOf(golden.counts);

describe('weights of classes', () => {
  it("balanced are scikit-learn's, of mean 1 over the images", () => {
    const weights = weightsOfClasses(images, 'balanced');
    expect(relativeError(weights, golden.balanced)).toBeLessThan(tolerances.float64);
    const targets = weighted(hardTargets(images), images, weights);
    const sum = Array.from({ length: images.count }, (_, i) => targets.weight(i)).reduce(
      (a, b) => a + b,
    );
    expect(sum / images.count).toBeCloseTo(1, 12);
  });

  it('by effective numbers are those of the published code', () => {
    const { effective } = golden;
    const of = (beta: number) => weightsOfClasses(images, { kind: 'effectiveNumber', beta });
    expect(relativeError(of(0.9), effective['0.9'])).toBeLessThan(tolerances.float64);
    expect(relativeError(of(0.999), effective['0.999'])).toBeLessThan(tolerances.float64);
    expect(weightsOfClasses(images, 'effectiveNumber')).toEqual(of(0.999));
  });

  it('by name leave what is not named at 1', () => {
    expect([...weightsOfClasses(images, { 'class 2': 0.5 })]).toEqual([1, 1, 0.5, 1]);
  });

  it('refuse a name that is none, and a class without images to count', () => {
    expect(() => weightsOfClasses(images, { cat: 2 })).toThrow(
      'cat, which is not among the classes',
    );
    const lacking = setOf([3, 0, 2]);
    for (const given of ['balanced', 'effectiveNumber'] as const)
      expect(() => weightsOfClasses(lacking, given)).toThrow(
        'no image to train on is of class class 1',
      );
    expect([...weightsOfClasses(lacking, { 'class 0': 2 })]).toEqual([2, 1, 1]);
  });
});
