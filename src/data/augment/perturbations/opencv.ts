/** The operations of OpenCV that the published spatter is made of, on fields of one channel. */
import { mirrorInside, repeatEdge, type Border } from '../corruptions/border.js';
import { zerosLike, type Field } from '../corruptions/field.js';

/** Sum of the neighbours of each pixel by their weights, the rows of a square of odd side. */
export function correlate(
  field: Field,
  kernel: readonly number[],
  border: Border = mirrorInside,
): Field {
  const { width, height, data } = field;
  const out = zerosLike(field);
  const side = Math.sqrt(kernel.length);
  const reach = (side - 1) / 2;
  const places = (size: number): Int32Array =>
    Int32Array.from({ length: size + 2 * reach }, (_, i) => border(i - reach, size));
  const [columns, rows] = [places(width), places(height)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0, i = 0; i < side; i++) {
        const row = (rows[y + i] ?? 0) * width;
        for (let j = 0; j < side; j++, k++)
          sum += (kernel[k] ?? 0) * (data[row + (columns[x + j] ?? 0)] ?? 0);
      }
      out.data[y * width + x] = sum;
    }
  return out;
}

const ones = [1, 1, 1, 1, 1, 1, 1, 1, 1];
const sobelAcross = [-1, 0, 1, -2, 0, 2, -1, 0, 1];
const sobelDown = [-1, -2, -1, 0, 0, 0, 1, 2, 1];

/** Mean of the 3x3 pixels around each. */
export function blur3(field: Field): Field {
  const sums = correlate(field, ones);
  return { ...sums, data: sums.data.map((sum) => sum / 9) };
}

/**
 * 1 at the edges of levels 0..255, else 0: where the gradient, as the sum of its parts in size, is a
 * ridge and above `high`, or above `low` and joined to such a place. Source: OpenCV's Canny with its
 * defaults.
 */
export function edges(field: Field, low: number, high: number): Field {
  const { width, height } = field;
  const across = correlate(field, sobelAcross, repeatEdge).data;
  const down = correlate(field, sobelDown, repeatEdge).data;
  const size = across.map((dx, at) => Math.abs(dx) + Math.abs(down[at] ?? 0));
  const sizeAt = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (size[y * width + x] ?? 0);
  const ridges = zerosLike(field);
  const strong: number[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const own = size[at] ?? 0;
      if (own <= low || !isRidge(own, x, y, across[at] ?? 0, down[at] ?? 0, sizeAt)) continue;
      ridges.data[at] = 1;
      if (own > high) strong.push(at);
    }
  return joined(ridges, strong);
}

/**
 * True if no neighbour across the edge is larger; the tangent of 22.5 degrees separates the
 * directions.
 */
function isRidge(
  own: number,
  x: number,
  y: number,
  dx: number,
  dy: number,
  sizeAt: (x: number, y: number) => number,
): boolean {
  const tangent = Math.SQRT2 - 1;
  const [a, b] = [Math.abs(dx), Math.abs(dy)];
  if (b < a * tangent) return own > sizeAt(x - 1, y) && own >= sizeAt(x + 1, y);
  if (b > a * (tangent + 2)) return own > sizeAt(x, y - 1) && own >= sizeAt(x, y + 1);
  const side = dx < 0 !== dy < 0 ? -1 : 1;
  return own > sizeAt(x - side, y - 1) && own > sizeAt(x + side, y + 1);
}

/** The places of `ridges` that touch one of `strong`, or one that does. */
function joined({ width, height, channels, data: ridges }: Field, strong: number[]): Field {
  const data = new Float64Array(ridges.length);
  for (let at; (at = strong.pop()) !== undefined;) {
    if (data[at] === 1) continue;
    data[at] = 1;
    const [x, y] = [at % width, Math.floor(at / width)];
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++)
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        const next = ny * width + nx;
        if (ridges[next] === 1 && data[next] === 0) strong.push(next);
      }
  }
  return { width, height, channels, data };
}

/** Ways to neighbours that were seen before, with their lengths, in reading order. */
const steps = [
  [-1, -2, 2.1969],
  [1, -2, 2.1969],
  [-2, -1, 2.1969],
  [-1, -1, 1.4],
  [0, -1, 1],
  [1, -1, 1.4],
  [2, -1, 2.1969],
  [-1, 0, 1],
] as const;

/**
 * Length of the shortest way to a pixel that is 1, in steps to the 5x5 pixels around; infinite if
 * there is none. Source: OpenCV's distanceTransform with DIST_L2 and a mask of 5.
 */
export function distances(marks: Field): Field {
  const { width, height } = marks;
  const data = marks.data.map((mark) => (mark === 1 ? 0 : Infinity));
  for (const sign of [1, -1]) {
    for (let i = 0; i < data.length; i++) {
      const at = sign > 0 ? i : data.length - 1 - i;
      const [x, y] = [at % width, Math.floor(at / width)];
      let least = data[at] ?? Infinity;
      for (const [dx, dy, length] of steps) {
        const [nx, ny] = [x + sign * dx, y + sign * dy];
        if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
        least = Math.min(least, (data[ny * width + nx] ?? Infinity) + length);
      }
      data[at] = least;
    }
  }
  return { ...marks, data };
}

/** Makes the levels 0..255, whole, about equally frequent; all of one level stay. */
export function equalizeLevels(field: Field): Field {
  const counts = new Uint32Array(256);
  for (const level of field.data) counts[level] = (counts[level] ?? 0) + 1;
  const first = counts.findIndex((count) => count > 0);
  const rest = field.data.length - (counts[first] ?? 0);
  if (rest === 0) return field;
  let sum = 0;
  const table = Float64Array.from(counts, (count, level) =>
    level <= first ? 0 : Math.round(((sum += count) * 255) / rest),
  );
  return { ...field, data: field.data.map((level) => table[level] ?? 0) };
}
