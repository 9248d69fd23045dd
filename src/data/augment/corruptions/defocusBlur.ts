import type { RgbImage } from '../image/image.js';
import { mirrorInside } from './border.js';
import { type Field, toField, toImage, zerosLike } from './field.js';
import { gaussianKernel } from './gaussianBlur.js';

export interface Defocus {
  /** Radius of the disk, in pixels. */
  readonly radius: number;
  /** Deviation of the Gaussian that softens the disk's edge, in pixels. */
  readonly aliasSigma: number;
}

/** Blurs by a disk, as a lens out of focus does. */
export function defocusBlur(image: RgbImage, defocus: Defocus): RgbImage {
  return toImage(convolve(toField(image), diskKernel(defocus)));
}

/** A square of weights [side,side] that sum to 1. */
export interface Kernel {
  readonly side: number;
  readonly weights: Float64Array;
}

/**
 * The disk's pixels, blurred by 3x3 or, above radius 8, by 5x5. The published code's square ends
 * where the disk of radius 8 does and so loses a little weight; this one has room.
 */
export function diskKernel({ radius, aliasSigma }: Defocus): Kernel {
  const soft = radius <= 8 ? 1 : 2;
  const half = Math.floor(radius) + soft;
  const side = 2 * half + 1;
  const edge = gaussianKernel(soft, aliasSigma);
  const weights = new Float64Array(side * side);
  const inside = (x: number, y: number): boolean => x * x + y * y <= radius * radius;
  let count = 0;
  for (let y = -half; y <= half; y++)
    for (let x = -half; x <= half; x++) {
      if (!inside(x, y)) continue;
      count += 1;
      for (let j = -soft; j <= soft; j++)
        for (let i = -soft; i <= soft; i++) {
          const at = (y + j + half) * side + x + i + half;
          weights[at] = (weights[at] ?? 0) + (edge[i + soft] ?? 0) * (edge[j + soft] ?? 0);
        }
    }
  return { side, weights: weights.map((weight) => weight / count) };
}

/** Weighs each pixel's surroundings, mirrored at the edges as OpenCV's filter2D does. */
export function convolve(field: Field, { side, weights }: Kernel): Field {
  const { width, height, channels } = field;
  const half = (side - 1) / 2;
  const padded = pad(field, half);
  const out = zerosLike(field);
  const row = width * channels;
  for (let k = 0; k < weights.length; k++) {
    const weight = weights[k] ?? 0;
    if (weight === 0) continue;
    const [dx, dy] = [k % side, Math.floor(k / side)];
    for (let y = 0; y < height; y++) {
      const from = ((y + dy) * padded.width + dx) * channels;
      const to = y * row;
      for (let i = 0; i < row; i++)
        out.data[to + i] = (out.data[to + i] ?? 0) + weight * (padded.data[from + i] ?? 0);
    }
  }
  return out;
}

function pad({ width, height, channels, data }: Field, half: number): Field {
  const wide = width + 2 * half;
  const high = height + 2 * half;
  const out = new Float64Array(wide * high * channels);
  for (let y = 0; y < high; y++) {
    const row = mirrorInside(y - half, height) * width;
    for (let x = 0; x < wide; x++) {
      const from = (row + mirrorInside(x - half, width)) * channels;
      const to = (y * wide + x) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c] ?? 0;
    }
  }
  return { width: wide, height: high, channels, data: out };
}
