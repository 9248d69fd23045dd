import type { RgbImage } from '../image/image.js';
import { sampleLinear, type ProjectiveMap } from '../image/sampleLinear.js';
import { blankLike, middleOf, type Canvas } from './frames.js';
import type { Steps } from './motionBlur.js';

/**
 * Turns about the upright and the level axis at once, as seen from the length of the diagonal away;
 * steps in degrees, black beside the canvas.
 */
export function* tiltFrames(canvas: Canvas, { frames, first, step }: Steps): Generator<RgbImage> {
  const { whole } = canvas;
  const tilted = blankLike(whole);
  for (let i = 0; i < frames; i++) {
    sampleLinear(whole, tiltedBy(whole, first + i * step), tilted, 'opencv');
    yield middleOf(canvas, tilted);
  }
}

type Matrix = readonly (readonly number[])[];

/**
 * A point (x, y) about the middle, a pixel in front of it as the published code has it, is turned about
 * the upright axis, then about the level one, and seen from `distance` away:
 * (x', y', z') -> distance (x', y') / (z' + distance). There the middle is at (width / 2, height / 2)
 * of coordinates that are whole at the pixels.
 */
function tiltedBy({ width, height }: RgbImage, degrees: number): ProjectiveMap {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const distance = Math.hypot(width, height);
  const aboutLevel = [
    [1, 0, 0],
    [0, cos, -sin],
    [0, sin, cos],
  ];
  const aboutUpright = [
    [cos, 0, -sin],
    [0, 1, 0],
    [sin, 0, cos],
  ];
  // With z = 1 the third column takes what does not depend on x and y.
  const seen = product(aboutLevel, aboutUpright);
  seen[2] = (seen[2] ?? []).map((value, column) => (column === 2 ? value + distance : value));
  const projection = [
    [distance, 0, width / 2 + 0.5],
    [0, distance, height / 2 + 0.5],
    [0, 0, 1],
  ];
  const centring = [
    [1, 0, -width / 2 - 0.5],
    [0, 1, -height / 2 - 0.5],
    [0, 0, 1],
  ];
  return inverse(product(projection, product(seen, centring)));
}

function product(a: Matrix, b: Matrix): number[][] {
  return a.map((row) =>
    [0, 1, 2].map((column) =>
      row.reduce((sum, value, k) => sum + value * (b[k]?.[column] ?? 0), 0),
    ),
  );
}

/** But for a factor, which a projective map does not notice: the transposed cofactors. */
function inverse(matrix: Matrix): ProjectiveMap {
  const [[a = 0, b = 0, c = 0] = [], [d = 0, e = 0, f = 0] = [], [g = 0, h = 0, i = 0] = []] =
    matrix;
  return [
    ...([e * i - f * h, c * h - b * i, b * f - c * e] as const),
    ...([f * g - d * i, a * i - c * g, c * d - a * f] as const),
    ...([d * h - e * g, b * g - a * h, a * e - b * d] as const),
  ];
}
