import type { Defocus } from './defocusBlur.js';
import type { Elastic } from './elastic.js';
import type { Fog } from './fog.js';
import type { Frost } from './frost.js';
import type { Glass } from './glassBlur.js';
import type { Motion } from './motionBlur.js';
import type { Snow } from './snow.js';
import type { ZoomRange } from './zoomBlur.js';

/** 1, the mildest, to 5. */
export type Severity = 1 | 2 | 3 | 4 | 5;

export const severities: readonly Severity[] = [1, 2, 3, 4, 5];

/** A setting of each severity. */
type Five<T> = readonly [T, T, T, T, T];

/** Arguments of the corruptions at each severity. */
export interface SeverityTable {
  /** Deviation of the noise, of levels 0..1. */
  readonly gaussianNoise: Five<number>;
  /** Photons of a level of 1. */
  readonly shotNoise: Five<number>;
  /** Share of the levels. */
  readonly impulseNoise: Five<number>;
  readonly defocusBlur: Five<Defocus>;
  readonly glassBlur: Five<Glass>;
  readonly motionBlur: Five<Motion>;
  readonly zoomBlur: Five<ZoomRange>;
  readonly snow: Five<Snow>;
  readonly frost: Five<Frost>;
  readonly fog: Five<Fog>;
  /** Added to V of HSV. */
  readonly brightness: Five<number>;
  /** Share of a level's distance to the mean that stays. */
  readonly contrast: Five<number>;
  readonly elastic: Five<Elastic>;
  /** Share of the sides. */
  readonly pixelate: Five<number>;
  /** Quality of the JPEG. */
  readonly jpeg: Five<number>;
}

/** Makes a row of settings from rows of numbers. */
function five<T, N extends readonly number[]>(make: (...numbers: N) => T, rows: Five<N>): Five<T> {
  const [a, b, c, d, e] = rows;
  return [make(...a), make(...b), make(...c), make(...d), make(...e)];
}

const defocus = (radius: number, aliasSigma: number): Defocus => ({ radius, aliasSigma });
const glass = (sigma: number, shift: number, rounds: number): Glass => ({ sigma, shift, rounds });
const motion = (radius: number, sigma: number): Motion => ({ radius, sigma });
const zoom = (last: number, step: number): ZoomRange => ({ last, step });
const frost = (image: number, frost: number): Frost => ({ image, frost });
const fog = (amount: number, decay: number): Fog => ({ amount, decay });
const elastic = (alpha: number, sigma: number, affine: number): Elastic => ({
  alpha,
  sigma,
  affine,
});
const snow = (
  ...numbers: readonly [number, number, number, number, number, number, number]
): Snow => {
  const [mean, std, zoom, threshold, radius, sigma, weight] = numbers;
  return { mean, std, zoom, threshold, radius, sigma, weight };
};

/** ImageNet-C's settings, for images of 224 px. Source: arXiv 1903.12261 and its code. */
export const imageNetC: SeverityTable = {
  gaussianNoise: [0.08, 0.12, 0.18, 0.26, 0.38],
  shotNoise: [60, 25, 12, 5, 3],
  impulseNoise: [0.03, 0.06, 0.09, 0.17, 0.27],
  // prettier-ignore
  defocusBlur: five(defocus, [[3, 0.1], [4, 0.5], [6, 0.5], [8, 0.5], [10, 0.5]]),
  // prettier-ignore
  glassBlur: five(glass, [[0.7, 1, 2], [0.9, 2, 1], [1, 2, 3], [1.1, 3, 2], [1.5, 4, 2]]),
  // prettier-ignore
  motionBlur: five(motion, [[10, 3], [15, 5], [15, 8], [15, 12], [20, 15]]),
  // prettier-ignore
  zoomBlur: five(zoom, [[1.11, 0.01], [1.15, 0.01], [1.2, 0.02], [1.24, 0.02], [1.3, 0.03]]),
  snow: five(snow, [
    [0.1, 0.3, 3, 0.5, 10, 4, 0.8],
    [0.2, 0.3, 2, 0.5, 12, 4, 0.7],
    [0.55, 0.3, 4, 0.9, 12, 8, 0.7],
    [0.55, 0.3, 4.5, 0.85, 12, 8, 0.65],
    [0.55, 0.3, 2.5, 0.85, 12, 12, 0.55],
  ]),
  // prettier-ignore
  frost: five(frost, [[1, 0.4], [0.8, 0.6], [0.7, 0.7], [0.65, 0.7], [0.6, 0.75]]),
  // prettier-ignore
  fog: five(fog, [[1.5, 2], [2, 2], [2.5, 1.7], [2.5, 1.5], [3, 1.4]]),
  brightness: [0.1, 0.2, 0.3, 0.4, 0.5],
  contrast: [0.4, 0.3, 0.2, 0.1, 0.05],
  elastic: five(elastic, [
    [2, 0.7, 0.1],
    [2, 0.08, 0.2],
    [0.05, 0.01, 0.02],
    [0.07, 0.01, 0.02],
    [0.12, 0.01, 0.02],
  ]),
  pixelate: [0.6, 0.5, 0.4, 0.3, 0.25],
  jpeg: [25, 18, 15, 10, 7],
};

/** CIFAR-10-C's settings, for images of 32 px. Source: the same. */
export const cifarC: SeverityTable = {
  gaussianNoise: [0.04, 0.06, 0.08, 0.09, 0.1],
  shotNoise: [500, 250, 100, 75, 50],
  impulseNoise: [0.01, 0.02, 0.03, 0.05, 0.07],
  // prettier-ignore
  defocusBlur: five(defocus, [[0.3, 0.4], [0.4, 0.5], [0.5, 0.6], [1, 0.2], [1.5, 0.1]]),
  // prettier-ignore
  glassBlur: five(glass, [[0.05, 1, 1], [0.25, 1, 1], [0.4, 1, 1], [0.25, 1, 2], [0.4, 1, 2]]),
  // prettier-ignore
  motionBlur: five(motion, [[6, 1], [6, 1.5], [6, 2], [8, 2], [9, 2.5]]),
  // prettier-ignore
  zoomBlur: five(zoom, [[1.06, 0.01], [1.11, 0.01], [1.15, 0.01], [1.2, 0.01], [1.25, 0.01]]),
  snow: five(snow, [
    [0.1, 0.2, 1, 0.6, 8, 3, 0.95],
    [0.1, 0.2, 1, 0.5, 10, 4, 0.9],
    [0.15, 0.3, 1.75, 0.55, 10, 4, 0.9],
    [0.25, 0.3, 2.25, 0.6, 12, 6, 0.85],
    [0.3, 0.3, 1.25, 0.65, 14, 12, 0.8],
  ]),
  // prettier-ignore
  frost: five(frost, [[1, 0.2], [1, 0.3], [0.9, 0.4], [0.85, 0.4], [0.75, 0.45]]),
  // prettier-ignore
  fog: five(fog, [[0.2, 3], [0.5, 3], [0.75, 2.5], [1, 2], [1.5, 1.75]]),
  brightness: [0.05, 0.1, 0.15, 0.2, 0.3],
  contrast: [0.75, 0.5, 0.4, 0.3, 0.15],
  elastic: five(elastic, [
    [0, 0, 0.08],
    [0.05, 0.2, 0.07],
    [0.08, 0.06, 0.06],
    [0.1, 0.04, 0.05],
    [0.1, 0.03, 0.03],
  ]),
  pixelate: [0.95, 0.9, 0.85, 0.75, 0.65],
  jpeg: [80, 65, 58, 50, 40],
};
