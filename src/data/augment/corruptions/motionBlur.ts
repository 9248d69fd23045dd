import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { repeatEdge } from './border.js';
import { type Field, toField, zerosLike } from './field.js';

export interface Motion {
  /** Half the length of the trace, in pixels; whole. */
  readonly radius: number;
  /** Deviation of the trace's fading, in pixels. */
  readonly sigma: number;
}

/** Blurs along a line of a random direction within 45 degrees of the horizontal. */
export function motionBlur(image: RgbImage, motion: Motion, random: RandomStream): RgbImage {
  return movedImage(image, motion, random.uniform(-45, 45));
}

/** The image blurred along a direction, in degrees. */
export function movedImage(image: RgbImage, motion: Motion, degrees: number): RgbImage {
  const { width, height, data } = moved(toField(image), motion, degrees);
  return { width, height, data: Uint8Array.from(data, (level) => Math.round(255 * level)) };
}

/**
 * ImageMagick's motion blur: from each pixel on, 2 radius + 1 steps along a direction, rounded to
 * pixels and fading as one half of a Gaussian; the edge goes on outside.
 */
export function moved(field: Field, { radius, sigma }: Motion, degrees: number): Field {
  const { width, height, channels, data } = field;
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const fading = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp((-0.5 * i * i) / (sigma * sigma)),
  );
  const sum = fading.reduce((a, b) => a + b, 0);
  const out = zerosLike(field);
  for (const [i, weight] of fading.entries()) {
    const dx = Math.ceil(i * cos - 0.5);
    const dy = Math.ceil(i * sin - 0.5);
    const share = weight / sum;
    for (let y = 0, to = 0; y < height; y++) {
      const row = repeatEdge(y + dy, height) * width;
      for (let x = 0; x < width; x++) {
        const from = (row + repeatEdge(x + dx, width)) * channels;
        for (let c = 0; c < channels; c++, to++)
          out.data[to] = (out.data[to] ?? 0) + share * (data[from + c] ?? 0);
      }
    }
  }
  return out;
}
