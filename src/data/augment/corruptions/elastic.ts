import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { mirrorEdge, mirrorInside, type Border } from './border.js';
import { type Field, toField, toImage, zerosLike } from './field.js';
import { gaussianBlur } from './gaussianBlur.js';

/** All three as shares of the image's side. */
export interface Elastic {
  /** Strength of the local displacement. */
  readonly alpha: number;
  /** Smoothness of the displacement. */
  readonly sigma: number;
  /** Largest way of each of three corners of the whole. */
  readonly affine: number;
}

/** A random affine map of the whole image, then a smooth random displacement of each pixel. */
export function elastic(image: RgbImage, settings: Elastic, random: RandomStream): RgbImage {
  const { width, height } = image;
  const short = Math.min(width, height);
  // The published code multiplies by 244 for images of 224 px; small ones have their own side.
  const side = short < 128 ? short : (short * 244) / 224;
  const [alpha, sigma] = [settings.alpha * side, settings.sigma * side];
  const map = drawAffine(image, settings.affine * side, random);
  const affine = resample(
    toField(image),
    (x, y) => [map[0] * x + map[1] * y + map[2], map[3] * x + map[4] * y + map[5]],
    mirrorInside,
  );
  const across = displacement(image, alpha, sigma, random);
  const down = displacement(image, alpha, sigma, random);
  const displaced = resample(
    affine,
    (x, y) => [x + (across[y * width + x] ?? 0), y + (down[y * width + x] ?? 0)],
    mirrorEdge,
  );
  return toImage(displaced);
}

function displacement(
  { width, height }: RgbImage,
  alpha: number,
  sigma: number,
  random: RandomStream,
): Float64Array {
  const data = Float64Array.from({ length: width * height }, () => random.uniform(-1, 1));
  const options = { truncate: 3, border: mirrorEdge };
  const smooth = gaussianBlur({ width, height, channels: 1, data }, sigma, options);
  return smooth.data.map((way) => alpha * way);
}

type Map6 = readonly [number, number, number, number, number, number];

/**
 * The map from output to input pixels under which three points around the middle are moved by up to
 * `most` pixels each way.
 */
function drawAffine({ width, height }: RgbImage, most: number, random: RandomStream): Map6 {
  const [cx, cy] = [Math.floor(width / 2), Math.floor(height / 2)];
  const third = Math.floor(Math.min(width, height) / 3);
  const points = [
    [cx + third, cy + third],
    [cx + third, cy - third],
    [cx - third, cy - third],
  ] as const;
  const [a, b, c] = points.map(([x, y]) => ({
    x,
    y,
    movedX: x + random.uniform(-most, most),
    movedY: y + random.uniform(-most, most),
  }));
  if (!a || !b || !c) return [1, 0, 0, 0, 1, 0];
  // Input coordinates as affine functions of the moved ones: Cramer's rule on two edges.
  const [ux, uy, vx, vy] = [
    a.movedX - b.movedX,
    a.movedY - b.movedY,
    c.movedX - b.movedX,
    c.movedY - b.movedY,
  ];
  const area = ux * vy - uy * vx;
  const row = (u: number, v: number, at: number): [number, number, number] => {
    const alongX = (u * vy - v * uy) / area;
    const alongY = (v * ux - u * vx) / area;
    return [alongX, alongY, at - alongX * b.movedX - alongY * b.movedY];
  };
  return [...row(a.x - b.x, c.x - b.x, b.x), ...row(a.y - b.y, c.y - b.y, b.y)];
}

/** Each pixel from where `place` says, linearly. */
function resample(
  field: Field,
  place: (x: number, y: number) => readonly [number, number],
  border: Border,
): Field {
  const { width, height, data } = field;
  const out = zerosLike(field);
  let to = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = place(x, y);
      const [x0, y0] = [Math.floor(fromX), Math.floor(fromY)];
      const [fx, fy] = [fromX - x0, fromY - y0];
      const [left, right] = [3 * border(x0, width), 3 * border(x0 + 1, width)];
      const [top, bottom] = [3 * width * border(y0, height), 3 * width * border(y0 + 1, height)];
      for (let c = 0; c < 3; c++) {
        const upper = (data[top + left + c] ?? 0) * (1 - fx) + (data[top + right + c] ?? 0) * fx;
        const lower =
          (data[bottom + left + c] ?? 0) * (1 - fx) + (data[bottom + right + c] ?? 0) * fx;
        out.data[to++] = upper * (1 - fy) + lower * fy;
      }
    }
  return out;
}
