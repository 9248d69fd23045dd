import type { RandomStream } from '../../../support/random.js';
import { shotNoise } from '../corruptions/shotNoise.js';
import type { RgbImage } from '../image/image.js';
import { middleOf, type Canvas } from './frames.js';
import type { NoiseFrames } from './gaussianNoise.js';

/** The clean image, then the image with photons counted anew in each frame. */
export function* shotNoiseFrames(
  canvas: Canvas,
  { frames, amount }: NoiseFrames,
  random: RandomStream,
): Generator<RgbImage> {
  const clean = middleOf(canvas);
  yield clean;
  for (let i = 1; i < frames; i++) yield shotNoise(clean, amount, random);
}
