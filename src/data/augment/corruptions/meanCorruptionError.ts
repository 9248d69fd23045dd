import { invariant } from '../../../support/errors.js';
import { corruptionNames, type CorruptionName } from './corrupt.js';

/** Errors at severities 1 to 5 of each corruption, as fractions. */
export type CorruptionErrors = Readonly<Record<CorruptionName, readonly number[]>>;

/** AlexNet's mean error over the severities on ImageNet-C. Source: arXiv 1903.12261 and its code. */
export const alexNetErrors: Readonly<Record<CorruptionName, number>> = {
  gaussianNoise: 0.8864,
  shotNoise: 0.8945,
  impulseNoise: 0.9226,
  defocusBlur: 0.8199,
  glassBlur: 0.8263,
  motionBlur: 0.7859,
  zoomBlur: 0.7984,
  snow: 0.8668,
  frost: 0.8266,
  fog: 0.8193,
  brightness: 0.5646,
  contrast: 0.8532,
  elastic: 0.6461,
  pixelate: 0.7178,
  jpeg: 0.6065,
};

/**
 * ImageNet-C's mCE in per cent: the mean over the corruptions of the mean error over AlexNet's. For
 * ImageNet's 1,000 classes only; AlexNet's errors mean nothing elsewhere.
 */
export function meanCorruptionError(errors: CorruptionErrors): number {
  return 100 * mean(corruptionNames.map((name) => meanError(errors, name) / alexNetErrors[name]));
}

/** CIFAR-10-C's plain mean error over corruptions and severities, a fraction. */
export function plainCorruptionError(errors: CorruptionErrors): number {
  return mean(corruptionNames.map((name) => meanError(errors, name)));
}

function meanError(errors: CorruptionErrors, name: CorruptionName): number {
  invariant(errors[name].length > 0, `no error of ${name} was measured`);
  return mean(errors[name]);
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
