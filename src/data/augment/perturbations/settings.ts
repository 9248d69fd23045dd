import type { Motion } from '../corruptions/motionBlur.js';
import type { Snow } from '../corruptions/snow.js';
import type { NoiseFrames } from './gaussianNoise.js';
import type { Steps } from './motionBlur.js';
import type { Spatter } from './spatter.js';
import type { ZoomFrames } from './zoomBlur.js';

/** Arguments of the perturbations of large images. */
export interface LargeSettings {
  readonly gaussianNoise: NoiseFrames;
  readonly shotNoise: NoiseFrames;
  readonly motionBlur: Steps & Motion;
  readonly zoomBlur: ZoomFrames;
  readonly snow: Steps & Snow;
  readonly brightness: Steps;
  readonly translate: Steps;
  readonly rotate: Steps;
  readonly tilt: Steps;
  readonly scale: Steps;
}

/** Arguments of the perturbations of small images. */
export interface SmallSettings extends Omit<LargeSettings, 'snow'> {
  readonly spatter: Spatter;
}

/** Frames whose values lie evenly about 0. */
const about0 = (step: number): Steps => ({ frames: 31, first: -15 * step, step });

/**
 * ImageNet-P's settings, for images of 224 px. Source: arXiv 1903.12261 and its code
 * (hendrycks/robustness, ImageNet-P/create_p/make_imagenet_p.py).
 */
export const imageNetP: LargeSettings = {
  gaussianNoise: { frames: 31, amount: 0.03 },
  shotNoise: { frames: 31, amount: 300 },
  motionBlur: { frames: 31, first: -120, step: 4, radius: 10, sigma: 3 },
  zoomBlur: { frames: 31, step: 0.004 },
  snow: {
    ...{ frames: 31, first: -150, step: 4 },
    ...{ mean: 0.05, std: 0.3, zoom: 3, threshold: 0.5, radius: 14, sigma: 4, weight: 0.85 },
  },
  brightness: about0(0.02),
  translate: { frames: 41, first: -20, step: 1 },
  rotate: about0(1),
  tilt: about0(1),
  scale: { frames: 31, first: 0.4, step: 0.025 },
};

/** CIFAR-10-P's settings, for images of 32 px. Source: the same, make_cifar_p.py. */
export const cifarP: SmallSettings = {
  gaussianNoise: { frames: 31, amount: 0.02 },
  shotNoise: { frames: 31, amount: 700 },
  motionBlur: { frames: 21, first: -180, step: 9, radius: 6, sigma: 1.8 },
  zoomBlur: { frames: 31, step: 0.004 },
  spatter: { frames: 31, mean: 0.6, std: 0.265, sigma: 1.75, threshold: 0.7, run: 0.8 },
  brightness: about0(0.015),
  translate: { frames: 16, first: -7, step: 1 },
  rotate: about0(1),
  tilt: about0(0.75),
  scale: { frames: 31, first: 0.7, step: 0.02 },
};
