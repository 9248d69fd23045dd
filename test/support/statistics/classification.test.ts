import { describe, expect, it } from 'vitest';
import {
  calibrationBins,
  confusionMatrix,
  expectedCalibrationError,
  precisionByClass,
  topKAccuracy,
} from '../../../src/support/statistics/classification.js';

const scores = Float32Array.from([
  ...[0.1, 0.7, 0.2],
  ...[0.5, 0.2, 0.3],
  ...[0.2, 0.2, 0.6],
  ...[0.4, 0.4, 0.2],
]);

describe('top-k accuracy', () => {
  it('counts rows whose class is among the k highest', () => {
    const actual = Int32Array.from([1, 2, 0, 0]);
    expect([1, 2, 3].map((k) => topKAccuracy({ scores, classes: 3 }, actual, k))).toEqual([
      0.5, 1, 1,
    ]);
  });

  it('takes the first of equal scores, as the label itself is taken', () => {
    const row = { scores: Float32Array.from([0.4, 0.4, 0.2]), classes: 3 };
    expect(topKAccuracy(row, Int32Array.from([0]), 1)).toBe(1);
    expect(topKAccuracy(row, Int32Array.from([1]), 1)).toBe(0);
  });
});

describe('the expected calibration error', () => {
  it('is 0 where confidence says how often it is right', () => {
    const confidence = new Float32Array(4).fill(0.75);
    expect(expectedCalibrationError(confidence, Uint8Array.from([1, 1, 1, 0]))).toBe(0);
  });

  it('weighs the bins by their images', () => {
    // Three images at 0.9 of which one is right, one at 0.5 that is wrong.
    const confidence = Float32Array.from([0.9, 0.9, 0.9, 0.5]);
    const correct = Uint8Array.from([1, 0, 0, 0]);
    const expected = (3 / 4) * (0.9 - 1 / 3) + (1 / 4) * 0.5;
    expect(expectedCalibrationError(confidence, correct)).toBeCloseTo(expected, 6);
  });

  it('puts 0 and 1 into the first and the last bin, and borders into the lower one', () => {
    const bins = calibrationBins(Float32Array.from([0, 1, 0.5]), Uint8Array.from([0, 1, 1]), 2);
    expect(bins).toEqual([
      { low: 0, high: 0.5, count: 2, confidence: 0.25, accuracy: 0.5 },
      { low: 0.5, high: 1, count: 1, confidence: 1, accuracy: 1 },
    ]);
  });
});

describe('the confusion matrix', () => {
  it('has a row for each actual class', () => {
    const actual = Int32Array.from([0, 0, 1, 2, 2]);
    const predicted = Int32Array.from([0, 1, 1, 0, 2]);
    expect([...confusionMatrix(actual, predicted, 3)]).toEqual([1, 1, 0, 0, 1, 0, 1, 0, 1]);
  });
});

describe('precision by class', () => {
  it('looks at images above the threshold of their predicted class alone', () => {
    const precision = precisionByClass(
      Int32Array.from([0, 1, 0, 1, 1]),
      Int32Array.from([0, 0, 0, 1, 1]),
      Float32Array.from([0.9, 0.8, 0.2, 0.3, 0.9]),
      Float32Array.from([0.5, 0.95]),
    );
    expect(precision).toEqual([
      { predicted: 2, right: 1, precision: 0.5 },
      { predicted: 0, right: 0, precision: NaN },
    ]);
  });
});
