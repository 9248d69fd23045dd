import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { toField, toImage } from './field.js';
import { drawNormal } from './normal.js';

/** Adds normal noise of deviation `sigma` (of levels 0..1) to each level. */
export function gaussianNoise(image: RgbImage, sigma: number, random: RandomStream): RgbImage {
  const field = toField(image);
  const noise = drawNormal(field.data.length, random, { mean: 0, std: sigma });
  for (let i = 0; i < noise.length; i++) noise[i] = (noise[i] ?? 0) + (field.data[i] ?? 0);
  return toImage({ ...field, data: noise });
}
