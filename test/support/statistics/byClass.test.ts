import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { figuresByClass, meansOfClasses } from '../../../src/support/statistics/byClass.js';
import { Evaluation } from '../../../src/support/statistics/scores.js';
import { repositoryRoot } from '../paths.js';

const { confusion, figures } = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/classes/classes.json'), 'utf8'),
) as {
  readonly confusion: readonly (readonly number[])[];
  readonly figures: {
    readonly balancedAccuracy: number;
    readonly macroF1: number;
    readonly f1: readonly (number | null)[];
  };
};

it("Balanced accuracy and macro F1 are scikit-learn's, also with a class that does not occur", () => {
  const classes = figuresByClass(confusion);
  const means = meansOfClasses(classes);
  expect(means.balancedAccuracy).toBeCloseTo(figures.balancedAccuracy, 12);
  expect(means.macroF1).toBeCloseTo(figures.macroF1, 12);
  for (const [label, f1] of figures.f1.entries())
    expect(classes[label]?.f1).toEqual(f1 === null ? NaN : expect.closeTo(f1, 12));
  expect(classes[1]).toMatchObject({ images: 8, accuracy: 5 / 8, precision: 5 / 6 });
});

it('An evaluation gives the figure that a run is judged by', () => {
  const evaluation = new Evaluation(2);
  // Two of three images of class 0 are right, and the one of class 1 is.
  evaluation.add(Float32Array.from([1, 0, 1, 0, 0, 1, 0, 1]), [0, 0, 0, 1]);
  expect(evaluation.figure('accuracy')).toBe(3 / 4);
  expect(evaluation.figure('balancedAccuracy')).toBeCloseTo((2 / 3 + 1) / 2, 12);
  expect(evaluation.figure('macroF1')).toBeCloseTo((4 / 5 + 2 / 3) / 2, 12);
  expect(evaluation.measures()).toMatchObject({ macroF1: evaluation.figure('macroF1') });
});
