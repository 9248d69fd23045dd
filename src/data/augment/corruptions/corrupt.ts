import { smallBelow } from '../../../support/imageView.js';
import { fnv1a32 } from '../../../support/hash.js';
import { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { brighten } from './brighten.js';
import { defocusBlur } from './defocusBlur.js';
import { elastic } from './elastic.js';
import { fog } from './fog.js';
import { frost } from './frost.js';
import { gaussianNoise } from './gaussianNoise.js';
import { glassBlur } from './glassBlur.js';
import { impulseNoise } from './impulseNoise.js';
import { compressJpeg } from './jpeg.js';
import { motionBlur } from './motionBlur.js';
import { pixelate } from './pixelate.js';
import { cifarC, imageNetC, type Severity, type SeverityTable } from './severities.js';
import { shotNoise } from './shotNoise.js';
import { snow } from './snow.js';
import { weakenContrast } from './weakenContrast.js';
import { zoomBlur } from './zoomBlur.js';

type Apply<T> = (image: RgbImage, setting: T, random: RandomStream) => RgbImage | Promise<RgbImage>;

/** A forgotten corruption is a type error. */
const table: { readonly [Name in CorruptionName]: Apply<SeverityTable[Name][number]> } = {
  gaussianNoise,
  shotNoise,
  impulseNoise,
  defocusBlur,
  glassBlur,
  motionBlur,
  zoomBlur,
  snow,
  frost,
  fog,
  brightness: brighten,
  contrast: weakenContrast,
  elastic,
  pixelate,
  jpeg: compressJpeg,
};

/** A corruption of ImageNet-C. */
export type CorruptionName = keyof SeverityTable;

/** The families of ImageNet-C, and all names in its order. */
export const corruptionFamilies = {
  noise: ['gaussianNoise', 'shotNoise', 'impulseNoise'],
  blur: ['defocusBlur', 'glassBlur', 'motionBlur', 'zoomBlur'],
  weather: ['snow', 'frost', 'fog', 'brightness'],
  digital: ['contrast', 'elastic', 'pixelate', 'jpeg'],
} as const satisfies Readonly<Record<string, readonly CorruptionName[]>>;

export const corruptionNames: readonly CorruptionName[] = Object.values(corruptionFamilies).flat();

/** A corruption at a severity. */
export interface CorruptionRequest {
  readonly name: CorruptionName;
  readonly severity: Severity;
  readonly seed: number;
  /** The image's index in its data set. */
  readonly sample: number;
}

/**
 * A corrupted copy of an image, in the manner of ImageNet-C and by its settings for the image's size
 * (CIFAR-10-C's for small ones): a function of the request and the image. ImageNet-C itself is saved as
 * JPEG of quality 85; this is not.
 */
export async function corrupt(image: RgbImage, request: CorruptionRequest): Promise<RgbImage> {
  const { name, severity, seed, sample } = request;
  const site = fnv1a32(`corruption.${name}`);
  const random = new RandomStream(seed, { site, step: severity, sample });
  return applyByName(name, image, severity, random);
}

async function applyByName<Name extends CorruptionName>(
  name: Name,
  image: RgbImage,
  severity: Severity,
  random: RandomStream,
): Promise<RgbImage> {
  const settings = Math.min(image.width, image.height) < smallBelow ? cifarC : imageNetC;
  return table[name](image, settings[name][severity - 1] as SeverityTable[Name][number], random);
}
