/** Evaluates the operators that move elements without computing with them. */
import { stridesOf } from '../../../../support/shape.js';
import type { TypedArray } from '../../../../support/dtype.js';
import { dtypes } from '../../../../support/dtype.js';
import type { TensorData } from '../../../../support/tensor.js';
import { int, ints } from '../../../onnx/shapes/valueTable.js';
import { tensorOf } from '../constants.js';
import {
  axisOf,
  isMakeable,
  listed,
  sizeOfShape,
  type Evaluator,
  type Evaluators,
  type Folding,
} from './context.js';

/** Elements at `places`, which counts in elements of `x`; -1 gives zero. */
function picked(x: TensorData, shape: readonly number[], places: Int32Array): TensorData {
  const data = dtypes[x.dtype].create(places.length);
  if (x.data instanceof BigInt64Array && data instanceof BigInt64Array)
    copyBig(x.data, data, places);
  else
    copyNumbers(
      x.data as Exclude<TypedArray, BigInt64Array>,
      data as Exclude<TypedArray, BigInt64Array>,
      places,
    );
  return { dtype: x.dtype, shape, data };
}

function copyBig(from: BigInt64Array, to: BigInt64Array, places: Int32Array): void {
  for (let i = 0; i < places.length; i++) to[i] = from[places[i] ?? -1] ?? 0n;
}

type NumberArray = Exclude<TypedArray, BigInt64Array>;

function copyNumbers(from: NumberArray, to: NumberArray, places: Int32Array): void {
  for (let i = 0; i < places.length; i++) to[i] = from[places[i] ?? -1] ?? 0;
}

/** Places in row-major order of an array that walks another with these strides. */
export function strided(
  shape: readonly number[],
  strides: readonly number[],
  start = 0,
): Int32Array {
  let places = Int32Array.of(start);
  for (const [axis, dim] of shape.entries()) {
    const stride = strides[axis] ?? 0;
    const next = new Int32Array(places.length * dim);
    for (let i = 0, at = 0; i < places.length; i++)
      for (let j = 0; j < dim; j++) next[at++] = (places[i] ?? 0) + j * stride;
    places = next;
  }
  return places;
}

/** A tensor walked with other strides, from another start. */
function walked(
  x: TensorData,
  shape: readonly number[],
  strides: readonly number[],
  start = 0,
): TensorData {
  const data = dtypes[x.dtype].create(sizeOfShape(shape));
  // Places of the last axis are not listed: for a large weight they would take as much memory as it.
  const runs = {
    starts: strided(shape.slice(0, -1), strides, start),
    length: shape.at(-1) ?? 1,
    stride: strides[shape.length - 1] ?? 0,
  };
  if (x.data instanceof BigInt64Array && data instanceof BigInt64Array)
    copyBigRuns(x.data, data, runs);
  else copyRuns(x.data as NumberArray, data as NumberArray, runs);
  return { dtype: x.dtype, shape, data };
}

interface Runs {
  readonly starts: Int32Array;
  readonly length: number;
  readonly stride: number;
}

function copyRuns(from: NumberArray, to: NumberArray, { starts, length, stride }: Runs): void {
  let at = 0;
  for (const start of starts)
    for (let j = 0; j < length; j++) to[at++] = from[start + j * stride] ?? 0;
}

function copyBigRuns(
  from: BigInt64Array,
  to: BigInt64Array,
  { starts, length, stride }: Runs,
): void {
  let at = 0;
  for (const start of starts)
    for (let j = 0; j < length; j++) to[at++] = from[start + j * stride] ?? 0n;
}

/** The same data in another shape. */
function reshaped(x: TensorData, shape: readonly number[] | undefined): TensorData[] | undefined {
  if (
    shape?.every((dim) => dim >= 0) !== true ||
    shape.length > 64 ||
    sizeOfShape(shape) !== x.data.length
  )
    return undefined;
  return [{ ...x, shape }];
}

