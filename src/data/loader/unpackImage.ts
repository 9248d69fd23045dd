import type { RgbImage } from '../augment/image/image.js';
import type { PackedPixels } from '../sets/images.js';

/** The image at a place of packed ones, in colour; grey ones have three equal channels. */
export function unpackImage({ data, shape, layout }: PackedPixels, place: number): RgbImage {
  const [channels, height, width] = shape;
  const pixels = height * width;
  const from = data.subarray(place * channels * pixels, (place + 1) * channels * pixels);
  if (layout === 'nhwc' && channels === 3) return { width, height, data: from };
  const rgb = new Uint8Array(3 * pixels);
  const [across, down] = layout === 'nhwc' ? [1, channels] : [pixels, 1];
  for (let p = 0; p < pixels; p++)
    for (let c = 0; c < 3; c++)
      rgb[3 * p + c] = from[p * down + Math.min(c, channels - 1) * across] ?? 0;
  return { width, height, data: rgb };
}
