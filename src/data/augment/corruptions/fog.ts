import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { toField, toImage } from './field.js';
import { plasma } from './plasma.js';

export interface Fog {
  readonly amount: number;
  /** The larger, the smoother. */
  readonly decay: number;
}

/** Adds a cloud and darkens the whole so that its brightest level stays in range. */
export function fog(image: RgbImage, { amount, decay }: Fog, random: RandomStream): RgbImage {
  const { width, height } = image;
  const side = 2 ** Math.ceil(Math.log2(Math.max(2, width, height)));
  const cloud = plasma(side, decay, random);
  const field = toField(image);
  const brightest = field.data.reduce((a, b) => Math.max(a, b), 0);
  const scale = brightest / (brightest + amount);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++, i++)
        field.data[i] = ((field.data[i] ?? 0) + amount * (cloud.data[y * side + x] ?? 0)) * scale;
  return toImage(field);
}