const reshape: Evaluator = (folding) => {
  const { node, x } = folding;
  const zero = int(node, 'allowzero', 0) === 1;
  const wanted = listed(folding, 1)?.map((dim, i) =>
    dim === 0 && !zero ? (x.shape[i] ?? 0) : dim,
  );
  const known = sizeOfShape(wanted?.filter((dim) => dim !== -1) ?? []);
  return reshaped(
    x,
    wanted?.map((dim) => (dim === -1 ? x.data.length / known : dim)),
  );
};

const flatten: Evaluator = ({ node, x }) => {
  const axis = int(node, 'axis', 1);
  const at = axis < 0 ? axis + x.shape.length : axis;
  return reshaped(x, [sizeOfShape(x.shape.slice(0, at)), sizeOfShape(x.shape.slice(at))]);
};

const squeeze: Evaluator = (folding) => {
  const { x } = folding;
  const axes = listed(folding, 1)?.map((axis) => axisOf(axis, x.shape.length));
  return reshaped(
    x,
    x.shape.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)),
  );
};

const unsqueeze: Evaluator = (folding) => {
  const { x } = folding;
  const given = listed(folding, 1);
  const rank = x.shape.length + (given?.length ?? 0);
  if (!given || rank > 64) return undefined;
  const axes = given.map((axis) => axisOf(axis, rank));
  const rest = [...x.shape];
  return reshaped(
    x,
    Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() ?? 1))),
  );
};

const transpose: Evaluator = ({ node, x }) => {
  const perm = ints(node, 'perm') ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  const strides = stridesOf(x.shape);
  if (
    new Set(perm).size !== x.shape.length ||
    perm.some((axis) => axisOf(axis, x.shape.length) !== axis)
  )
    return undefined;
  const shape = perm.map((axis) => x.shape[axis] ?? 0);
  return [
    walked(
      x,
      shape,
      perm.map((axis) => strides[axis] ?? 0),
    ),
  ];
};

const slice: Evaluator = (folding) => {
  const { x } = folding;
  const [starts, ends, axes, steps] = [1, 2, 3, 4].map((operand) => listed(folding, operand));
  if (!starts || !ends) return undefined;
  const strides = stridesOf(x.shape);
  const shape = [...x.shape];
  let begin = 0;
  for (const [i, start] of starts.entries()) {
    const axis = axisOf(axes?.[i] ?? i, shape.length);
    const step = steps?.[i] ?? 1;
    if (axis === undefined || step === 0) return undefined;
    const size = x.shape[axis] ?? 0;
    const clamp = (at: number): number =>
      Math.min(step > 0 ? size : size - 1, Math.max(step > 0 ? 0 : -1, at < 0 ? at + size : at));
    const from = clamp(start);
    shape[axis] = Math.max(0, Math.ceil((clamp(ends[i] ?? size) - from) / step));
    begin += from * (strides[axis] ?? 0);
    strides[axis] = (strides[axis] ?? 0) * step;
  }
  return [walked(x, shape, strides, begin)];
};

const split: Evaluator = (folding) => {
  const { node, x } = folding;
  const axis = axisOf(int(node, 'axis', 0), x.shape.length);
  const sizes = listed(folding, 1);
  if (axis === undefined || !sizes || sizes.reduce((a, b) => a + b, 0) !== x.shape[axis])
    return undefined;
  const strides = stridesOf(x.shape);
  let start = 0;
  return sizes.map((size) => {
    const part = walked(
      x,
      x.shape.map((dim, i) => (i === axis ? size : dim)),
      strides,
      start * (strides[axis] ?? 0),
    );
    start += size;
    return part;
  });
};

