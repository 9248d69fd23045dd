import type { Opset } from '../../../generated/onnx/index.js';
import { type TensorType, TypeFault, type Value } from '../ir/graph.js';
import { defineOp, type InputGrads, type Named } from '../ir/op.js';
import { floatTypeOf } from '../../support/dtype.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { broadcastShapes, formatShape, shapeEquals } from '../../support/shape.js';
import { sumTo } from './broadcast.js';
import { scalarLike } from './constant.js';
import { broadcastArrays, mapArray } from './reference.js';

/** Result type of a binary operator with NumPy's broadcasting; throws if shapes do not fit. */
function broadcastType(a: TensorType, b: TensorType): TensorType {
  if (a.dtype !== b.dtype)
    throw new TypeFault('dtype-mismatch', `the element types ${a.dtype} and ${b.dtype} differ`);
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape) return { dtype: a.dtype, shape };
  throw shapeFault(a, b);
}

function shapeFault(a: TensorType, b: TensorType): TypeFault {
  const shapes = `${formatShape(a.shape)} and ${formatShape(b.shape)}`;
  const axes = ['the batch', 'channels', 'height', 'width'];
  const differing = a.shape.flatMap((_, i) =>
    broadcastShapes(a.shape.slice(i, i + 1), b.shape.slice(i, i + 1))
      ? []
      : [axes[i] ?? `axis ${i}`],
  );
  if (a.shape.length !== 4 || b.shape.length !== 4)
    return new TypeFault('shape-mismatch', `shapes do not broadcast: ${shapes}`);
  const hint = differing.includes('channels')
    ? 'project one of them with conv2d(x, { out, kernel: 1 }), or give both the same `out`'
    : 'bring both to the same height and width: the same stride on both branches, or pooling';
  return new TypeFault(
    'shape-mismatch',
    `shapes differ in ${differing.join(' and ')}: ${shapes}`,
    hint,
  );
}

/** Type of an operator whose result has the type of its operand. */
export const sameType = ({ x }: { readonly x: TensorType }): TensorType => x;

/** Type of a gradient operator over two equal shapes. */
export function equalTypes({
  x,
  dy,
}: {
  readonly x: TensorType;
  readonly dy: TensorType;
}): TensorType {
  if (!shapeEquals(x.shape, dy.shape))
    throw new TypeFault(
      'shape-mismatch',
      `gradient ${formatShape(dy.shape)} does not fit the value ${formatShape(x.shape)}`,
    );
  return x;
}

/**
 * The operands of a binary operator, a scalar with the rank of the other if that has inner axes
 * of size 1. onnxruntime's broadcaster lets such an axis end its inner loop when one operand has no
 * axes left, and skips it when both are 1: a scalar times a kernel [1280,320,1,1] took 8 ms, and
 * takes 0.1 ms.
 */
function ranked(
  b: Opset,
  x: Named<['a', 'b'], OnnxValue>,
  types: Named<['a', 'b'], TensorType>,
): [OnnxValue, OnnxValue] {
  const raise = (value: OnnxValue, own: TensorType, other: TensorType): OnnxValue =>
    own.shape.length === 0 && other.shape.lastIndexOf(1) > 0
      ? b.Reshape(value, b.ints(...other.shape.map(() => 1)))
      : value;
  return [raise(x.a, types.a, types.b), raise(x.b, types.b, types.a)];
}

/** a + b with broadcasting. */
export const add = defineOp('add', {
  inputs: ['a', 'b'],
  traits: { elementwise: 'total', halves: 'follows', commutative: true },
  type: ({ a, b }) => broadcastType(a, b),
  reference: ({ a, b }) => broadcastArrays(a, b, (x, y) => x + y),
  gradient: ({ a, b }, dy): InputGrads => ({ a: sumTo(dy, a), b: sumTo(dy, b) }),
  onnx: (b, x, _, types) => b.Add(...ranked(b, x, types.in)),
});

