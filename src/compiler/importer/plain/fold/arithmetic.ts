/** Evaluates the operators that compute element by element, and those that reduce. */
import { errorFunction } from '../../../ops/elementwise.js';
import type { DType } from '../../../../support/dtype.js';
import type { TensorData } from '../../../../support/tensor.js';
import { elementTypeOf } from '../../../onnx/elementTypes.js';
import { int } from '../../../onnx/shapes/valueTable.js';
import { isFloat, mapped, read, tensorOf } from '../constants.js';
import {
  axisOf,
  isMakeable,
  listed,
  sizeOfShape,
  type Evaluator,
  type Evaluators,
} from './context.js';
import { broadcastPlaces, broadcastSizes } from './moves.js';

type Combine = (a: number, b: number) => number;

function combined(
  a: TensorData,
  b: TensorData,
  dtype: DType,
  combine: Combine,
): TensorData | undefined {
  const shape = broadcastSizes(a.shape, b.shape);
  if (!shape || !isMakeable(shape)) return undefined;
  const [x, y] = [read(a), read(b)];
  const size = sizeOfShape(shape);
  const out = new Float64Array(size);
  const [atX, atY] = [placesOf(a, shape), placesOf(b, shape)];
  for (let i = 0; i < size; i++) out[i] = combine(x[atX?.[i] ?? i] ?? 0, y[atY?.[i] ?? i] ?? 0);
  return tensorOf(dtype, shape, out);
}

function placesOf(x: TensorData, shape: readonly number[]): Int32Array | undefined {
  return x.data.length === sizeOfShape(shape) ? undefined : broadcastPlaces(x.shape, shape);
}

/** The result has the operands' type. */
function binary(combine: (real: boolean, mode: number) => Combine): Evaluator {
  return ({ node, inputs: [a, b] }) => {
    if (!a || !b) return undefined;
    const made = combined(a, b, a.dtype, combine(isFloat(a), int(node, 'fmod', 0)));
    return made && [made];
  };
}

function comparison(holds: (a: number, b: number) => boolean): Evaluator {
  return ({ inputs: [a, b] }) => {
    const made = a && b && combined(a, b, 'bool', (x, y) => Number(holds(x, y)));
    return made && [made];
  };
}

function unary(apply: (x: number) => number): Evaluator {
  return ({ x }) => [tensorOf(x.dtype, x.shape, mapped(read(x), apply))];
}

/** Rounds as ONNX does, halves to even. */
export function roundEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

const where: Evaluator = ({ inputs: [test, yes, no] }) => {
  if (!test || !yes || !no) return undefined;
  const shape = broadcastSizes(test.shape, yes.shape);
  const whole = shape && broadcastSizes(shape, no.shape);
  if (!whole || !isMakeable(whole)) return undefined;
  const [t, a, b] = [read(test), read(yes), read(no)];
  const [atT, atA, atB] = [test, yes, no].map((x) => broadcastPlaces(x.shape, whole));
  const out = Float64Array.from({ length: sizeOfShape(whole) }, (_, i) =>
    t[atT?.[i] ?? i] === 0 ? (b[atB?.[i] ?? i] ?? 0) : (a[atA?.[i] ?? i] ?? 0),
  );
  return [tensorOf(yes.dtype, whole, out)];
};

const cast: Evaluator = ({ node, x }) => {
  const type = elementTypeOf(int(node, 'to', 1));
  const values = read(x);
  switch (type) {
    case 'float16':
    case 'bfloat16':
    case 'float64':
    case 'float32':
      return [x.dtype === 'float32' ? x : tensorOf('float32', x.shape, values)];
    case 'bool':
      return [
        tensorOf(
          'bool',
          x.shape,
          mapped(values, (value) => Number(value !== 0)),
        ),
      ];
    case 'int64':
    case 'int32':
    case 'uint8':
      return [x.dtype === type ? x : tensorOf(type, x.shape, mapped(values, Math.trunc))];
    default:
      // int8 and its like are held as int32.
      return type === undefined || isFloat(x) ? undefined : [x];
  }
};

const constantOfShape: Evaluator = (folding) => {
  const shape = listed(folding, 0);
  if (!shape || !isMakeable(shape)) return undefined;
  const given = folding.node.attributes.get('value');
  const like =
    given?.type === 'tensor' && typeof given.value.dtype === 'string' ? given.value : undefined;
  if (given && !like) return undefined;
  const value = like ? Number(like.data[0] ?? 0) : 0;
  return [
    tensorOf(like?.dtype ?? 'float32', shape, new Float64Array(sizeOfShape(shape)).fill(value)),
  ];
};

