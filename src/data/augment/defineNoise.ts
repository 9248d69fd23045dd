import type { Option } from '../../support/options.js';
import type { RandomStream } from '../../support/random.js';
import type { RgbImage } from './image/image.js';

/**
 * Input noise: writes a changed image to `out`, which must not be `image`. What it does is a
 * function of the image and of the numbers that it draws.
 */
export type ImageNoise = (image: RgbImage, random: RandomStream, out: RgbImage) => void;

/** All that there is to an input noise; its key in a config is its name in noises.ts. */
export interface NoiseDefinition<O extends Option, V> {
  /** Option in a config; without a value there is no such noise. */
  readonly option: O;
  /** When it has its turn among the noises of whole images, and of those that are cropped at random. */
  readonly turn: {
    readonly whole: number;
    /** Missing if it is for whole images alone. */
    readonly cropped?: number;
  };
  /** True if an ablation of input noise removes it; false keeps it as part of the least augmentation. */
  readonly ablated: boolean;
  /** Throws a ConfigError for a value that it does not take. */
  make(value: V): ImageNoise;
}

/** Defines an input noise. */
export function defineNoise<const O extends Option, V>(
  definition: NoiseDefinition<O, V>,
): NoiseDefinition<O, V> {
  return definition;
}

/** One image to write to, made anew when the size changes. */
export function scratchImage(): (like: RgbImage) => RgbImage {
  let image: RgbImage = { width: 0, height: 0, data: new Uint8Array(0) };
  return ({ width, height, data }) => {
    if (image.width !== width || image.height !== height)
      image = { width, height, data: new Uint8Array(data.length) };
    return image;
  };
}
