import { type Attributes, type Op, TypeFault, type Value } from '../ir/graph.js';
import { ndarray, type NdArray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import type { DType } from '../../support/dtype.js';
import { dtypes } from '../../support/dtype.js';
import {
  dimEquals,
  formatDim,
  formatShape,
  shapeEquals,
  sizeOf,
  stridesOf,
  type Dim,
  type Shape,
} from '../../support/shape.js';
import { expandLike } from './broadcast.js';
import { scalarLike } from './constant.js';
import { forEachIndex, mapArray } from './reference.js';

/** The same elements in row-major order under another shape. */
export const reshape = defineOp('reshape', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'follows' },
  type: ({ x }, { shape }: { readonly shape: Shape }) => {
    const [from, to] = [sizeOf(x.shape), sizeOf(shape)];
    if (!dimEquals(from, to))
      throw new TypeFault(
        'reshape',
        `${formatShape(x.shape)} has ${formatDim(from)} elements and ${formatShape(shape)} has ${formatDim(to)}`,
      );
    return { dtype: x.dtype, shape };
  },
  reference: ({ x }, _, y) => ({ shape: y.shape as readonly number[], data: x.data }),
  gradient: ({ x }, dy): InputGrads => ({ x: reshape(dy, { shape: x.shape }) }),
  // At most one dimension is symbolic (sizeOf checks), so -1 stands for it without ambiguity.
  onnx: (b, { x }, { shape }) =>
    b.Reshape(x, b.ints(...shape.map((dim) => (typeof dim === 'number' ? dim : -1)))),
});

/** Axis i of the result is axis permutation[i] of x. */
export const transpose = defineOp('transpose', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'follows' },
  type: ({ x }, { permutation }: { readonly permutation: readonly number[] }) => {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (sorted.length !== x.shape.length || sorted.some((axis, i) => axis !== i))
      throw new TypeFault(
        'permutation',
        `[${permutation.join(',')}] is not a permutation of the axes of ${formatShape(x.shape)}`,
      );
    return { dtype: x.dtype, shape: permutation.map((axis) => x.shape[axis] ?? 1) };
  },
  reference: ({ x }, { permutation }) => {
    const strides = stridesOf(x.shape);
    const out = ndarray(permutation.map((axis) => x.shape[axis] ?? 1));
    forEachIndex(out.shape, (index, at) => {
      const from = permutation.reduce(
        (sum, axis, i) => sum + (strides[axis] ?? 0) * (index[i] ?? 0),
        0,
      );
      out.data[at] = x.data[from] ?? NaN;
    });
    return out;
  },
  gradient: (_, dy, { permutation }): InputGrads => {
    const inverse = permutation.map((__, i) => permutation.indexOf(i));
    return { x: transpose(dy, { permutation: inverse }) };
  },
  onnx: (b, { x }, { permutation }) => b.Transpose(x, { perm: permutation }),
});

export interface SliceAttributes {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  /** Takes each so many of them (default: 1). */
  readonly step?: number;
}

const slicedSize = ({ start, end, step = 1 }: SliceAttributes): number =>
  Math.ceil((end - start) / step);

/** Elements start (inclusive) to end (exclusive) along one axis, each `step` of them. */
export const slice = defineOp('slice', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'follows' },
  type: ({ x }, attrs: SliceAttributes) => {
    const { axis, start, end, step = 1 } = attrs;
    const size = x.shape[axis];
    if (typeof size !== 'number' || start < 0 || end > size || start >= end || step < 1)
      throw new TypeFault(
        'slice',
        `elements ${start} to ${end} are outside axis ${axis} of ${formatShape(x.shape)}`,
      );
    const length = slicedSize(attrs);
    return { dtype: x.dtype, shape: x.shape.map((dim, i) => (i === axis ? length : dim)) };
  },
  reference: ({ x }, { axis, start, step = 1 }, y) => {
    const out = ndarray(y.shape as readonly number[]);
    const strides = stridesOf(x.shape);
    forEachIndex(out.shape, (index, at) => {
      const from = index.reduce(
        (s, v, i) => s + (i === axis ? start + v * step : v) * (strides[i] ?? 0),
        0,
      );
      out.data[at] = x.data[from] ?? NaN;
    });
    return out;
  },
  gradient: ({ x }, dy, attrs): InputGrads => {
    const { axis, start, step = 1 } = attrs;
    const covered = (slicedSize(attrs) - 1) * step + 1;
    const after = (x.shape[axis] as number) - start - covered;
    return { x: padAxis(spread(dy, axis, step), { axis, before: start, after }) };
  },
  onnx: (b, { x }, { axis, start, end, step = 1 }) =>
    step === 1
      ? b.Slice(x, b.ints(start), b.ints(end), b.ints(axis))
      : b.Slice(x, b.ints(start), b.ints(end), b.ints(axis), b.ints(step)),
});

