import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { toField, toImage } from './field.js';
import { gaussianBlur } from './gaussianBlur.js';

export interface Glass {
  /** Deviation of the Gaussian before and after, in pixels. */
  readonly sigma: number;
  /** Largest way of a pixel, in pixels. */
  readonly shift: number;
  readonly rounds: number;
}

/**
 * Looks through frosted glass: pixels move by up to `shift`, between two small blurs. The published
 * code means to swap two pixels, but the second assignment reads what the first one wrote, so each
 * pixel takes a neighbour's colour and the neighbour keeps its own; so it is here.
 */
export function glassBlur(
  image: RgbImage,
  { sigma, shift, rounds }: Glass,
  random: RandomStream,
): RgbImage {
  const { width, height, data } = toImage(gaussianBlur(toField(image), sigma));
  for (let round = 0; round < rounds; round++)
    for (let y = height - shift; y > shift; y--)
      for (let x = width - shift; x > shift; x--) {
        const dx = random.integer(2 * shift) - shift;
        const dy = random.integer(2 * shift) - shift;
        const from = 3 * ((y + dy) * width + x + dx);
        data.copyWithin(3 * (y * width + x), from, from + 3);
      }
  return toImage(gaussianBlur(toField({ width, height, data }), sigma));
}
