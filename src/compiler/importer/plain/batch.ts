/** Sizes in which a file has written its batch as a number, read with the batch left open. */
import type { TensorData } from '../../../support/tensor.js';
import {
  batchDim,
  dimEquals,
  sizeOf,
  type Dim,
  type Shape,
  type SymbolicDim,
} from '../../../support/shape.js';
import { read } from './constants.js';

/** Number of the axis that the batch is in; -1 for none. */
export function batchAxis(shape: Shape): number {
  return shape.findIndex((dim) => typeof dim !== 'number');
}

export function hasBatch(shape: Shape): boolean {
  return batchAxis(shape) >= 0;
}

/*
 * A batch that a Reshape has merged with an axis before it, as linear layers of [length, N, features] do, has the
 * symbol `197*N`: 197 times N of which N counts faster. It tells a Reshape that parts them again where N lies.
 */
const inner = '*';

/** The batch behind `lead` elements of the same axis. */
function behind(lead: number, factor: number): SymbolicDim {
  const { symbol } = batchDim;
  return { symbol: lead === 1 ? symbol : `${lead}${inner}${symbol}`, factor };
}

/** Elements of the batch's axis that count slower than it. */
function leadOf({ symbol }: SymbolicDim): number {
  return symbol.includes(inner) ? Number(symbol.split(inner)[0]) : 1;
}

/** A shape as multiples of N, however the batch lies in them. */
export function plainShape(shape: Shape): Shape {
  return shape.map((dim) =>
    typeof dim === 'number' || !dim.symbol.includes(inner)
      ? dim
      : { ...batchDim, factor: leadOf(dim) * dim.factor },
  );
}

/** A shape for a batch of so many. */
export function atBatch(shape: Shape, batch: number): number[] {
  return plainShape(shape).map((dim) => (typeof dim === 'number' ? dim : dim.factor * batch));
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/** True if two shapes have as many elements, whatever the batch. */
export function holdAlike(a: Shape, b: Shape): boolean {
  const plain = [a, b].map(plainShape);
  if (plain.some((shape) => shape.filter((dim) => typeof dim !== 'number').length > 1))
    return false;
  const [first, second] = plain.map((shape) => sizeOf(shape));
  return first !== undefined && second !== undefined && dimEquals(first, second);
}

/**
 * The shape that a Reshape of `x` to `wanted` has if the batch is open: the wanted sizes were written for a batch of
 * `batch`. The batch goes where as many elements come before it as did; undefined if there is no such axis.
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
  const axis = batchAxis(x);
  const [dim] = x.slice(axis, axis + 1);
  if (product(sizes) !== product(from) || typeof dim !== 'object') return undefined;
  const before = product(from.slice(0, axis)) * leadOf(dim);
  const places = sizes.flatMap((size, at) => {
    const lead = before / product(sizes.slice(0, at));
    const factor = size / lead / batch;
    return Number.isInteger(lead) && Number.isInteger(factor) && factor > 0
      ? [{ at, lead, factor }]
      : [];
  });
  const outer = places.filter(({ lead }) => lead === 1);
  // Axes of size 1 leave a choice: where the batch was; an axis of its own; rows of a matrix; as far out as can be.
  const kept = outer.find(
    ({ at }) => at === axis && from.slice(0, at).every((size, i) => size === sizes[i]),
  );
  const own = outer.find(({ factor }) => factor === 1);
  const rows = sizes.length === 2 ? places.find(({ at }) => at === 0) : undefined;
  const place = kept?.factor === 1 ? kept : (own ?? rows ?? kept ?? outer[0] ?? places[0]);
  return (
    place && sizes.map((size, i) => (i === place.at ? behind(place.lead, place.factor) : size))
  );
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