/** The elements along an axis `step` apart, with zeros between them. */
function spread(x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  const size = x.shape[axis] as number;
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const apart = reshape(x, { shape: [...before, size, 1, ...after] });
  const filled = padAxis(apart, { axis: axis + 1, before: 0, after: step - 1 });
  const joined = reshape(filled, { shape: [...before, size * step, ...after] });
  return slice(joined, { axis, start: 0, end: (size - 1) * step + 1 });
}

/** Parts of given sizes along one axis; the number of results is free, so this op is written by position. */
export const splitOp: Op = {
  name: 'split',
  outputNames: ['y'],
  traits: { elementwise: false, halves: 'follows' },
  inputName: () => 'x',
  inferTypes: ([x], attrs) => {
    const { axis, sizes } = splitAttributes(attrs);
    const total = sizes.reduce((a, b) => a + b, 0);
    if (x?.shape[axis] !== total || sizes.some((size) => size < 1))
      throw new TypeFault(
        'split',
        `axis ${axis} of ${formatShape(x?.shape ?? [])} has no parts of ${sizes.join(', ')}`,
      );
    return sizes.map((size) => ({
      dtype: x.dtype,
      shape: x.shape.map((dim, i) => (i === axis ? size : dim)),
    }));
  },
  evaluate: ([x], attrs, types) => {
    const { axis, sizes } = splitAttributes(attrs);
    let start = 0;
    return sizes.flatMap((size, i) => {
      const type = types.outputs[i];
      if (x === undefined || type === undefined) return [];
      const part = slice.description.reference({ x }, { axis, start, end: start + size }, type);
      start += size;
      return [part];
    });
  },
  gradient: ({ outputs, attrs }, grads) => {
    // A part that the loss does not depend on has a gradient of zeros.
    const parts = outputs.map((y, i) => grads[i] ?? expandLike(scalarLike(y, 0), y));
    const [first, ...rest] = parts;
    return first ? [concat([first, ...rest], { axis: splitAttributes(attrs).axis })] : [];
  },
  onnx: (b, [x], attrs) => {
    const { axis, sizes } = splitAttributes(attrs);
    return x ? b.Split(x, b.ints(...sizes), { axis }, sizes.length) : [];
  },
};

export interface SplitAttributes {
  readonly axis: number;
  readonly sizes: readonly number[];
}

const splitAttributes = (attrs: Attributes): SplitAttributes => ({
  axis: attrs['axis'] as number,
  sizes: attrs['sizes'] as readonly number[],
});

/** Parts of given sizes along an axis, in order. */
export function split(x: Value, { axis, sizes }: SplitAttributes): readonly Value[] {
  return x.graph.add(splitOp, [x], { axis, sizes });
}

export interface PadAttributes {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

/** Zeros before and after x along one axis. */
export const padAxis = defineOp('padAxis', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'follows' },
  type: ({ x }, { axis, before, after }: PadAttributes) => {
    const size = x.shape[axis];
    if (typeof size !== 'number' || before < 0 || after < 0)
      throw new TypeFault(
        'pad',
        `${before} and ${after} zeros cannot be put around axis ${axis} of ${formatShape(x.shape)}`,
      );
    const padded = size + before + after;
    return { dtype: x.dtype, shape: x.shape.map((dim, i) => (i === axis ? padded : dim)) };
  },
  reference: ({ x }, { axis, before }, y) => {
    const out = ndarray(y.shape as readonly number[]);
    const strides = stridesOf(out.shape);
    forEachIndex(x.shape, (index, at) => {
      const to = index.reduce(
        (s, v, i) => s + (v + (i === axis ? before : 0)) * (strides[i] ?? 0),
        0,
      );
      out.data[to] = x.data[at] ?? NaN;
    });
    return out;
  },
  gradient: ({ x }, dy, { axis, before }): InputGrads => ({
    x: slice(dy, { axis, start: before, end: before + (x.shape[axis] as number) }),
  }),
  onnx: (b, { x }, { axis, before, after }, { in: types }) => {
    const rank = types.x.shape.length;
    const pads = Array.from({ length: 2 * rank }, (_, i) =>
      i === axis ? before : i === rank + axis ? after : 0,
    );
    return b.Pad(x, b.ints(...pads));
  },
});

