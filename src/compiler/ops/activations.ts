import type { Opset } from '../../../generated/onnx/index.js';
import { type TensorType, TypeFault, type Value } from '../ir/graph.js';
import { defineOp, type InputGrads, type Named } from '../ir/op.js';
import { floatTypeOf } from '../../support/dtype.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { broadcastShapes, formatShape, shapeEquals } from '../../support/shape.js';
import { sumTo } from './broadcast.js';
import { scalarLike } from './constant.js';
import {
  add,
  equalTypes,
  exp,
  logistic,
  mul,
  reluGrad,
  sameType,
  sigmoid,
  sub,
} from './elementwise.js';
import { broadcastArrays, mapArray } from './reference.js';
import { narrowed, wideType, widened } from './widen.js';

export interface ClipAttributes {
  readonly min?: number;
  readonly max?: number;
  /** The gradient on a bound is 0, as that of PyTorch's ReLU6, and not dy, as that of its clamp. */
  readonly open?: boolean;
}

/** min(max(x, min), max); a bound that is missing bounds nothing. */
export const clip = defineOp('clip', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: ({ x }, { min, max }: ClipAttributes) => {
    if (min === undefined && max === undefined) throw new TypeFault('clip', 'it has no bound');
    return x;
  },
  reference: ({ x }, { min = -Infinity, max = Infinity }) =>
    mapArray(x, (v) => Math.min(Math.max(v, min), max)),
  gradient: ({ x }, dy, attrs): InputGrads => ({ x: clipGrad(x, dy, attrs) }),
  onnx: (b, { x }, { min, max }, { in: types }) => {
    const [low, high] = [min, max].map((bound) =>
      bound === undefined ? null : b.scalar(bound, floatTypeOf(types.x)),
    );
    return b.Clip(x, low, high);
  },
});

/** dy where x lies between the bounds, else 0. */
export const clipGrad = defineOp('clipGrad', {
  inputs: ['x', 'dy'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: equalTypes,
  reference: ({ x, dy }, { min = -Infinity, max = Infinity, open }: ClipAttributes) =>
    broadcastArrays(x, dy, (v, g) => {
      const inside = open ? v > min && v < max : v >= min && v <= max;
      return inside ? g : 0;
    }),
  onnx: (b, { x, dy }, attrs, { in: types }) =>
    b.Where(betweenBounds(b, x, attrs, types.x), dy, b.scalar(0, floatTypeOf(types.x))),
});

/** Where x lies between the bounds, as bool. */
export function betweenBounds(
  b: Opset,
  x: OnnxValue,
  { min, max, open }: ClipAttributes,
  type: TensorType,
): OnnxValue {
  const bound = (value: number): OnnxValue => b.scalar(value, floatTypeOf(type));
  const above = open ? 'Greater' : 'GreaterOrEqual';
  const below = open ? 'Less' : 'LessOrEqual';
  const sides = [
    ...(min === undefined ? [] : [b[above](x, bound(min))]),
    ...(max === undefined ? [] : [b[below](x, bound(max))]),
  ];
  return sides.reduce((left, right) => b.And(left, right));
}

/** dy where x > 0, else dy times a factor that may be known for other x only. */
function leakyGrad(x: Value, dy: Value, factor: Value): Value {
  const positive = reluGrad(x, dy);
  return add(positive, mul(sub(dy, positive), factor));
}

/** x where x > 0, else slope * x. */
export const leakyRelu = defineOp('leakyRelu', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }, { slope }: { readonly slope: number }) =>
    mapArray(x, (v) => (v > 0 ? v : slope * v)),
  gradient: ({ x }, dy, { slope }): InputGrads => ({
    x: leakyGrad(x, dy, scalarLike(dy, slope)),
  }),
  onnx: (b, { x }, { slope }) => b.LeakyRelu(x, { alpha: slope }),
});

