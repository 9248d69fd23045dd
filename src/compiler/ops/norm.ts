import type { Opset } from '../../../generated/onnx/index.js';
import { type TensorType, TypeFault } from '../ir/graph.js';
import { ndarray, type NdArray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { floatTypeOf, type FloatType } from '../../support/dtype.js';
import { invariant } from '../../support/errors.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { formatShape, staticDim } from '../../support/shape.js';
import { reduceSum } from './broadcast.js';
import { scalarLike } from './constant.js';
import { add, div, mul, sqrt, sub } from './elementwise.js';
import { countOnnx } from './reduce.js';
import { reshape } from './shape.js';
import { narrowed, wideType, widened } from './widen.js';

export interface BatchNormAttributes {
  /** Added to the variance. */
  readonly epsilon: number;
}

/** Axes of [N,C,...] over which a channel's statistics are taken. */
const statisticAxes = (rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => i).filter((axis) => axis !== 1);

/** [C] as [1,C,1,1]. */
const channelShape = (channels: number, rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => (i === 1 ? channels : 1));

function checkChannels(x: TensorType, scale: TensorType): void {
  if (x.shape.length < 2 || staticDim(x.shape[1]) !== staticDim(scale.shape[0]))
    throw new TypeFault(
      'channel-mismatch',
      `${formatShape(scale.shape)} does not fit the channels of ${formatShape(x.shape)}`,
    );
}

/** Channel of each element of [N,C,...]. */
function channelIndex({ shape }: NdArray): (at: number) => number {
  const channels = shape[1] ?? 1;
  const inner = shape.slice(2).reduce((product, dim) => product * dim, 1);
  return (at) => Math.floor(at / inner) % channels;
}

/** Sum over each channel of f(element, offset, channel). */
function channelSums(x: NdArray, f: (v: number, at: number, channel: number) => number): NdArray {
  const sums = ndarray([x.shape[1] ?? 1]);
  const channelOf = channelIndex(x);
  x.data.forEach((v, at) => {
    const channel = channelOf(at);
    sums.data[channel] = (sums.data[channel] ?? 0) + f(v, at, channel);
  });
  return sums;
}

const scaled = (x: NdArray, factor: number): NdArray => ({
  shape: x.shape,
  data: x.data.map((v) => v * factor),
});

/** (x - mean) / sqrt(variance + epsilon) of each channel. */
function standardise(x: NdArray, mean: NdArray, variance: NdArray, epsilon: number): NdArray {
  const channelOf = channelIndex(x);
  const data = x.data.map((v, at) => {
    const c = channelOf(at);
    return (v - (mean.data[c] ?? NaN)) / Math.sqrt((variance.data[c] ?? NaN) + epsilon);
  });
  return { shape: x.shape, data };
}

function affine(x: NdArray, scale: NdArray, bias: NdArray): NdArray {
  const channelOf = channelIndex(x);
  const data = x.data.map(
    (v, at) => v * (scale.data[channelOf(at)] ?? NaN) + (bias.data[channelOf(at)] ?? NaN),
  );
  return { shape: x.shape, data };
}

/**
 * Batch normalisation by the batch's own statistics: x [N,C,...], scale and bias [C] -> y, and the
 * mean and population variance of each channel. A map x of 16 bits gives such a y; scale, bias and
 * statistics are of float32 then, and so is the arithmetic. Source: arXiv 1502.03167; ONNX BatchNormalization.
 */
export const batchNormTrain = defineOp('batchNormTrain', {
  inputs: ['x', 'scale', 'bias'],
  outputs: ['y', 'mean', 'variance'],
  traits: { elementwise: false, halves: 'follows', wide: ['scale', 'bias'], passes: () => 9 },
  type: ({ x, scale }, _: BatchNormAttributes) => {
    checkChannels(x, scale);
    return { y: x, mean: scale, variance: scale };
  },
  reference: ({ x, scale, bias }, { epsilon }) => {
    const count = x.data.length / (x.shape[1] ?? 1);
    const mean = scaled(
      channelSums(x, (v) => v),
      1 / count,
    );
    const squares = channelSums(x, (v, _, c) => (v - (mean.data[c] ?? NaN)) ** 2);
    const variance = scaled(squares, 1 / count);
    return { y: affine(standardise(x, mean, variance, epsilon), scale, bias), mean, variance };
  },
  // The statistics feed only the running averages, which no loss may depend on.
  gradient: ({ x, scale }, { y: dy, ...others }, attrs, { mean, variance }): InputGrads => {
    invariant(!others.mean && !others.variance, 'a loss depends on statistics of a batch norm');
    if (dy === undefined) return {};
    const { dx, dscale, dbias } = batchNormGrad(x, scale, mean, variance, dy, attrs);
    return { x: dx, scale: dscale, bias: dbias };
  },
  onnx: (b, { x, scale, bias }, { epsilon }, { in: types, out }) => {
    const channels = staticDim(out.mean.shape[0]);
    const dtype = out.mean.dtype === 'float64' ? 'float64' : 'float32';
    // Momentum 0 makes the new running statistics the batch's own; the old ones do not matter, but
    // ONNX Runtime writes the new ones into their buffers, which therefore nobody else may read.
    const [y, mean, variance] = b.BatchNormalization(
      widened(b, x, types.x),
      scale,
      bias,
      b.scratch(dtype, [channels]),
      b.scratch(dtype, [channels]),
      { epsilon, momentum: 0, training_mode: 1 },
      3,
    );
    return { y: narrowed(b, y, out.y), mean, variance };
  },
});

/**
 * Gradients of batchNormTrain's y. With h = (x - mean) / s, s = sqrt(variance + epsilon):
 * dbias = sum dy, dscale = sum dy*h, dx = scale/s * (dy - mean(dy) - h * mean(dy*h)).
 */
export const batchNormGrad = defineOp('batchNormGrad', {
  inputs: ['x', 'scale', 'mean', 'variance', 'dy'],
  outputs: ['dx', 'dscale', 'dbias'],
  traits: { elementwise: false, halves: 'stays', passes: () => 14 },
  type: ({ x, scale }, _: BatchNormAttributes) => ({ dx: x, dscale: scale, dbias: scale }),
  reference: ({ x, scale, mean, variance, dy }, { epsilon }) => {
    const h = standardise(x, mean, variance, epsilon);
    const dbias = channelSums(dy, (v) => v);
    const dscale = channelSums(dy, (v, at) => v * (h.data[at] ?? NaN));
    const count = x.data.length / (x.shape[1] ?? 1);
    const channelOf = channelIndex(x);
    const data = dy.data.map((v, at) => {
      const c = channelOf(at);
      const centred =
        v -
        (dbias.data[c] ?? NaN) / count -
        ((h.data[at] ?? NaN) * (dscale.data[c] ?? NaN)) / count;
      return ((scale.data[c] ?? NaN) / Math.sqrt((variance.data[c] ?? NaN) + epsilon)) * centred;
    });
    return { dx: { shape: x.shape, data }, dscale, dbias };
  },
  onnx: (b, given, { epsilon }, { in: types }) => {
    const { scale, mean, variance } = given;
    const [x, dy] = [widened(b, given.x, types.x), widened(b, given.dy, types.dy)];
    const rank = types.x.shape.length;
    const dtype = floatTypeOf(types.scale);
    const axes = statisticAxes(rank);
    const shape = channelShape(staticDim(types.scale.shape[0]), rank);
    const spread = (v: OnnxValue): OnnxValue => b.Reshape(v, b.ints(...shape));
    const sum = (v: OnnxValue): OnnxValue => b.ReduceSum(v, b.ints(...axes), { keepdims: 0 });
    const centred = b.Sub(x, spread(mean));
    const dbias = sum(dy);
    const rstd = reciprocalDeviation(b, variance, epsilon, dtype);
    const dscale = b.Mul(sum(b.Mul(dy, centred)), rstd);
    const count = countOnnx(b, x, wideType(types.x), axes);
    // dx as per-channel factors: a*dy + k*(x - mean) + c, so that a map is passed over three times.
    const a = b.Mul(scale, rstd);
    const k = b.Neg(b.Div(b.Mul(b.Mul(a, rstd), dscale), count));
    const c = b.Neg(b.Div(b.Mul(a, dbias), count));
    const fromX = b.Add(b.Mul(centred, spread(k)), spread(c));
    const dx = b.Add(b.Mul(dy, spread(a)), fromX);
    return { dx: narrowed(b, dx, types.x), dscale, dbias };
  },
});

function reciprocalDeviation(
  b: Opset,
  variance: OnnxValue,
  epsilon: number,
  dtype: FloatType,
): OnnxValue {
  return b.Reciprocal(b.Sqrt(b.Add(variance, b.scalar(epsilon, dtype))));
}

/** Batch normalisation by given statistics: x [N,C,...]; scale, bias, mean, variance [C]. Source: ONNX BatchNormalization. */
export const batchNormInference = defineOp('batchNormInference', {
  inputs: ['x', 'scale', 'bias', 'mean', 'variance'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ x, scale }, _: BatchNormAttributes) => {
    checkChannels(x, scale);
    return x;
  },
  reference: ({ x, scale, bias, mean, variance }, { epsilon }) =>
    affine(standardise(x, mean, variance, epsilon), scale, bias),
  // Statistics are constants here (a frozen layer), so this is a per-channel affine.
  gradient: ({ x, scale, mean, variance }, dy, { epsilon }): InputGrads => {
    const spread = channelShape(x.channels, x.rank);
    const deviation = sqrt(add(variance, scalarLike(variance, epsilon)));
    const factor = reshape(div(scale, deviation), { shape: spread });
    const h = div(sub(x, reshape(mean, { shape: spread })), reshape(deviation, { shape: spread }));
    const sum = { axes: statisticAxes(x.rank), keepDims: false };
    return { x: mul(dy, factor), scale: reduceSum(mul(dy, h), sum), bias: reduceSum(dy, sum) };
  },
  onnx: (b, { x, scale, bias, mean, variance }, { epsilon }) =>
    b.BatchNormalization(x, scale, bias, mean, variance, { epsilon }),
});