/** Values joined along one axis; the number of operands is free, so this op is written by position. */
export const concatOp: Op = {
  name: 'concat',
  outputNames: ['y'],
  traits: { elementwise: false, halves: 'follows' },
  inputName: (index) => `input ${index}`,
  inferTypes: (inputs, attrs) => {
    const axis = attrs['axis'] as number;
    const [first, ...rest] = inputs.flatMap((type) => (type ? [type] : []));
    if (first === undefined) throw new TypeFault('concat', 'no values to join');
    let total: Dim = first.shape[axis] ?? 0;
    for (const type of rest) {
      const fits =
        type.dtype === first.dtype &&
        type.shape.length === first.shape.length &&
        type.shape.every((dim, i) => i === axis || dimEquals(dim, first.shape[i] ?? -1));
      const size = type.shape[axis];
      if (!fits || typeof size !== 'number' || typeof total !== 'number')
        throw new TypeFault(
          'shape-mismatch',
          `${formatShape(first.shape)} and ${formatShape(type.shape)} cannot be joined along axis ${axis}`,
          'all sizes other than that of the joined axis must be equal',
        );
      total += size;
    }
    const joined = total;
    return [
      { dtype: first.dtype, shape: first.shape.map((dim, i) => (i === axis ? joined : dim)) },
    ];
  },
  evaluate: (inputs, attrs, types) => [
    joinArrays(
      inputs.flatMap((x) => (x ? [x] : [])),
      attrs['axis'] as number,
      types.outputs[0]?.shape as readonly number[],
    ),
  ],
  gradient: (node, [dy]) => {
    const axis = node.attrs['axis'] as number;
    let start = 0;
    return node.inputs.map((x) => {
      if (dy === undefined || x === undefined) return undefined;
      const end = start + (x.shape[axis] as number);
      const dx = slice(dy, { axis, start, end });
      start = end;
      return dx;
    });
  },
  onnx: (b, inputs, attrs) => [
    b.Concat(
      inputs.flatMap((x) => (x ? [x] : [])),
      { axis: attrs['axis'] as number },
    ),
  ],
};

function joinArrays(inputs: readonly NdArray[], axis: number, shape: readonly number[]): NdArray {
  const out = ndarray(shape);
  const strides = stridesOf(shape);
  let start = 0;
  for (const x of inputs) {
    forEachIndex(x.shape, (index, at) => {
      const to = index.reduce(
        (s, v, i) => s + (v + (i === axis ? start : 0)) * (strides[i] ?? 0),
        0,
      );
      out.data[to] = x.data[at] ?? NaN;
    });
    start += x.shape[axis] ?? 0;
  }
  return out;
}

/** Joins values along an axis. */
export function concat(
  values: readonly [Value, ...Value[]],
  attrs: { readonly axis: number },
): Value {
  return values[0].graph.add(concatOp, values, attrs)[0] as Value;
}

/** Conversion to another element type; towards zero for integers. */
export const cast = defineOp('cast', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: ({ x }, { to }: { readonly to: DType }) => ({ dtype: to, shape: x.shape }),
  reference: ({ x }, { to }) =>
    mapArray(
      x,
      to === 'bool' ? (v) => (v === 0 ? 0 : 1) : dtypes[to].floating ? (v) => v : Math.trunc,
    ),
  gradient: ({ x }, dy): InputGrads =>
    dtypes[x.dtype].floating ? { x: cast(dy, { to: x.dtype }) } : {},
  onnx: (b, { x }, { to }) => b.Cast(x, { to: dtypes[to].onnx }),
});

/** 1 where a equals b, else 0, as bool; the shapes are equal. */
export const equal = defineOp('equal', {
  inputs: ['a', 'b'],
  traits: { elementwise: 'total', halves: 'stays', commutative: true },
  type: ({ a, b }) => {
    if (!shapeEquals(a.shape, b.shape) || a.dtype !== b.dtype)
      throw new TypeFault(
        'shape-mismatch',
        `cannot compare ${a.dtype} ${formatShape(a.shape)} with ${b.dtype} ${formatShape(b.shape)}`,
      );
    return { dtype: 'bool', shape: a.shape };
  },
  reference: ({ a, b }) => ({
    shape: a.shape,
    data: a.data.map((v, i) => (v === b.data[i] ? 1 : 0)),
  }),
  onnx: (b, x) => b.Equal(x.a, x.b),
});
