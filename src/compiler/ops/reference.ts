import { ndarray, type NdArray } from '../ir/ndarray.js';
import { stridesOf } from '../../support/shape.js';

/** Loops shared by the primitives' reference meanings: plain and slow on purpose. */

export function mapArray(x: NdArray, f: (x: number) => number): NdArray {
  return { shape: x.shape, data: x.data.map(f) };
}

/** Element (i0, i1, ...) of the result is f(a, b) with NumPy's broadcasting. */
export function broadcastArrays(
  a: NdArray,
  b: NdArray,
  f: (a: number, b: number) => number,
): NdArray {
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape = Array.from({ length: rank }, (_, i) => {
    const da = a.shape[a.shape.length - rank + i] ?? 1;
    const db = b.shape[b.shape.length - rank + i] ?? 1;
    return da === 1 ? db : da;
  });
  const out = ndarray(shape);
  const offsetA = broadcastOffset(a.shape, shape);
  const offsetB = broadcastOffset(b.shape, shape);
  forEachIndex(shape, (index, at) => {
    out.data[at] = f(a.data[offsetA(index)] ?? NaN, b.data[offsetB(index)] ?? NaN);
  });
  return out;
}

/** Offset into an array of shape `from` for an index of the broadcast shape `to`. */
export function broadcastOffset(
  from: readonly number[],
  to: readonly number[],
): (index: readonly number[]) => number {
  const strides = stridesOf(from).map((stride, i) => (from[i] === 1 ? 0 : stride));
  const lead = to.length - from.length;
  return (index) => strides.reduce((sum, stride, i) => sum + stride * (index[lead + i] ?? 0), 0);
}

/** Visits every index of a shape in row-major order; the index array is reused. */
export function forEachIndex(
  shape: readonly number[],
  visit: (index: readonly number[], at: number) => void,
): void {
  const size = shape.reduce((a, b) => a * b, 1);
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0; at < size; at++) {
    visit(index, at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
    }
  }
}

/** Reduces `axes` (kept as 1) with f, starting from `start`. */
export function reduceArray(
  x: NdArray,
  axes: readonly number[],
  start: number,
  f: (accumulated: number, x: number) => number,
): NdArray {
  const out = ndarray(x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)));
  out.data.fill(start);
  const offset = broadcastOffset(out.shape, x.shape);
  forEachIndex(x.shape, (index, at) => {
    const to = offset(index);
    out.data[to] = f(out.data[to] ?? NaN, x.data[at] ?? NaN);
  });
  return out;
}