const concat: Evaluator = ({ node, inputs, x }) => {
  const axis = axisOf(int(node, 'axis', 0), x.shape.length);
  const parts = inputs.filter((input) => input !== undefined);
  const fits = parts.every(
    ({ dtype, shape }) =>
      dtype === x.dtype &&
      shape.length === x.shape.length &&
      shape.every((dim, i) => i === axis || dim === x.shape[i]),
  );
  if (axis === undefined || !fits) return undefined;
  const total = parts.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  const shape = x.shape.map((dim, i) => (i === axis ? total : dim));
  const data = dtypes[x.dtype].create(sizeOfShape(shape));
  const rows = sizeOfShape(shape.slice(0, axis));
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (const part of parts) {
      const length = part.data.length / rows;
      const run = part.data.subarray(row * length, (row + 1) * length);
      if (data instanceof BigInt64Array) data.set(run as BigInt64Array, at);
      else data.set(run as NumberArray, at);
      at += length;
    }
  return [{ dtype: x.dtype, shape, data }];
};

/** Elements of the first operand along an axis, by the numbers in the second. */
const gather: Evaluator = (folding) => {
  const { node, inputs, x } = folding;
  const axis = axisOf(int(node, 'axis', 0), x.shape.length);
  const at = listed(folding, 1);
  if (axis === undefined || !at || !inputs[1]) return undefined;
  const size = x.shape[axis] ?? 0;
  const places = at.map((i) => axisOf(i, size));
  if (!places.every((place) => place !== undefined)) return undefined;
  const shape = [...x.shape.slice(0, axis), ...inputs[1].shape, ...x.shape.slice(axis + 1)];
  if (!isMakeable(shape)) return undefined;
  const inner = sizeOfShape(x.shape.slice(axis + 1));
  const outer = sizeOfShape(x.shape.slice(0, axis));
  const all = new Int32Array(outer * places.length * inner);
  let next = 0;
  for (let row = 0; row < outer; row++)
    for (const place of places)
      for (let i = 0; i < inner; i++) all[next++] = (row * size + place) * inner + i;
  return [picked(x, shape, all)];
};

const gatherElements: Evaluator = (folding) => {
  const { node, inputs, x } = folding;
  const axis = axisOf(int(node, 'axis', 0), x.shape.length);
  const at = listed(folding, 1);
  const shape = inputs[1]?.shape;
  if (axis === undefined || !at || shape?.length !== x.shape.length) return undefined;
  const strides = stridesOf(x.shape);
  const places = strided(
    shape,
    strides.map((stride, i) => (i === axis ? 0 : stride)),
  );
  const size = x.shape[axis] ?? 0;
  return [
    picked(
      x,
      shape,
      places.map((place, i) => place + (axisOf(at[i] ?? 0, size) ?? 0) * (strides[axis] ?? 0)),
    ),
  ];
};

/** NumPy's broadcast of known sizes; undefined if they do not fit. */
export function broadcastSizes(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const [da, db] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (da !== db && da !== 1 && db !== 1) return undefined;
    out.push(da === 1 ? db : da);
  }
  return out;
}

/** Places of a tensor's elements when it is broadcast to `shape`. */
export function broadcastPlaces(from: readonly number[], shape: readonly number[]): Int32Array {
  const lead = shape.length - from.length;
  const own = stridesOf(from);
  return strided(
    shape,
    shape.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : (own[i - lead] ?? 0))),
  );
}

const expand: Evaluator = (folding) => {
  const { x } = folding;
  const wanted = listed(folding, 1);
  const shape = wanted && broadcastSizes(x.shape, wanted);
  if (!shape || !isMakeable(shape)) return undefined;
  return [picked(x, shape, broadcastPlaces(x.shape, shape))];
};

const tile: Evaluator = (folding) => {
  const { x } = folding;
  const repeats = listed(folding, 1);
  if (repeats?.length !== x.shape.length) return undefined;
  const shape = x.shape.map((dim, i) => dim * (repeats[i] ?? 1));
  if (!isMakeable(shape)) return undefined;
  // [r0, d0, r1, d1 ...] walks the repeats with a stride of zero.
  const pairs = x.shape.flatMap((dim, i) => [repeats[i] ?? 1, dim]);
  const strides = stridesOf(x.shape).flatMap((stride) => [0, stride]);
  return [picked(x, shape, strided(pairs, strides))];
};

