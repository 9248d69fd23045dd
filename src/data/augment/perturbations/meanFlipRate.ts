import type { PerturbationName } from './perturb.js';

/** AlexNet's flip probabilities on ImageNet-P. Source: arXiv 1903.12261. */
const alexNetFlips: Partial<Readonly<Record<PerturbationName, number>>> = {
  gaussianNoise: 0.2365,
  shotNoise: 0.3006,
  motionBlur: 0.093,
  zoomBlur: 0.0594,
  snow: 0.1193,
  brightness: 0.0489,
  translate: 0.1101,
  rotate: 0.131,
  tilt: 0.0705,
  scale: 0.2353,
};

/** True if the frames are compared with the first, clean one, not each with the one before it. */
export function comparesWithFirst(name: PerturbationName): boolean {
  return name === 'gaussianNoise' || name === 'shotNoise';
}

/** Share of the frames after the first whose class is another one than that they are compared with. */
export function flipProbability(classes: readonly number[], name: PerturbationName): number {
  const withFirst = comparesWithFirst(name);
  const flips = classes.slice(1).filter((own, i) => own !== classes[withFirst ? 0 : i]);
  return flips.length / (classes.length - 1);
}

/** Flip probabilities, as fractions. */
export type FlipProbabilities = Partial<Readonly<Record<PerturbationName, number>>>;

/**
 * ImageNet-P's mFR in per cent: the mean over the perturbations of the flip probability over
 * AlexNet's. For ImageNet's 1,000 classes only.
 */
export function meanFlipRate(flips: FlipProbabilities): number {
  const names = Object.keys(alexNetFlips) as PerturbationName[];
  return 100 * mean(names.map((name) => (flips[name] ?? NaN) / (alexNetFlips[name] ?? NaN)));
}

/** CIFAR-10-P's plain mean of the flip probabilities, a fraction. */
export function plainFlipProbability(flips: FlipProbabilities): number {
  return mean(Object.values(flips));
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
