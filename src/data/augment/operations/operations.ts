import { autoContrast } from './autoContrast.js';
import { brightness } from './brightness.js';
import { color } from './color.js';
import { contrast, pixelCountGrey } from './contrast.js';
import { cutout } from './cutout.js';
import { equalize } from './equalize.js';
import { identity } from './identity.js';
import type { RgbImage } from '../image/image.js';
import { invert } from './invert.js';
import { posterize } from './posterize.js';
import { rotate } from './rotate.js';
import { sharpness } from './sharpness.js';
import { shearX, shearY } from './shear.js';
import { solarize } from './solarize.js';
import { solarizeAdd } from './solarizeAdd.js';
import { translateX, translateY } from './translate.js';

/** Meaning of a magnitude in pixels, and the grey that Contrast blends with. */
export interface MagnitudeScale {
  /** Pixels of a translation at magnitude 10. */
  readonly translate: number;
  /** Half the side of a Cutout at magnitude 10, in pixels. */
  readonly cutout: number;
  readonly contrast: ContrastGrey;
}

/** `mean`: the image's mean grey, as in PIL. `pixelCount`: what the published code blends with. */
export type ContrastGrey = 'mean' | 'pixelCount';

/** An operation of RandAugment. */
interface Operation {
  /** Its argument at magnitude `m`; 0 if it has none. */
  argument(m: number, scale: MagnitudeScale): number;
  /** Negates the argument for every other image. */
  readonly signed?: boolean;
  apply(image: RgbImage, argument: number, out: RgbImage, at: Draws): void;
}

/** Random numbers in [0, 1) of one application, and the scale. */
interface Draws {
  readonly x: number;
  readonly y: number;
  readonly scale: MagnitudeScale;
}

const none = (): number => 0;
/** Identity at m = 5: half of the magnitudes weaken the image's colour or contrast. */
const enhancement = (m: number): number => (m / 10) * 1.8 + 0.1;
const shearing = (m: number): number => (m / 10) * 0.3;
const translation = (m: number, { translate }: MagnitudeScale): number => (m / 10) * translate;

/**
 * The operations with their arguments at a magnitude. Source: the published code's randaugment.py;
 * it writes m / 10 first, and so do we, since the arguments are cut to whole numbers.
 */
export const operations = {
  AutoContrast: { argument: none, apply: (image, _, out) => autoContrast(image, out) },
  Equalize: { argument: none, apply: (image, _, out) => equalize(image, out) },
  Invert: { argument: none, apply: (image, _, out) => invert(image, out) },
  Rotate: { argument: (m) => (m / 10) * 30, signed: true, apply: rotate },
  // Both weaken as m grows, to nothing from m = 20 and 10 on.
  Posterize: { argument: (m) => Math.trunc((m / 10) * 4), apply: posterize },
  Solarize: { argument: (m) => Math.trunc((m / 10) * 256), apply: solarize },
  Color: { argument: enhancement, apply: color },
  Contrast: {
    argument: enhancement,
    apply: (image, factor, out, { scale }) => {
      if (scale.contrast === 'mean') contrast(image, factor, out);
      else contrast(image, factor, out, pixelCountGrey(image));
    },
  },
  Brightness: { argument: enhancement, apply: brightness },
  Sharpness: { argument: enhancement, apply: sharpness },
  ShearX: { argument: shearing, signed: true, apply: shearX },
  ShearY: { argument: shearing, signed: true, apply: shearY },
  TranslateX: { argument: translation, signed: true, apply: translateX },
  TranslateY: { argument: translation, signed: true, apply: translateY },
  SolarizeAdd: { argument: (m) => Math.trunc((m / 10) * 110), apply: solarizeAdd },
  Cutout: {
    argument: (m, scale) => Math.trunc((m / 10) * scale.cutout),
    apply: (image, half, out, { x, y }) =>
      cutout(image, { half, x: Math.floor(x * image.width), y: Math.floor(y * image.height) }, out),
  },
  Identity: { argument: none, apply: (image, _, out) => identity(image, out) },
} as const satisfies Readonly<Record<string, Operation>>;

/** An operation of RandAugment. */
export type OperationName = keyof typeof operations;

/** An operation by its name, without its own narrower type. */
export function operationOf(name: OperationName): Operation {
  return operations[name];
}

const common: readonly OperationName[] = [
  'AutoContrast',
  'Equalize',
  'Rotate',
  'Posterize',
  'Solarize',
  'Color',
  'Contrast',
  'Brightness',
  'Sharpness',
  'ShearX',
  'ShearY',
  'TranslateX',
  'TranslateY',
];

/** The published lists: Noisy Student's code draws from 16, the RandAugment paper from 14. */
export const operationLists = {
  noisyStudent: [...common, 'Invert', 'SolarizeAdd', 'Cutout'],
  paper: [...common, 'Identity'],
} as const satisfies Readonly<Record<string, readonly OperationName[]>>;
