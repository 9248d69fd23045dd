import type { Opset } from '../../../generated/onnx/index.js';
import { type TensorType, TypeFault, type Value } from '../ir/graph.js';
import { ndarray, type NdArray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { dtypes, floatTypeOf, isHalf } from '../../support/dtype.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { expandLike, reducedType, type ReduceAttributes } from './broadcast.js';
import { select } from './choose.js';
import { scalar, scalarLike } from './constant.js';
import { div, mul } from './elementwise.js';
import { reduceOnce } from './reduceOnce.js';
import { broadcastArrays, forEachIndex, reduceArray } from './reference.js';
import { formatShape, shapeEquals, sizeOf } from '../../support/shape.js';
import { cast, equal } from './shape.js';
import { narrowed, wideType, widened } from './widen.js';

/** Mean over axes; of 16-bit values in float32, rounded once. */
export const reduceMean = defineOp('reduceMean', {
  inputs: ['x'],
  traits: {
    elementwise: false,
    halves: ({ x }, { axes }: ReduceAttributes) => (isPooling(x, axes) ? 'follows' : 'stays'),
    passes: () => 1,
  },
  type: ({ x }, attrs: ReduceAttributes) => reducedType(x, attrs),
  reference: ({ x }, { axes }, y) => {
    const sum = reduceArray(x, axes, 0, (a, v) => a + v);
    const count = axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1);
    return { shape: y.shape as readonly number[], data: sum.data.map((v) => v / count) };
  },
  gradient: ({ x }, dy, { axes, keepDims }): InputGrads => {
    // The number of a map's pixels may be beyond 16 bits.
    const share = isHalf(dy.dtype)
      ? cast(div(cast(dy, { to: 'float32' }), countOf(x, { axes })), { to: dy.dtype })
      : div(dy, countOf(x, { axes }));
    return { x: expandLike(share, x, { axes: keepDims ? [] : axes }) };
  },
  onnx: (b, { x }, { axes, keepDims }, { in: types }) => {
    // ONNX takes no axes for all of them.
    if (axes.length === 0) return b.Identity(x);
    const wide = widened(b, x, types.x);
    return narrowed(b, reduceOnce(b, 'ReduceMean', wide, axes, keepDims), types.x);
  },
});

/** Means over the pixels of a map stand in for it; statistics of a layer norm are means, too. */
function isPooling(x: TensorType, axes: readonly number[]): boolean {
  return x.shape.length === 4 && axes.join() === '2,3';
}

/** Maximum over axes. The gradient of equal largest elements is shared evenly, as PyTorch's amax has it. */
export const reduceMax = defineOp('reduceMax', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'follows', passes: () => 1 },
  type: ({ x }, attrs: ReduceAttributes) => reducedType(x, attrs),
  reference: ({ x }, { axes }, y) => ({
    shape: y.shape as readonly number[],
    data: reduceArray(x, axes, -Infinity, Math.max).data,
  }),
  gradient: ({ x }, dy, attrs): InputGrads => ({ x: reduceMaxGrad(x, dy, attrs) }),
  onnx: (b, { x }, { axes, keepDims }) =>
    axes.length === 0 ? b.Identity(x) : reduceOnce(b, 'ReduceMax', x, axes, keepDims),
});

/**
 * Gradient of reduceMax: each dy in equal shares to the largest elements. It finds the maximum anew, so that
 * it meets the elements of x in whatever way these were computed again.
 */
export const reduceMaxGrad = defineOp('reduceMaxGrad', {
  inputs: ['x', 'dy'],
  traits: { elementwise: false, halves: 'stays', passes: () => 6 },
  type: ({ x }, _: ReduceAttributes) => x,
  reference: ({ x, dy }, { axes }) => {
    const most = reduceArray(x, axes, -Infinity, Math.max);
    const isMost = broadcastArrays(x, most, (v, largest) => Number(v === largest));
    const counts = reduceArray(isMost, axes, 0, (sum, v) => sum + v);
    const shares = {
      shape: counts.shape,
      data: dy.data.map((g, i) => g / (counts.data[i] ?? NaN)),
    };
    return broadcastArrays(isMost, shares, (one, share) => one * share);
  },
  onnx: (b, { x, dy }, { axes, keepDims }, { in: types }) => {
    if (axes.length === 0) return b.Identity(dy);
    const isMost = b.Equal(x, reduceOnce(b, 'ReduceMax', x, axes, true));
    const ones = b.Cast(isMost, { to: dtypes[wideType(types.x).dtype].onnx });
    const kept = keepDims ? dy : b.Unsqueeze(dy, b.ints(...axes));
    const share = b.Div(widened(b, kept, types.dy), reduceOnce(b, 'ReduceSum', ones, axes, true));
    return narrowed(b, b.Mul(ones, share), types.x);
  },
});

