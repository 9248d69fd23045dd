import { brighten } from '../corruptions/brighten.js';
import type { RgbImage } from '../image/image.js';
import { middleOf, type Canvas } from './frames.js';
import type { Steps } from './motionBlur.js';

/** From darker to brighter; steps are added to V of HSV. */
export function* brightnessFrames(
  canvas: Canvas,
  { frames, first, step }: Steps,
): Generator<RgbImage> {
  const clean = middleOf(canvas);
  for (let i = 0; i < frames; i++) yield brighten(clean, first + i * step);
}
