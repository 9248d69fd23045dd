import type { RgbImage } from '../image/image.js';
import { toField, toImage } from './field.js';

/**
 * Adds to V of HSV, hue and saturation staying: the channels of a pixel grow by the same factor, and
 * black becomes grey. `amount` may be negative.
 */
export function brighten(image: RgbImage, amount: number): RgbImage {
  const field = toField(image);
  const { data } = field;
  for (let i = 0; i < data.length; i += 3) {
    const value = Math.max(data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0);
    const brighter = Math.min(1, Math.max(0, value + amount));
    for (let c = i; c < i + 3; c++)
      data[c] = value === 0 ? brighter : ((data[c] ?? 0) / value) * brighter;
  }
  return toImage(field);
}