/** Euclidean norm over axes, the root of the sum of squares. Where it is 0 so is its gradient, as in PyTorch. */
export const reduceNorm = defineOp('reduceNorm', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'stays', passes: () => 1 },
  type: ({ x }, attrs: ReduceAttributes) => reducedType(x, attrs),
  reference: ({ x }, { axes }, y) => ({
    shape: y.shape as readonly number[],
    data: reduceArray(x, axes, 0, (sum, v) => sum + v * v).data.map(Math.sqrt),
  }),
  gradient: ({ x }, dy, { axes, keepDims }, y): InputGrads => {
    const zeros = mul(y, scalarLike(y, 0));
    const ratio = select(equal(y, zeros), zeros, div(dy, y));
    return { x: mul(x, expandLike(ratio, x, { axes: keepDims ? [] : axes })) };
  },
  onnx: (b, { x }, { axes, keepDims }, { in: types }) => {
    if (axes.length === 0) return b.Abs(x);
    const wide = widened(b, x, types.x);
    return narrowed(b, reduceOnce(b, 'ReduceL2', wide, axes, keepDims), types.x);
  },
});

/** Number of elements along axes, a scalar of x's type or of float32 for 16 bits; known only at run time if the batch is symbolic. */
export const count = defineOp('count', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'stays', shapes: ['x'] },
  type: ({ x }, _: { readonly axes: readonly number[] }) => ({
    dtype: wideType(x).dtype,
    shape: [],
  }),
  reference: ({ x }, { axes }) =>
    ndarray([], [axes.reduce((product, axis) => product * (x.shape[axis] ?? 1), 1)]),
  // It depends on the shape alone.
  gradient: () => ({}),
  onnx: (b, { x }, { axes }, { in: types }) => countOnnx(b, x, wideType(types.x), axes),
});

/** The number of elements of x along axes in ONNX: a constant, or computed if a size is symbolic. */
export function countOnnx(
  b: Opset,
  x: OnnxValue,
  type: TensorType,
  axes: readonly number[],
): OnnxValue {
  const dtype = floatTypeOf(type);
  const dims = axes.map((axis) => type.shape[axis] ?? 1);
  if (dims.every((dim) => typeof dim === 'number'))
    return b.scalar(
      dims.reduce((product, dim) => product * dim, 1),
      dtype,
    );
  const sizes = b.Gather(b.Shape(x), b.ints(...axes));
  return b.Cast(reduceOnce(b, 'ReduceProd', sizes, [0], false), { to: dtypes[dtype].onnx });
}

/** Number of elements of x along axes, as a scalar value. */
export function countOf(x: Value, { axes }: { readonly axes: readonly number[] }): Value {
  const size = sizeOf(axes.map((axis) => x.shape[axis] ?? 1));
  return typeof size === 'number'
    ? scalar(x.graph, size, wideType(x.type).dtype)
    : count(x, { axes });
}

/** Index of the largest element along the last axis, as int64; the first among equals. */
export const argMax = defineOp('argMax', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ x }) => ({ dtype: 'int64', shape: x.shape.slice(0, -1) }),
  reference: ({ x }) => argMaxArray(x),
  onnx: (b, { x }) => b.ArgMax(x, { axis: -1, keepdims: 0 }),
});

function argMaxArray(x: NdArray): NdArray {
  const width = x.shape.at(-1) ?? 1;
  const out = ndarray(x.shape.slice(0, -1));
  forEachIndex(x.shape, (index, at) => {
    const row = Math.floor(at / width);
    const best = row * width + (out.data[row] ?? 0);
    if ((x.data[at] ?? NaN) > (x.data[best] ?? NaN)) out.data[row] = index.at(-1) ?? 0;
  });
  return out;
}

/**
 * Compares where the largest elements of two rows are, the first among equals: a and b [...,K] ->
 * bool [...]. `fuseArgMax` makes it, for targets that cannot read the integers between.
 */
export const sameArgMax = defineOp('sameArgMax', {
  inputs: ['a', 'b'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ a, b }) => {
    if (!shapeEquals(a.shape, b.shape))
      throw new TypeFault(
        'shape-mismatch',
        `cannot compare rows of ${formatShape(a.shape)} with those of ${formatShape(b.shape)}`,
      );
    return { dtype: 'bool', shape: a.shape.slice(0, -1) };
  },
  reference: ({ a, b }) => {
    const [first, second] = [argMaxArray(a), argMaxArray(b)];
    const data = first.data.map((index, row) => Number(index === second.data[row]));
    return { shape: first.shape, data };
  },
  onnx: (b, x) => {
    const options = { axis: -1, keepdims: 0 };
    return b.Equal(b.ArgMax(x.a, options), b.ArgMax(x.b, options));
  },
});
