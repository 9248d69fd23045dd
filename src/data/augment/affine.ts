import { fnv1a32 } from '../../support/hash.js';
import { limits } from '../../support/limits.js';
import { fillOptions, type Options } from '../../support/options.js';
import { uniform } from '../../support/random.js';

/** Largest changes of a random affine map. */
export interface AffineRange {
  /** Pixels each way. */
  readonly shift: number;
  /** Degrees each way. */
  readonly rotate: number;
  /** Share by which the size changes each way, such as 0.1. */
  readonly scale: number;
  /** Largest shear each way: pixels of x per pixel of y. */
  readonly shear: number;
}

/** The same as options. */
export const affineOptions = {
  shift: { ...upTo(limits.size), meaning: 'Largest shift each way, in pixels.' },
  rotate: { ...upTo(180), meaning: 'Largest rotation, in degrees.' },
  scale: { ...upTo(1), open: 'most', meaning: 'Largest change in size each way, as a fraction.' },
  shear: { ...upTo(limits.shear), meaning: 'Largest shear each way: pixels of x per pixel of y.' },
} as const satisfies Options;

function upTo(most: number) {
  return { type: 'number', least: 0, most, default: 0 } as const;
}

/**
 * A map from output to input pixels, both seen from the centre:
 * (x, y) -> matrix (x - shift x, y - shift y), matrix row by row.
 */
export interface AffineMap {
  readonly matrix: readonly [number, number, number, number];
  readonly shift: readonly [number, number];
}

const site = fnv1a32('augment.affine');

/** Draws a map: a function of the seed, the step (or epoch) and the index of the image in it. */
export function drawAffine(
  range: AffineRange,
  at: { readonly seed: number; readonly step: number; readonly sample: number },
): AffineMap {
  const { step, sample } = at;
  return affineOf(range, uniform(5, at.seed, { site, step, sample }));
}

/** The map of five numbers in [0, 1): rotation, scale, shear, shift in x and in y. */
export function affineOf(range: AffineRange, draws: ArrayLike<number>): AffineMap {
  const within = (draw: number, largest: number): number => (2 * (draws[draw] ?? 0) - 1) * largest;
  const angle = (within(0, range.rotate) * Math.PI) / 180;
  const size = 1 + within(1, range.scale);
  const shear = within(2, range.shear);
  const [cos, sin] = [Math.cos(angle) / size, Math.sin(angle) / size];
  return {
    matrix: [cos, sin + cos * shear, -sin, cos - sin * shear],
    shift: [within(3, range.shift), within(4, range.shift)],
  };
}

/**
 * Resamples an image [C,height,width] bilinearly into `out`, each channel alike; outside the image
 * is 0. `out` must not be `image`.
 */
export function affineImage(
  image: Float32Array,
  [height, width]: readonly [number, number],
  map: AffineMap,
  out: Float32Array,
): void {
  const plane = height * width;
  for (let start = 0; start + plane <= image.length; start += plane)
    resample(image, start, height, width, map, out);
}

/** Plain numbers and no arrays in the loops: this runs for every pixel of every image. */
function resample(
  image: Float32Array,
  start: number,
  height: number,
  width: number,
  { matrix: [a, b, c, d], shift: [shiftX, shiftY] }: AffineMap,
  out: Float32Array,
): void {
  const cy = (height - 1) / 2;
  const cx = (width - 1) / 2;
  for (let y = 0; y < height; y++) {
    const dy = y - cy - shiftY;
    for (let x = 0; x < width; x++) {
      const dx = x - cx - shiftX;
      const sx = a * dx + b * dy + cx;
      const sy = c * dx + d * dy + cy;
      out[start + y * width + x] = bilinear(image, start, height, width, sy, sx);
    }
  }
}

function bilinear(
  image: Float32Array,
  start: number,
  height: number,
  width: number,
  y: number,
  x: number,
): number {
  const y0 = Math.floor(y);
  const x0 = Math.floor(x);
  const right = x - x0;
  const below = y - y0;
  const top =
    pixel(image, start, height, width, y0, x0) * (1 - right) +
    pixel(image, start, height, width, y0, x0 + 1) * right;
  const bottom =
    pixel(image, start, height, width, y0 + 1, x0) * (1 - right) +
    pixel(image, start, height, width, y0 + 1, x0 + 1) * right;
  return top * (1 - below) + bottom * below;
}

function pixel(
  image: Float32Array,
  start: number,
  height: number,
  width: number,
  y: number,
  x: number,
): number {
  if (y < 0 || y >= height || x < 0 || x >= width) return 0;
  return image[start + y * width + x] ?? 0;
}

/** A random affine map of each image [C,H,W], for a loader's augmentation. */
export function randomAffine(
  range: AffineRange,
  [, height, width]: readonly [number, number, number],
): (
  image: Float32Array,
  at: { readonly seed: number; readonly step: number; readonly sample: number },
  out: Float32Array,
) => void {
  fillOptions('randomAffine', affineOptions, range);
  return (image, at, out) => affineImage(image, [height, width], drawAffine(range, at), out);
}
