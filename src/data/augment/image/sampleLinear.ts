import type { RgbImage } from './image.js';
import { checkSameSize } from './sameSize.js';

/**
 * A map from output to input coordinates, (x, y) -> ((a x + b y + c), (d x + e y + f)) / (g x + h y + i);
 * the centre of the first pixel lies at (0.5, 0.5).
 */
export type ProjectiveMap = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
  i: number,
];

/**
 * Behaviour of a library at the edge, and with fractions of a level. `pillow`: the outer pixels
 * extend half a pixel further, and levels are truncated; `opencv`: they fade into the black
 * outside, and levels are rounded.
 */
export type Manner = 'pillow' | 'opencv';

/**
 * Interpolates each pixel linearly between the four around its place; black outside. `out` must not
 * be `image`.
 */
export function sampleLinear(
  image: RgbImage,
  [a, b, c, d, e, f, g, h, i]: ProjectiveMap,
  out: RgbImage,
  manner: Manner = 'pillow',
): void {
  checkSameSize(image, out);
  const { width, height } = image;
  const fades = manner === 'opencv';
  const border = fades ? 0.5 : 0;
  let to = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++, to += 3) {
      const [x, y] = [column + 0.5, row + 0.5];
      const scale = g * x + h * y + i;
      const fromX = (a * x + b * y + c) / scale + border;
      const fromY = (d * x + e * y + f) / scale + border;
      if (fromX >= 0 && fromX < width + 2 * border && fromY >= 0 && fromY < height + 2 * border)
        mix(image, fromX - border - 0.5, fromY - border - 0.5, fades, out.data, to);
      else out.data.fill(0, to, to + 3);
    }
}

/** Writes the levels between four pixels; `x` and `y` are whole at the pixels' centres. */
function mix(
  { width, height, data }: RgbImage,
  x: number,
  y: number,
  fades: boolean,
  out: Uint8Array,
  to: number,
): void {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, below] = [x - left, y - top];
  // The weight of a neighbour outside is dropped, or goes to the pixel inside.
  const outside = fades ? 0 : 1;
  const [x0, wx0] = left < 0 ? [0, (1 - right) * outside] : [left, 1 - right];
  const [x1, wx1] = left + 1 >= width ? [width - 1, right * outside] : [left + 1, right];
  const [y0, wy0] = top < 0 ? [0, (1 - below) * outside] : [top, 1 - below];
  const [y1, wy1] = top + 1 >= height ? [height - 1, below * outside] : [top + 1, below];
  const added = fades ? 0.5 : 0;
  for (let channel = 0; channel < 3; channel++) {
    const at = (row: number, column: number): number =>
      data[3 * (row * width + column) + channel] ?? 0;
    const upper = at(y0, x0) * wx0 + at(y0, x1) * wx1;
    const lower = at(y1, x0) * wx0 + at(y1, x1) * wx1;
    out[to + channel] = upper * wy0 + lower * wy1 + added;
  }
}