const range: Evaluator = ({ inputs, x }) => {
  const [start, limit, delta] = inputs.map((input) => Number(input?.data[0] ?? NaN));
  if (start === undefined || limit === undefined || !delta) return undefined;
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  if (!isMakeable([length])) return undefined;
  return [
    tensorOf(
      x.dtype,
      [length],
      Float64Array.from({ length }, (_, i) => start + i * delta),
    ),
  ];
};

/** Reduces `axes` of a tensor, whose elements come grouped by result. */
function reduction(start: number, combine: Combine, finish: Combine = (sum) => sum): Evaluator {
  return (folding) => {
    const { node, x } = folding;
    const rank = x.shape.length;
    const axes = (listed(folding, 1) ?? x.shape.map((_, i) => i)).map((axis) => axisOf(axis, rank));
    if (!axes.every((axis) => axis !== undefined)) return undefined;
    const kept = x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
    const places = broadcastPlaces(kept, x.shape);
    const out = new Float64Array(sizeOfShape(kept)).fill(start);
    const values = read(x);
    for (let i = 0; i < values.length; i++) {
      const at = places[i] ?? 0;
      out[at] = combine(out[at] ?? 0, values[i] ?? 0);
    }
    const count = out.length === 0 ? 0 : values.length / out.length;
    const shape = int(node, 'keepdims', 1) === 1 ? kept : kept.filter((_, i) => !axes.includes(i));
    return [
      tensorOf(
        x.dtype,
        shape,
        out.map((value) => finish(value, count)),
      ),
    ];
  };
}

const clip: Evaluator = ({ inputs, x }) => {
  const [low, high] = [inputs[1], inputs[2]].map((bound) => bound && Number(bound.data[0] ?? 0));
  const one = (value: number): number =>
    Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value));
  return [tensorOf(x.dtype, x.shape, mapped(read(x), one))];
};

const cumSum: Evaluator = (folding) => {
  const { node, x } = folding;
  const axis = axisOf(listed(folding, 1)?.[0] ?? 0, x.shape.length);
  if (axis === undefined || int(node, 'reverse', 0) === 1 || int(node, 'exclusive', 0) === 1)
    return undefined;
  const out = Float64Array.from(read(x));
  const inner = sizeOfShape(x.shape.slice(axis + 1));
  const size = x.shape[axis] ?? 0;
  for (let i = 0; i < out.length; i++)
    if (Math.floor(i / inner) % size > 0) out[i] = (out[i] ?? 0) + (out[i - inner] ?? 0);
  return [tensorOf(x.dtype, x.shape, out)];
};

const nonZero: Evaluator = ({ x }) => {
  const rank = x.shape.length;
  const found: number[][] = Array.from({ length: rank }, () => []);
  const values = read(x);
  const sizes = x.shape.map((_, i) => sizeOfShape(x.shape.slice(i + 1)));
  for (let at = 0; at < values.length; at++)
    if (values[at] !== 0)
      for (const [axis, places] of found.entries())
        places.push(Math.floor(at / (sizes[axis] ?? 1)) % (x.shape[axis] ?? 1));
  return [tensorOf('int64', [rank, found[0]?.length ?? 0], found.flat())];
};

const argMax: Evaluator = ({ node, x }) => {
  const axis = axisOf(int(node, 'axis', 0), x.shape.length);
  if (axis === undefined || x.shape.length !== 1) return undefined;
  const values = Array.from(read(x));
  const at = values.indexOf(Math.max(...values.slice(0, 65_536)));
  if (values.length > 65_536) return undefined;
  return [tensorOf('int64', int(node, 'keepdims', 1) === 1 ? [1] : [], [at])];
};

/** A product of matrices, which attention masks and positions are sometimes made with. */
const matMul: Evaluator = ({ inputs: [a, b] }) => {
  const [rows = 0, inner = 0] = a?.shape ?? [];
  const [depth, columns = 0] = b?.shape ?? [];
  if (!a || !b || a.shape.length !== 2 || b.shape.length !== 2 || depth !== inner) return undefined;
  if (rows * inner * columns > 2 ** 26 || !isMakeable([rows, columns])) return undefined;
  const [x, y] = [read(a), read(b)];
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < inner; k++)
      for (let j = 0, by = x[i * inner + k] ?? 0; j < columns; j++)
        out[i * columns + j] = (out[i * columns + j] ?? 0) + by * (y[k * columns + j] ?? 0);
  return [tensorOf(a.dtype, [rows, columns], out)];
};

