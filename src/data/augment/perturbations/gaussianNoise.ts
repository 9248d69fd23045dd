import type { RandomStream } from '../../../support/random.js';
import { gaussianNoise } from '../corruptions/gaussianNoise.js';
import type { RgbImage } from '../image/image.js';
import { middleOf, type Canvas } from './frames.js';

export interface NoiseFrames {
  /** The clean one included. */
  readonly frames: number;
  /** As the corruption takes it. */
  readonly amount: number;
}

/** The clean image, then the image with noise of its own in each frame. */
export function* gaussianNoiseFrames(
  canvas: Canvas,
  { frames, amount }: NoiseFrames,
  random: RandomStream,
): Generator<RgbImage> {
  const clean = middleOf(canvas);
  yield clean;
  for (let i = 1; i < frames; i++) yield gaussianNoise(clean, amount, random);
}
