import type { RandomStream } from '../support/random.js';

/** An 8-bit RGB image, as the decoder gives it and the operations of input noise take it. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** [height,width,3] */
  readonly data: Uint8Array;
}

/** Input noise: a function of the image and of the numbers that it draws. */
export type ImageNoise = (image: RgbImage, random: RandomStream) => RgbImage;