/**
 * Batch norm of a constant. In training form it takes the constant's own statistics, which is how weights are
 * standardised.
 */
const batchNorm: Evaluator = ({ node, inputs, x }) => {
  const channels = x.shape[1] ?? 0;
  const parts = inputs.slice(1, 5).map((input) => input && Float64Array.from(read(input)));
  const [scale, bias, mean, variance] = parts;
  if (!scale || !bias || !mean || !variance || parts.some((part) => part?.length !== channels))
    return undefined;
  const inner = sizeOfShape(x.shape.slice(2));
  const values = read(x);
  const channelOf = (at: number): number => Math.floor(at / inner) % channels;
  if (int(node, 'training_mode', 0) === 1) {
    const share = channels / values.length;
    mean.fill(0);
    variance.fill(0);
    for (let i = 0; i < values.length; i++)
      mean[channelOf(i)] = (mean[channelOf(i)] ?? 0) + (values[i] ?? 0) * share;
    for (let i = 0; i < values.length; i++) {
      const c = channelOf(i);
      variance[c] = (variance[c] ?? 0) + ((values[i] ?? 0) - (mean[c] ?? 0)) ** 2 * share;
    }
  }
  const given = node.attributes.get('epsilon');
  const epsilon = given?.type === 'float' ? given.value : 1e-5;
  const out = Float64Array.from({ length: values.length }, (_, i) => {
    const c = channelOf(i);
    const centred = (values[i] ?? 0) - (mean[c] ?? 0);
    return (centred / Math.sqrt((variance[c] ?? 0) + epsilon)) * (scale[c] ?? 0) + (bias[c] ?? 0);
  });
  return [tensorOf(x.dtype, x.shape, out)];
};

const eyeLike: Evaluator = ({ node, x }) => {
  const type = elementTypeOf(int(node, 'dtype', 0)) ?? x.dtype;
  const [, columns = 1] = x.shape;
  const diagonal = int(node, 'k', 0);
  if (typeof type !== 'string' || x.shape.length !== 2) return undefined;
  const one = (_: unknown, i: number): number =>
    Number((i % columns) - Math.floor(i / columns) === diagonal);
  return [tensorOf(type, x.shape, Float64Array.from({ length: x.data.length }, one))];
};

/** Operators that compute with elements. */
export const arithmetic: Evaluators = {
  Add: binary(() => (a, b) => a + b),
  Sub: binary(() => (a, b) => a - b),
  Mul: binary(() => (a, b) => a * b),
  Div: binary((real) => (a, b) => (real ? a / b : b === 0 ? 0 : Math.trunc(a / b))),
  Pow: binary((real) => (a, b) => (real ? a ** b : Math.trunc(a ** b))),
  Mod: binary((real, fmod) => (a, b) => (fmod === 1 ? a % b : a - b * Math.floor(a / b))),
  Min: binary(() => Math.min),
  Max: binary(() => Math.max),
  And: binary(() => (a, b) => Number(a !== 0 && b !== 0)),
  Or: binary(() => (a, b) => Number(a !== 0 || b !== 0)),
  Xor: binary(() => (a, b) => Number((a !== 0) !== (b !== 0))),
  Equal: comparison((a, b) => a === b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Not: unary((x) => Number(x === 0)),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundEven),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tanh: unary(Math.tanh),
  Erf: unary(errorFunction),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(0, x)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Softplus: unary((x) => Math.log1p(Math.exp(x))),
  Clip: clip,
  Where: where,
  Cast: cast,
  ConstantOfShape: constantOfShape,
  Range: range,
  CumSum: cumSum,
  NonZero: nonZero,
  ArgMax: argMax,
  MatMul: matMul,
  BatchNormalization: batchNorm,
  EyeLike: eyeLike,
  ReduceSum: reduction(0, (a, b) => a + b),
  ReduceMean: reduction(
    0,
    (a, b) => a + b,
    (sum, count) => sum / count,
  ),
  ReduceProd: reduction(1, (a, b) => a * b),
  ReduceMax: reduction(-Infinity, Math.max),
  ReduceMin: reduction(Infinity, Math.min),
  ReduceL2: reduction(
    0,
    (a, b) => a + b * b,
    (sum) => Math.sqrt(sum),
  ),
  ReduceL1: reduction(0, (a, b) => a + Math.abs(b)),
  ReduceSumSquare: reduction(0, (a, b) => a + b * b),
};
