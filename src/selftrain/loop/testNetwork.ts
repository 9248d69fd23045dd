import { evaluateClean, type EvaluateOptions } from '../../training/evaluation/evaluateNetwork.js';
import type { Labeller } from '../../training/labelling/labeller.js';
import type { ImageSource } from '../../data/loader/imageSource.js';

/** Performance of a network on labelled images. */
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
export async function testNetwork(
  labeller: Labeller,
  source: ImageSource,
  options: Pick<EvaluateOptions, 'onImage'> = {},
): Promise<TestResult> {
  const evaluation = await evaluateClean(labeller, source, options);
  const { images, accuracy, top5, loss, calibrationError } = evaluation;
  return { images, accuracy, top5, loss, calibrationError };
}