/** x where x > 0, else slope * x, the slope broadcast to x. Source: arXiv 1502.01852. */
export const prelu = defineOp('prelu', {
  inputs: ['x', 'slope'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: ({ x, slope }: Named<['x', 'slope'], TensorType>) => {
    const shape = broadcastShapes(x.shape, slope.shape);
    if (shape === undefined || !shapeEquals(shape, x.shape) || slope.dtype !== x.dtype)
      throw new TypeFault(
        'shape-mismatch',
        `slopes ${slope.dtype} ${formatShape(slope.shape)} of ${x.dtype} ${formatShape(x.shape)}`,
      );
    return x;
  },
  reference: ({ x, slope }) => broadcastArrays(x, slope, (v, s) => (v > 0 ? v : s * v)),
  gradient: ({ x, slope }, dy): InputGrads => ({
    x: leakyGrad(x, dy, slope),
    slope: sumTo(mul(dy, clip(x, { max: 0 })), slope),
  }),
  onnx: (b, { x, slope }) => b.PRelu(x, slope),
});

/** x where x > 0, else alpha * (e^x - 1). Source: arXiv 1511.07289. */
export const elu = defineOp('elu', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }, { alpha }: { readonly alpha: number }) =>
    mapArray(x, (v) => (v > 0 ? v : alpha * Math.expm1(v))),
  gradient: ({ x }, dy, { alpha }): InputGrads => {
    const slope = mul(exp(clip(x, { max: 0 })), scalarLike(x, alpha));
    return { x: leakyGrad(x, dy, slope) };
  },
  onnx: (b, { x }, { alpha }) => b.Elu(x, { alpha }),
});

/** log(1 + e^x). */
export const softplus = defineOp('softplus', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: sameType,
  reference: ({ x }) => mapArray(x, (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)))),
  gradient: ({ x }, dy): InputGrads => ({ x: mul(dy, sigmoid(x)) }),
  onnx: (b, { x }) => b.Softplus(x),
});

/** x/2 * (1 + tanh(u)) is x * sigmoid(2 * u), with 2 * u = x * (linear + cubic * x^2). */
const linear = 2 * Math.sqrt(2 / Math.PI);
const cubic = 0.044715 * linear;

/** GELU by a hyperbolic tangent, PyTorch's `approximate='tanh'`. Source: arXiv 1606.08415, section 2. */
export const geluTanh = defineOp('geluTanh', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, (v) => v * logistic(v * (linear + cubic * v * v))),
  gradient: ({ x }, dy): InputGrads => ({ x: geluTanhGrad(x, dy) }),
  onnx: (b, { x }, _, { in: types }) => {
    const dtype = floatTypeOf(types.x);
    const square = b.Mul(b.Mul(x, x), b.scalar(cubic, dtype));
    return b.Mul(x, b.Sigmoid(b.Mul(x, b.Add(square, b.scalar(linear, dtype)))));
  },
});

/** dy * (s + x * s * (1 - s) * (linear + 3 * cubic * x^2)) with the sigmoid s of geluTanh; in float32, since x^2 is. */
export const geluTanhGrad = defineOp('geluTanhGrad', {
  inputs: ['x', 'dy'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: equalTypes,
  reference: ({ x, dy }) =>
    broadcastArrays(x, dy, (v, g) => {
      const s = logistic(v * (linear + cubic * v * v));
      return g * (s + v * s * (1 - s) * (linear + 3 * cubic * v * v));
    }),
  onnx: (b, { x: given, dy }, _, { in: types }) => {
    const x = widened(b, given, types.x);
    const dtype = floatTypeOf(wideType(types.x));
    const square = b.Mul(b.Mul(x, x), b.scalar(cubic, dtype));
    const s = b.Sigmoid(b.Mul(x, b.Add(square, b.scalar(linear, dtype))));
    const inner = b.Add(b.Mul(square, b.scalar(3, dtype)), b.scalar(linear, dtype));
    const curve = b.Mul(b.Mul(x, inner), b.Sub(s, b.Mul(s, s)));
    const slope = b.Mul(widened(b, dy, types.dy), b.Add(s, curve));
    return narrowed(b, slope, types.x);
  },
});