/** a - b with broadcasting. */
export const sub = defineOp('sub', {
  inputs: ['a', 'b'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: ({ a, b }) => broadcastType(a, b),
  reference: ({ a, b }) => broadcastArrays(a, b, (x, y) => x - y),
  gradient: ({ a, b }, dy): InputGrads => ({ a: sumTo(dy, a), b: sumTo(neg(dy), b) }),
  onnx: (b, x, _, types) => b.Sub(...ranked(b, x, types.in)),
});

/** a * b with broadcasting. */
export const mul = defineOp('mul', {
  inputs: ['a', 'b'],
  traits: { elementwise: 'total', halves: 'follows', commutative: true },
  type: ({ a, b }) => broadcastType(a, b),
  reference: ({ a, b }) => broadcastArrays(a, b, (x, y) => x * y),
  gradient: ({ a, b }, dy): InputGrads => ({ a: sumTo(mul(dy, b), a), b: sumTo(mul(dy, a), b) }),
  onnx: (b, x, _, types) => b.Mul(...ranked(b, x, types.in)),
});

/** a / b with broadcasting. */
export const div = defineOp('div', {
  inputs: ['a', 'b'],
  traits: { elementwise: 'partial', halves: 'stays' },
  type: ({ a, b }) => broadcastType(a, b),
  reference: ({ a, b }) => broadcastArrays(a, b, (x, y) => x / y),
  gradient: ({ a, b }, dy, _, y): InputGrads => ({
    a: sumTo(div(dy, b), a),
    b: sumTo(neg(div(mul(dy, y), b)), b),
  }),
  onnx: (b, x, _, types) => b.Div(...ranked(b, x, types.in)),
});

/** The smaller of a and b with broadcasting. */
export const minimum = defineOp('minimum', {
  inputs: ['a', 'b'],
  traits: { elementwise: 'total', halves: 'follows', commutative: true },
  type: ({ a, b }) => broadcastType(a, b),
  reference: ({ a, b }) => broadcastArrays(a, b, Math.min),
  gradient: ({ a, b }, dy): InputGrads => chosenGrads({ a, b }, sub(b, a), dy),
  onnx: (b, x) => b.Min([x.a, x.b]),
});

/** The larger of a and b with broadcasting. */
export const maximum = defineOp('maximum', {
  inputs: ['a', 'b'],
  traits: { elementwise: 'total', halves: 'follows', commutative: true },
  type: ({ a, b }) => broadcastType(a, b),
  reference: ({ a, b }) => broadcastArrays(a, b, Math.max),
  gradient: ({ a, b }, dy): InputGrads => chosenGrads({ a, b }, sub(a, b), dy),
  onnx: (b, x) => b.Max([x.a, x.b]),
});

/** Gradients of a choice that falls on a where `lead` is above 0; where it is 0, each has half, as in PyTorch. */
function chosenGrads({ a, b }: Named<['a', 'b'], Value>, lead: Value, dy: Value): InputGrads {
  const ahead = reluGrad(lead, dy);
  const notBehind = sub(dy, reluGrad(neg(lead), dy));
  const share = mul(add(ahead, notBehind), scalarLike(dy, 0.5));
  return { a: sumTo(share, a), b: sumTo(sub(dy, share), b) };
}

/** -x */
export const neg = defineOp('neg', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, (v) => -v),
  gradient: (_, dy): InputGrads => ({ x: neg(dy) }),
  onnx: (b, { x }) => b.Neg(x),
});

/** |x|; at 0 the gradient is 0, as in PyTorch. */
export const abs = defineOp('abs', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, Math.abs),
  gradient: ({ x }, dy): InputGrads => ({ x: sub(reluGrad(x, dy), reluGrad(neg(x), dy)) }),
  onnx: (b, { x }) => b.Abs(x),
});

/** x to the power of a number; NaN for x below 0 and a broken exponent. */
export const pow = defineOp('pow', {
  inputs: ['x'],
  traits: { elementwise: 'partial', halves: 'stays' },
  type: sameType,
  reference: ({ x }, { exponent }: { readonly exponent: number }) =>
    mapArray(x, (v) => v ** exponent),
  gradient: ({ x }, dy, { exponent }): InputGrads => ({
    x: mul(dy, mul(power(x, exponent - 1), scalarLike(x, exponent))),
  }),
  onnx: (b, { x }, { exponent }, { in: types }) =>
    b.Pow(x, b.scalar(exponent, floatTypeOf(types.x))),
});

/** x to the power of a number, by a product or a root where that is the same. */
export function power(x: Value, exponent: number): Value {
  if (exponent === 1) return x;
  if (exponent === 2) return mul(x, x);
  return exponent === 0.5 ? sqrt(x) : pow(x, { exponent });
}

/** Square root. */
export const sqrt = defineOp('sqrt', {
  inputs: ['x'],
  traits: { elementwise: 'partial', halves: 'stays' },
  type: sameType,
  reference: ({ x }) => mapArray(x, Math.sqrt),
  gradient: (_, dy, __, y): InputGrads => ({ x: div(dy, add(y, y)) }),
  onnx: (b, { x }) => b.Sqrt(x),
});

/** e^x */
export const exp = defineOp('exp', {
  inputs: ['x'],
  traits: { elementwise: 'partial', halves: 'stays' },
  type: sameType,
  reference: ({ x }) => mapArray(x, Math.exp),
  gradient: (_, dy, __, y): InputGrads => ({ x: mul(dy, y) }),
  onnx: (b, { x }) => b.Exp(x),
});