const pad: Evaluator = (folding) => {
  const { node, inputs, x } = folding;
  const pads = listed(folding, 1);
  const mode = node.attributes.get('mode');
  const rank = x.shape.length;
  if (pads?.length !== 2 * rank || (mode?.type === 'string' && mode.value !== 'constant'))
    return undefined;
  const shape = x.shape.map((dim, i) => dim + (pads[i] ?? 0) + (pads[rank + i] ?? 0));
  if (!isMakeable(shape) || Number(inputs[2]?.data[0] ?? 0) !== 0) return undefined;
  const strides = stridesOf(x.shape);
  let places = Int32Array.of(0);
  for (const [axis, dim] of shape.entries()) {
    const next = new Int32Array(places.length * dim);
    for (let i = 0, at = 0; i < places.length; i++)
      for (let j = 0; j < dim; j++) {
        const from = j - (pads[axis] ?? 0);
        const inside = (places[i] ?? -1) >= 0 && from >= 0 && from < (x.shape[axis] ?? 0);
        next[at++] = inside ? (places[i] ?? 0) + from * (strides[axis] ?? 0) : -1;
      }
    places = next;
  }
  return [picked(x, shape, places)];
};

/** A copy of the first operand with slices or elements of the third put at the places of the second. */
const scatterNd: Evaluator = (folding) => {
  const { node, inputs, x } = folding;
  const [, indices, updates] = inputs;
  const depth = indices?.shape.at(-1);
  const at = listed(folding, 1);
  const reduction = node.attributes.get('reduction');
  if (!indices || !updates || !at || !depth || depth > x.shape.length) return undefined;
  if (updates.dtype !== x.dtype || (reduction?.type === 'string' && reduction.value !== 'none'))
    return undefined;
  const inner = sizeOfShape(x.shape.slice(depth));
  const strides = stridesOf(x.shape);
  const data = x.data.slice();
  const count = at.length / depth;
  if (updates.data.length !== count * inner) return undefined;
  for (let i = 0; i < count; i++) {
    let place = 0;
    for (let axis = 0; axis < depth; axis++) {
      const index = axisOf(at[i * depth + axis] ?? 0, x.shape[axis] ?? 0);
      if (index === undefined) return undefined;
      place += index * (strides[axis] ?? 0);
    }
    const run = updates.data.subarray(i * inner, (i + 1) * inner);
    if (data instanceof BigInt64Array) data.set(run as BigInt64Array, place);
    else data.set(run as NumberArray, place);
  }
  return [{ ...x, data }];
};

const trilu: Evaluator = ({ node, inputs, x }) => {
  const upper = int(node, 'upper', 1) === 1;
  const k = Number(inputs[1]?.data[0] ?? 0);
  const [rows = 0, columns = 0] = x.shape.slice(-2);
  if (x.shape.length < 2) return undefined;
  const places = Int32Array.from({ length: x.data.length }, (_, i) => {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    return (upper ? column - row >= k : column - row <= k) ? i : -1;
  });
  return [picked(x, x.shape, places)];
};

function shapeTensor(shape: readonly number[], { node }: Folding): TensorData {
  const end = node.attributes.get('end');
  const part = shape.slice(int(node, 'start', 0), end?.type === 'int' ? end.value : undefined);
  return tensorOf('int64', [part.length], part);
}

/** Operators that move elements. */
export const moves: Evaluators = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Slice: slice,
  Split: split,
  Concat: concat,
  Gather: gather,
  GatherElements: gatherElements,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  ScatterND: scatterNd,
  Trilu: trilu,
  Shape: (folding) => [shapeTensor(folding.x.shape, folding)],
  Size: ({ x }) => [tensorOf('int64', [], [x.data.length])],
};
