import { TypeFault, type TensorType, type Value } from '../ir/graph.js';
import { ndarray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import {
  broadcastShapes,
  dimEquals,
  formatShape,
  shapeEquals,
  type Shape,
} from '../../support/shape.js';
import { broadcastOffset, forEachIndex, reduceArray } from './reference.js';
import { narrowed, widened } from './widen.js';

export interface ReduceAttributes {
  /** Axes to reduce, not negative. */
  readonly axes: readonly number[];
  /** Keeps a reduced axis with size 1. */
  readonly keepDims: boolean;
}

/** Shape after a reduction; throws if an axis does not exist. */
export function reducedShape(shape: Shape, { axes, keepDims }: ReduceAttributes): Shape {
  for (const axis of axes)
    if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length)
      throw new TypeFault('axis', `axis ${axis} does not exist in ${formatShape(shape)}`);
  return shape.flatMap((dim, i) => (!axes.includes(i) ? [dim] : keepDims ? [1] : []));
}

/** Type after a reduction. */
export function reducedType({ dtype, shape }: TensorType, attrs: ReduceAttributes): TensorType {
  return { dtype, shape: reducedShape(shape, attrs) };
}

/** Sum over axes; of 16-bit values in float32, rounded once. */
export const reduceSum = defineOp('reduceSum', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'stays', passes: () => 1 },
  type: ({ x }, attrs: ReduceAttributes) => reducedType(x, attrs),
  reference: ({ x }, { axes }, y) => ({
    shape: y.shape as readonly number[],
    data: reduceArray(x, axes, 0, (a, v) => a + v).data,
  }),
  gradient: ({ x }, dy, { axes, keepDims }): InputGrads => ({
    x: expandLike(dy, x, { axes: keepDims ? [] : axes }),
  }),
  onnx: (b, { x }, { axes, keepDims }, { in: types }) => {
    if (axes.length === 0) return b.Identity(x);
    const wide = widened(b, x, types.x);
    const sum = b.ReduceSum(wide, b.ints(...axes), { keepdims: keepDims ? 1 : 0 });
    return narrowed(b, sum, types.x);
  },
});

export interface ExpandAttributes {
  /** Axes of the result that x lacks; they are inserted with size 1 before x is broadcast. */
  readonly axes?: readonly number[];
}

/** x broadcast to the shape of `like`, whose values do not matter. */
export const expandLike = defineOp('expandLike', {
  inputs: ['x', 'like'],
  traits: { elementwise: false, halves: 'follows', shapes: ['like'] },
  type: ({ x, like }, { axes = [] }: ExpandAttributes) => {
    const kept = unsqueezed(x.shape, axes);
    const shape = broadcastShapes(kept, like.shape);
    if (shape === undefined || !shapeEquals(shape, like.shape))
      throw new TypeFault(
        'shape-mismatch',
        `${formatShape(kept)} cannot be broadcast to ${formatShape(like.shape)}`,
      );
    return { dtype: x.dtype, shape };
  },
  reference: ({ x, like }, { axes = [] }) => {
    const out = ndarray(like.shape);
    const offset = broadcastOffset(unsqueezed(x.shape, axes) as number[], like.shape);
    forEachIndex(like.shape, (index, at) => (out.data[at] = x.data[offset(index)] ?? NaN));
    return out;
  },
  gradient: ({ x }, dy, { axes = [] }): InputGrads => {
    const kept = unsqueezed(x.shape, axes);
    // Axes of dy that x lacks: those in front, by NumPy's rule, and the inserted ones.
    const lead = dy.rank - kept.length;
    const lacking = dy.shape.flatMap((_, i) => (i < lead || axes.includes(i - lead) ? [i] : []));
    const dropped = reduceSum(dy, { axes: lacking, keepDims: false });
    const repeated = x.shape.flatMap((dim, i) =>
      dim === 1 && !dimEquals(dropped.shape[i] ?? 1, 1) ? [i] : [],
    );
    return { x: reduceSum(dropped, { axes: repeated, keepDims: true }) };
  },
  onnx: (b, { x, like }, { axes = [] }, { out }) => {
    const kept = axes.length === 0 ? x : b.Unsqueeze(x, b.ints(...axes));
    const known = out.shape.every((dim) => typeof dim === 'number');
    return b.Expand(kept, known ? b.ints(...(out.shape as number[])) : b.Shape(like));
  },
});

function unsqueezed(shape: Shape, axes: readonly number[]): Shape {
  const rest = [...shape];
  return Array.from({ length: shape.length + axes.length }, (_, i) =>
    axes.includes(i) ? 1 : (rest.shift() ?? 1),
  );
}

/** The gradient of a broadcast operand: `dy` summed over the axes along which `x` was repeated. */
export function sumTo(dy: Value, x: Value): Value {
  const lead = dy.rank - x.rank;
  const leading = Array.from({ length: lead }, (_, i) => i);
  const inner = x.shape.flatMap((dim, i) =>
    dim === 1 && !dimEquals(dy.shape[lead + i] ?? 1, 1) ? [i] : [],
  );
  const dropped = lead === 0 ? dy : reduceSum(dy, { axes: leading, keepDims: false });
  return inner.length === 0 ? dropped : reduceSum(dropped, { axes: inner, keepDims: true });
}

export interface ExpandToAttributes {
  /** Sizes of a sample: all axes but the first. */
  readonly shape: readonly number[];
}

/** x with its axes of size 1 repeated to `shape`; the first axis is x's own, or that of `batch`, whose values do not matter. */
export const expand = defineOp('expand', {
  inputs: ['x', 'batch?'],
  traits: { elementwise: false, halves: 'follows', shapes: ['batch'] },
  type: ({ x, batch }, { shape }: ExpandToAttributes) => {
    const [own = 1, ...sample] = x.shape;
    const first = batch === undefined ? own : batch.shape[0];
    const fits =
      sample.length === shape.length &&
      sample.every((dim, i) => dim === 1 || dim === shape[i]) &&
      (batch === undefined || own === 1);
    if (!fits || first === undefined)
      throw new TypeFault(
        'shape-mismatch',
        `${formatShape(x.shape)} cannot be repeated to samples of ${formatShape(shape)}`,
      );
    return { dtype: x.dtype, shape: [first, ...shape] };
  },
  reference: ({ x }, _, y) => {
    const out = ndarray(y.shape as readonly number[]);
    const offset = broadcastOffset(x.shape, out.shape);
    forEachIndex(out.shape, (index, at) => (out.data[at] = x.data[offset(index)] ?? NaN));
    return out;
  },
  gradient: ({ x }, dy): InputGrads => ({ x: sumTo(dy, x) }),
  onnx: (b, { x, batch }, { shape }, { out: { shape: full } }) => {
    const known = full.flatMap((dim) => (typeof dim === 'number' ? [dim] : []));
    if (known.length === full.length) return b.Expand(x, b.ints(...known));
    // Expand broadcasts in both directions, so that x keeps a batch of its own.
    if (batch === undefined) return b.Expand(x, b.ints(1, ...shape));
    const first = b.Slice(b.Shape(batch), b.ints(0), b.ints(1));
    return b.Expand(x, b.Concat([first, b.ints(...shape)], { axis: 0 }));
  },
});
