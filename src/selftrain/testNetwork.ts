import type { Labeller } from '../api/labeller.js';
import { range, type ImageSource } from '../data/imageSource.js';
import { expectedCalibrationError, topKAccuracy } from '../runtime/classification.js';
import { argmaxRow } from '../runtime/evaluate.js';
import { invariant } from '../support/errors.js';

/** How a network does on labelled images. */
export type TestResult = {
  readonly images: number;
  readonly accuracy: number;
  /** Share of images whose class is among the five likeliest. */
  readonly top5: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  readonly calibrationError: number;
};

/** Measures a network on clean images whose classes are known. */
export async function testNetwork(labeller: Labeller, source: ImageSource): Promise<TestResult> {
  const { classes } = labeller.manifest;
  const label = source.label?.bind(source);
  invariant(label, 'a test set without labels');
  const scores = new Float32Array(source.count * classes);
  const actual = new Int32Array(source.count);
  let images = 0;
  let loss = 0;
  for await (const { indices, probabilities } of labeller.predict(source, range(0, source.count))) {
    scores.set(probabilities, images * classes);
    for (const [row, i] of indices.entries()) {
      const own = label(i);
      actual[images + row] = own;
      loss -= Math.log(Math.max(probabilities[row * classes + own] ?? 0, Number.MIN_VALUE));
    }
    images += indices.length;
  }
  const read = actual.subarray(0, images);
  const all = { scores, classes };
  const predicted = read.map((_, row) => argmaxRow(scores, row * classes, classes));
  const correct = Uint8Array.from(read, (own, row) => Number(own === predicted[row]));
  const confidence = Float32Array.from(predicted, (own, row) => scores[row * classes + own] ?? 0);
  return {
    images,
    accuracy: topKAccuracy(all, read, 1),
    top5: topKAccuracy(all, read, 5),
    loss: loss / images,
    calibrationError: expectedCalibrationError(confidence, correct),
  };
}
