import type { RgbImage } from '../image/image.js';
import { toField, toImage } from './field.js';

/** Brings each channel's levels nearer to their mean, to `share` of their distance. */
export function weakenContrast(image: RgbImage, share: number): RgbImage {
  const field = toField(image);
  const { data } = field;
  const pixels = data.length / 3;
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i++) sums[i % 3] = (sums[i % 3] ?? 0) + (data[i] ?? 0);
  for (let i = 0; i < data.length; i++) {
    const mean = (sums[i % 3] ?? 0) / pixels;
    data[i] = ((data[i] ?? 0) - mean) * share + mean;
  }
  return toImage(field);
}