/** Natural logarithm. */
export const log = defineOp('log', {
  inputs: ['x'],
  traits: { elementwise: 'partial', halves: 'stays' },
  type: sameType,
  reference: ({ x }) => mapArray(x, Math.log),
  gradient: ({ x }, dy): InputGrads => ({ x: div(dy, x) }),
  onnx: (b, { x }) => b.Log(x),
});

/** Hyperbolic tangent. */
export const tanh = defineOp('tanh', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, Math.tanh),
  gradient: (_, dy, __, y): InputGrads => ({ x: mul(dy, sub(scalarLike(y, 1), mul(y, y))) }),
  onnx: (b, { x }) => b.Tanh(x),
});

/** 1 / (1 + e^-x) */
export const sigmoid = defineOp('sigmoid', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, logistic),
  gradient: (_, dy, __, y): InputGrads => ({ x: mul(dy, mul(y, sub(scalarLike(y, 1), y))) }),
  onnx: (b, { x }) => b.Sigmoid(x),
});

/** 1 / (1 + e^-x) of a number. */
export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** max(x, 0). At 0 the gradient is 0, as in PyTorch. */
export const relu = defineOp('relu', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, (v) => Math.max(v, 0)),
  gradient: (_, dy, __, y): InputGrads => ({ x: reluGrad(y, dy) }),
  onnx: (b, { x }) => b.Relu(x),
});

/** dy where x > 0, else 0; x may be ReLU's input or its output. */
export const reluGrad = defineOp('reluGrad', {
  inputs: ['x', 'dy'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: equalTypes,
  reference: ({ x, dy }) => broadcastArrays(x, dy, (v, g) => (v > 0 ? g : 0)),
  onnx: (b, { x, dy }, _, { in: types }) => {
    const zero = b.scalar(0, floatTypeOf(types.x));
    return b.Where(b.Greater(x, zero), dy, zero);
  },
});

/** SiLU (swish), x * sigmoid(x). Source: arXiv 1702.03118. */
export const silu = defineOp('silu', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, (v) => v * logistic(v)),
  gradient: ({ x }, dy, _, y): InputGrads => ({ x: siluGrad(x, dy, y) }),
  onnx: (b, { x }) => b.Mul(x, b.Sigmoid(x)),
});

/** dy * (s + x * s * (1 - s)) with s = sigmoid(x); y is silu(x), if it is at hand. */
export const siluGrad = defineOp('siluGrad', {
  inputs: ['x', 'dy', 'y?'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: equalTypes,
  reference: ({ x, dy }) =>
    broadcastArrays(x, dy, (v, g) => {
      const s = logistic(v);
      return g * (s + v * s * (1 - s));
    }),
  onnx: (b, { x, dy, y }) => {
    // s + x*s*(1-s) = s + y - y*s: passes over the map are what it costs.
    const s = b.Sigmoid(x);
    const made = y ?? b.Mul(x, s);
    return b.Mul(dy, b.Add(s, b.Sub(made, b.Mul(made, s))));
  },
});

export interface HardSigmoidAttributes {
  /** The slope (default: 1/6). */
  readonly alpha?: number;
  /** The value at 0 (default: 1/2). */
  readonly beta?: number;
}

const hardSigmoidOf = (v: number, { alpha = 1 / 6, beta = 0.5 }: HardSigmoidAttributes): number =>
  Math.min(Math.max(alpha * v + beta, 0), 1);

/** min(max(alpha * x + beta, 0), 1); unless told min(max(x + 3, 0), 6) / 6, as PyTorch's hardsigmoid. */
export const hardSigmoid = defineOp('hardSigmoid', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }, attrs: HardSigmoidAttributes) => mapArray(x, (v) => hardSigmoidOf(v, attrs)),
  gradient: ({ x }, dy, attrs): InputGrads => ({ x: hardSigmoidGrad(x, dy, attrs) }),
  onnx: (b, { x }, { alpha = 1 / 6, beta = 0.5 }) => b.HardSigmoid(x, { alpha, beta }),
});

