import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';

/** Replaces a share of all levels, each channel by itself, by 0 or 255, half of them each. */
export function impulseNoise(image: RgbImage, share: number, random: RandomStream): RgbImage {
  const { width, height } = image;
  const data = image.data.map((level) => {
    const u = random.uniform();
    if (u >= share) return level;
    return u < share / 2 ? 255 : 0;
  });
  return { width, height, data };
}
