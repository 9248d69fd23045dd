import { fnv1a32 } from '../support/hash.js';
import { uniform } from '../support/random.js';

/** Largest changes of a random affine map. */
export interface AffineRange {
  /** Pixels each way. */
  readonly shift: number;
  /** Degrees each way. */
  readonly rotate: number;
  /** Share by which the size changes each way, such as 0.1. */
  readonly scale: number;
  /** Pixels of x a pixel of y, each way. */
  readonly shear: number;
}

/** A map from output to input pixels about the centre: [x, y] -> [a x + b y, c x + d y] - shift. */
interface AffineMap {
  readonly matrix: readonly [number, number, number, number];
  readonly shift: readonly [number, number];
}

const site = fnv1a32('augment.affine');

/** Draws a map: a function of the seed, the step and the index of the image in its batch. */
export function drawAffine(
  range: AffineRange,
  at: { readonly seed: number; readonly step: number; readonly sample: number },
): AffineMap {
  const [u0 = 0, u1 = 0, u2 = 0, u3 = 0, u4 = 0] = uniform(5, at.seed, { ...at, site });
  const within = (u: number, largest: number): number => (2 * u - 1) * largest;
  const angle = (within(u0, range.rotate) * Math.PI) / 180;
  const size = 1 + within(u1, range.scale);
  const shear = within(u2, range.shear);
  const [cos, sin] = [Math.cos(angle) / size, Math.sin(angle) / size];
  return {
    matrix: [cos, sin + cos * shear, -sin, cos - sin * shear],
    shift: [within(u3, range.shift), within(u4, range.shift)],
  };
}

/** Resamples one channel [height, width] bilinearly into `out`; outside the image is 0. */
export function affineImage(
  image: Float32Array,
  [height, width]: readonly [number, number],
  { matrix: [a, b, c, d], shift: [tx, ty] }: AffineMap,
  out: Float32Array,
): void {
  const [cy, cx] = [(height - 1) / 2, (width - 1) / 2];
  const pixel = (y: number, x: number): number =>
    y < 0 || y >= height || x < 0 || x >= width ? 0 : (image[y * width + x] ?? 0);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - cx - tx, y - cy - ty];
      const [sx, sy] = [a * dx + b * dy + cx, c * dx + d * dy + cy];
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [fx, fy] = [sx - x0, sy - y0];
      const top = pixel(y0, x0) * (1 - fx) + pixel(y0, x0 + 1) * fx;
      const bottom = pixel(y0 + 1, x0) * (1 - fx) + pixel(y0 + 1, x0 + 1) * fx;
      out[y * width + x] = top * (1 - fy) + bottom * fy;
    }
}
