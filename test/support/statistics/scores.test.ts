import { describe, expect, it } from 'vitest';
import { Evaluation, MeanProbabilities } from '../../../src/support/statistics/scores.js';

/** Logarithms of probabilities, a row an image. */
function scores(...rows: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(rows.flat(), Math.log);
}

describe('an evaluation', () => {
  it('measures by hand-computed facts', () => {
    const evaluation = new Evaluation(3);
    // In two batches; logits may lie anywhere.
    evaluation.add(scores([0.7, 0.2, 0.1], [0.5, 0.3, 0.2]), [0, 1]);
    evaluation.add(
      scores([0.1, 0.1, 0.8], [0.72, 0.2, 0.08]).map((score) => score + 40),
      [2, 1],
    );
    const { calibration, calibrationError, ...measures } = evaluation.measures();
    expect(measures).toEqual({
      images: 4,
      accuracy: 2 / 4,
      top5: 1,
      loss: expect.closeTo(-Math.log(0.7 * 0.3 * 0.8 * 0.2) / 4, 6),
      confusion: [
        [1, 0, 0],
        [2, 0, 0],
        [0, 0, 1],
      ],
      perClass: [
        { images: 1, predicted: 3, accuracy: 1, precision: 1 / 3, f1: 1 / 2 },
        { images: 2, predicted: 0, accuracy: 0, precision: NaN, f1: 0 },
        { images: 1, predicted: 1, accuracy: 1, precision: 1, f1: 1 },
      ],
      balancedAccuracy: 2 / 3,
      macroF1: 1 / 2,
    });
    // Of 15 bins (0.667, 0.733] holds 0.7, right, and 0.72, wrong; 0.5 and 0.8 are alone in theirs.
    const alone = Math.abs(0.5 - 0) / 4 + Math.abs(0.8 - 1) / 4;
    expect(calibrationError).toBeCloseTo(alone + (2 / 4) * Math.abs(0.71 - 0.5), 6);
    expect(calibration.map(({ count }) => count)).toEqual([1, 2, 1]);
    expect(calibration[1]).toEqual({
      low: 10 / 15,
      high: 11 / 15,
      count: 2,
      confidence: expect.closeTo(0.71, 6),
      accuracy: 0.5,
    });
  });

  it('counts the five likeliest classes', () => {
    const evaluation = new Evaluation(7);
    const row = [7, 6, 5, 4, 3, 2, 1];
    evaluation.add(Float32Array.from([...row, ...row, ...row]), [0, 4, 5]);
    expect(evaluation.measures()).toMatchObject({ accuracy: 1 / 3, top5: 2 / 3 });
  });
});

describe('the mean of probabilities', () => {
  it('is that of each pass, not of the logits', () => {
    const mean = new MeanProbabilities(4, 2);
    mean.add(scores([0.9, 0.1], [0.5, 0.5]));
    mean.add(scores([0.3, 0.7], [1e-30, 1]));
    const out = new Float32Array(4);
    mean.writeLogarithms(out);
    const found = Array.from(out, Math.exp);
    for (const [i, p] of [0.6, 0.4, 0.25, 0.75].entries()) expect(found[i]).toBeCloseTo(p, 6);
  });
});
