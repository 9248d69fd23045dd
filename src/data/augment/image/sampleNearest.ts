import type { RgbImage } from './image.js';
import { checkSameSize } from './sameSize.js';

/**
 * A map from output to input coordinates, (x, y) -> (a x + b y + c, d x + e y + f), as PIL's
 * Image.transform takes it: the centre of the first pixel lies at (0.5, 0.5).
 */
export type AffineCoefficients = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
];

/** The grey that fills what comes from outside the image. */
const fill = 128;

/**
 * Takes for each pixel the one in which its centre falls, and grey 128 outside. PIL's arithmetic,
 * 16 bits behind the point, and its positions of pixels; good for sides below 32768. `out` must not
 * be `image`.
 */
export function sampleNearest(
  image: RgbImage,
  [a, b, c, d, e, f]: AffineCoefficients,
  out: RgbImage,
): void {
  checkSameSize(image, out);
  const { width, height, data: from } = image;
  const to = out.data;
  const [ax, bx, ay, by] = [fixed(a), fixed(b), fixed(d), fixed(e)];
  let rowX = fixed(c + 0.5 * a + 0.5 * b);
  let rowY = fixed(f + 0.5 * d + 0.5 * e);
  let i = 0;
  for (let y = 0; y < height; y++) {
    let x16 = rowX;
    let y16 = rowY;
    for (let x = 0; x < width; x++) {
      const column = x16 >> 16;
      const row = y16 >> 16;
      if (column >= 0 && column < width && row >= 0 && row < height) {
        const j = 3 * (row * width + column);
        to[i] = from[j] ?? 0;
        to[i + 1] = from[j + 1] ?? 0;
        to[i + 2] = from[j + 2] ?? 0;
      } else {
        to[i] = fill;
        to[i + 1] = fill;
        to[i + 2] = fill;
      }
      i += 3;
      x16 = (x16 + ax) | 0;
      y16 = (y16 + ay) | 0;
    }
    rowX = (rowX + bx) | 0;
    rowY = (rowY + by) | 0;
  }
}

function fixed(value: number): number {
  return Math.floor(value * 65536 + 0.5) | 0;
}
