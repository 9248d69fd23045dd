/** Sizes in which a file has written its batch as a number, read with the batch left open. */
import type { TensorData } from '../../../support/tensor.js';
import { batchDim, shapeEquals, sizeOf, type Dim, type Shape } from '../../../support/shape.js';
import { read } from './constants.js';

/** Number of the axis that the batch is in; -1 for none. */
export function batchAxis(shape: Shape): number {
  return shape.findIndex((dim) => typeof dim !== 'number');
}

export function hasBatch(shape: Shape): boolean {
  return batchAxis(shape) >= 0;
}

/** A shape for a batch of so many. */
export function atBatch(shape: Shape, batch: number): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : dim.factor * batch));
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/** True if two shapes have as many elements, whatever the batch. */
export function holdAlike(a: Shape, b: Shape): boolean {
  const symbols = [a, b].map((shape) => shape.filter((dim) => typeof dim !== 'number').length);
  if (symbols.some((count) => count > 1)) return false;
  return shapeEquals([sizeOf(a)], [sizeOf(b)]);
}

/**
 * The shape that a Reshape of `x` to `wanted` has if the batch is open: the wanted sizes were written for a batch of
 * `batch`. The batch goes where the elements before it are as many as they were; undefined if there is no such axis.
 */
export function freedShape(
  x: Shape,
  wanted: readonly number[],
  batch: number,
  zero: boolean,
): Dim[] | undefined {
  const from = atBatch(x, batch);
  const copied = wanted.map((dim, i) => (dim === 0 && !zero ? (from[i] ?? 0) : dim));
  const known = product(copied.filter((dim) => dim !== -1));
  const sizes = copied.map((dim) => (dim === -1 ? product(from) / known : dim));
  if (product(sizes) !== product(from)) return undefined;
  const axis = batchAxis(x);
  const before = product(from.slice(0, axis));
  const fits = sizes.flatMap((dim, i) =>
    product(sizes.slice(0, i)) === before && dim % batch === 0 && dim > 0 ? [i] : [],
  );
  // Axes of size 1 leave a choice: where the batch was, else as far out as can be.
  const kept = fits.includes(axis) && from.slice(0, axis).every((dim, i) => dim === sizes[i]);
  const at = kept ? axis : fits[0];
  if (at === undefined) return undefined;
  return sizes.map((dim, i): Dim => (i === at ? { ...batchDim, factor: dim / batch } : dim));
}

/** The first of equal rows along the first axis; undefined if they differ. */
export function oneRow(tensor: TensorData): TensorData | undefined {
  const [rows = 0, ...rest] = tensor.shape;
  if (rows === 0) return undefined;
  const length = tensor.data.length / rows;
  const values = read(tensor);
  for (let i = length; i < values.length; i++)
    if (values[i] !== values[i % length]) return undefined;
  return { ...tensor, shape: [1, ...rest], data: tensor.data.slice(0, length) };
}
