import type { RandomStream } from '../../../support/random.js';
import { drawFlakes, fallen, snowed, type Snow } from '../corruptions/snow.js';
import type { RgbImage } from '../image/image.js';
import { middleOf, type Canvas } from './frames.js';
import type { Steps } from './motionBlur.js';

/** The same flakes, whose fall turns; steps in degrees. */
export function* snowFrames(
  canvas: Canvas,
  { frames, first, step, ...settings }: Steps & Snow,
  random: RandomStream,
): Generator<RgbImage> {
  const clean = middleOf(canvas);
  const flakes = drawFlakes(clean, settings, random);
  for (let i = 0; i < frames; i++)
    yield snowed(clean, fallen(flakes, settings, first + i * step), settings.weight);
}
