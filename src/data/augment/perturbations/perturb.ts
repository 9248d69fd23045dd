import { smallBelow } from '../../../support/imageView.js';
import { fnv1a32 } from '../../../support/hash.js';
import { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { brightnessFrames } from './brightness.js';
import type { Canvas, Frames } from './frames.js';
import { gaussianNoiseFrames } from './gaussianNoise.js';
import { motionBlurFrames } from './motionBlur.js';
import { rotateFrames } from './rotate.js';
import { scaleFrames } from './scale.js';
import { cifarP, imageNetP, type LargeSettings, type SmallSettings } from './settings.js';
import { shotNoiseFrames } from './shotNoise.js';
import { snowFrames } from './snow.js';
import { spatterFrames } from './spatter.js';
import { tiltFrames } from './tilt.js';
import { translateFrames } from './translate.js';
import { zoomBlurFrames } from './zoomBlur.js';

type AllSettings = LargeSettings & SmallSettings;
/** A perturbation of ImageNet-P. */
export type PerturbationName = keyof AllSettings;

/** A forgotten perturbation is a type error. */
const table: { readonly [Name in PerturbationName]: Frames<AllSettings[Name]> } = {
  gaussianNoise: gaussianNoiseFrames,
  shotNoise: shotNoiseFrames,
  motionBlur: motionBlurFrames,
  zoomBlur: zoomBlurFrames,
  snow: snowFrames,
  spatter: spatterFrames,
  brightness: brightnessFrames,
  translate: translateFrames,
  rotate: rotateFrames,
  tilt: tiltFrames,
  scale: scaleFrames,
};

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Small images take CIFAR-10-P's settings, others ImageNet-P's. */
function settingsFor({ width, height }: Size): Partial<AllSettings> {
  return Math.min(width, height) < smallBelow ? cifarP : imageNetP;
}

/** The ten perturbations of images of a size; snow of large ones is spatter of small ones. */
export function perturbationsFor(size: Size): PerturbationName[] {
  return Object.keys(settingsFor(size)) as PerturbationName[];
}

/** Frames of a perturbation of images of a size. */
export function framesOf(name: PerturbationName, size: Size): number {
  return settingsFor(size)[name]?.frames ?? 0;
}

/** Pixels around the middle that warps draw on, each way: what ImageNet-P keeps of images of 256 px. */
export function marginFor({ width, height }: Size): number {
  return Math.min(width, height) < smallBelow ? 0 : 16;
}

export interface PerturbationRequest {
  readonly name: PerturbationName;
  readonly seed: number;
  /** The image's index in its data set. */
  readonly sample: number;
}

/**
 * The frames of an image under a perturbation, in the manner of ImageNet-P and by its settings for
 * the image's size: a function of the request and the image. ImageNet-P itself is saved as video and
 * warps the whole image, not its middle square; these are as they were made.
 */
export function perturb(canvas: Canvas, request: PerturbationRequest): Iterable<RgbImage> {
  const { name, seed, sample } = request;
  const random = new RandomStream(seed, {
    site: fnv1a32(`perturbation.${name}`),
    step: 0,
    sample,
  });
  return applyByName(name, canvas, random);
}

function applyByName<Name extends PerturbationName>(
  name: Name,
  canvas: Canvas,
  random: RandomStream,
): Iterable<RgbImage> {
  const setting = settingsFor(canvas)[name];
  return setting === undefined ? [] : table[name](canvas, setting, random);
}