/** alpha * dy where 0 < alpha * x + beta < 1, else 0. */
export const hardSigmoidGrad = defineOp('hardSigmoidGrad', {
  inputs: ['x', 'dy'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: equalTypes,
  reference: ({ x, dy }, { alpha = 1 / 6, beta = 0.5 }: HardSigmoidAttributes) =>
    broadcastArrays(x, dy, (v, g) =>
      Math.abs(v - (0.5 - beta) / alpha) < 0.5 / alpha ? g * alpha : 0,
    ),
  onnx: (b, { x, dy }, { alpha = 1 / 6, beta = 0.5 }, { in: types }) => {
    const dtype = floatTypeOf(types.x);
    const centre = (0.5 - beta) / alpha;
    const centred = centre === 0 ? x : b.Sub(x, b.scalar(centre, dtype));
    const inside = b.Less(b.Abs(centred), b.scalar(0.5 / alpha, dtype));
    return b.Where(inside, b.Mul(dy, b.scalar(alpha, dtype)), b.scalar(0, dtype));
  },
});

/** x * hardSigmoid(x). Source: arXiv 1905.02244, section 5.2. */
export const hardSwish = defineOp('hardSwish', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, (v) => v * hardSigmoidOf(v, {})),
  gradient: ({ x }, dy): InputGrads => ({ x: hardSwishGrad(x, dy) }),
  onnx: (b, { x }) => b.HardSwish(x),
});

/** dy * (0 below -3, 1 above 3, x/3 + 1/2 between). */
export const hardSwishGrad = defineOp('hardSwishGrad', {
  inputs: ['x', 'dy'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: equalTypes,
  reference: ({ x, dy }) =>
    broadcastArrays(x, dy, (v, g) => g * (v <= -3 ? 0 : v >= 3 ? 1 : v / 3 + 0.5)),
  onnx: (b, { x, dy }, _, { in: types }) => {
    const dtype = floatTypeOf(types.x);
    const three = b.scalar(3, dtype);
    const middle = b.Add(b.Div(x, three), b.scalar(0.5, dtype));
    const upper = b.Where(b.GreaterOrEqual(x, three), b.scalar(1, dtype), middle);
    const low = b.LessOrEqual(x, b.scalar(-3, dtype));
    return b.Mul(dy, b.Where(low, b.scalar(0, dtype), upper));
  },
});

/** The error function to about 1e-13: its power series near 0, a continued fraction of erfc beyond. */
export function errorFunction(x: number): number {
  const t = Math.abs(x);
  if (t > 6) return Math.sign(x);
  if (t < 2.5) {
    let term = t;
    let sum = t;
    for (let n = 1; n < 100 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-t * t) / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(x) * ((2 / Math.sqrt(Math.PI)) * sum);
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (t + fraction);
  return Math.sign(x) * (1 - Math.exp(-t * t) / ((t + fraction) * Math.sqrt(Math.PI)));
}

/** The error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
export const erf = defineOp('erf', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, errorFunction),
  gradient: ({ x }, dy): InputGrads => {
    const density = exp(neg(mul(x, x)));
    return { x: mul(dy, mul(density, scalarLike(x, 2 / Math.sqrt(Math.PI)))) };
  },
  onnx: (b, { x }) => b.Erf(x),
});

/** GELU, x/2 * (1 + erf(x / sqrt 2)), PyTorch's default form. Source: arXiv 1606.08415. */
export const gelu = defineOp('gelu', {
  inputs: ['x'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: sameType,
  reference: ({ x }) => mapArray(x, (v) => (v / 2) * (1 + errorFunction(v / Math.SQRT2))),
  gradient: ({ x }, dy): InputGrads => ({ x: geluGrad(x, dy) }),
  onnx: (b, { x }, _, { in: types }) => {
    const dtype = floatTypeOf(types.x);
    const half = b.Mul(x, b.scalar(0.5, dtype));
    return b.Mul(half, b.Add(b.Erf(b.Mul(x, b.scalar(Math.SQRT1_2, dtype))), b.scalar(1, dtype)));
  },
});

/** dy * (Phi(x) + x * phi(x)), with the normal distribution's Phi and density phi. */
export const geluGrad = defineOp('geluGrad', {
  inputs: ['x', 'dy'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: equalTypes,
  reference: ({ x, dy }) =>
    broadcastArrays(x, dy, (v, g) => {
      const density = Math.exp((-v * v) / 2) / Math.sqrt(2 * Math.PI);
      return g * ((1 + errorFunction(v / Math.SQRT2)) / 2 + v * density);
    }),
  onnx: (b, { x, dy }, _, { in: types }) => {
    const dtype = floatTypeOf(types.x);
    const scaled = b.Erf(b.Mul(x, b.scalar(Math.SQRT1_2, dtype)));
    const cumulative = b.Mul(b.Add(scaled, b.scalar(1, dtype)), b.scalar(0.5, dtype));
    const square = b.Mul(b.Mul(x, x), b.scalar(-0.5, dtype));
    const density = b.Mul(b.Exp(square), b.scalar(1 / Math.sqrt(2 * Math.PI), dtype));
    return b.Mul(dy, b.Add(cumulative, b.Mul(x, density)));
  },
});
