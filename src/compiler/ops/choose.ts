import { defineOp } from '../ir/op.js';
import { TypeFault } from '../ir/graph.js';
import { broadcastShapes, formatShape, shapeEquals } from '../../support/shape.js';
import { broadcastArrays, mapArray } from './reference.js';

/** Larger than every finite float32, smaller than infinity in float64, which rounds to infinity in float32. */
const largest = 3.4028234663852886e38;

/** True for each element that is neither infinite nor NaN, as bool. Used on float32. */
export const isFinite = defineOp('isFinite', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: ({ x }) => ({ dtype: 'bool', shape: x.shape }),
  reference: ({ x }) => mapArray(x, (v) => Number(Math.abs(v) <= largest)),
  // A comparison with NaN is false.
  onnx: (b, { x }, _, { in: types }) =>
    b.LessOrEqual(b.Abs(x), b.scalar(largest, types.x.dtype === 'float64' ? 'float64' : 'float32')),
});

/** a where the condition holds, else b: the condition broadcasts to the shape of both. Used by updates and gradient rules, so it has no gradient. */
export const select = defineOp('select', {
  inputs: ['condition', 'a', 'b'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: ({ condition, a, b }) => {
    const shape = broadcastShapes(condition.shape, a.shape);
    const fits = shapeEquals(a.shape, b.shape) && shape && shapeEquals(shape, a.shape);
    if (!fits || a.dtype !== b.dtype || condition.dtype !== 'bool')
      throw new TypeFault(
        'shape-mismatch',
        `cannot choose by ${condition.dtype} ${formatShape(condition.shape)} between ${a.dtype} ${formatShape(a.shape)} and ${b.dtype} ${formatShape(b.shape)}`,
      );
    return a;
  },
  reference: ({ condition, a, b }) => {
    const chosen = broadcastArrays(condition, a, (c, v) => (c === 0 ? NaN : v));
    const taken = broadcastArrays(condition, a, (c) => c);
    const data = chosen.data.map((v, i) => (taken.data[i] === 0 ? (b.data[i] ?? NaN) : v));
    return { shape: a.shape, data };
  },
  onnx: (b, x) => b.Where(x.condition, x.a, x.b),
});
