import type { TensorType } from '../../ir/graph.js';
import { channelMoments } from '../../ops/moments.js';
import { batchNormGrad, batchNormInference, batchNormTrain } from '../../ops/norm.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { sizeOfMap, type Blocks, type MapSize } from './blocks.js';
import { blocked } from './blocked.js';

const pixelsOf = ({ batch, height, width }: MapSize): number => batch * height * width;

const ofMap = ({ x }: { readonly x: TensorType }): true | string =>
  x.shape.length === 4 || 'not a map [N,C,H,W]';

/** 1 / sqrt(variance + epsilon) */
function reciprocalDeviation({ b }: Blocks, variance: OnnxValue, epsilon: number): OnnxValue {
  return b.Reciprocal(b.Sqrt(b.Add(variance, b.scalar(epsilon))));
}

/**
 * Statistics by two passes that only read, sum x and sum x*x, then one affine per channel. The
 * variance as a difference of moments loses digits if the mean is far larger than the deviation;
 * what comes out of a convolution has a mean of the deviation's size.
 */
const train = blocked(batchNormTrain, {
  name: 'blocked-moments',
  passes: () => 6,
  layouts: { in: { x: 'blocked' }, out: { y: 'blocked' } },
  when: ofMap,
  onnx: (k, { x, scale, bias }, { epsilon }, { in: types }) => {
    const { b } = k;
    const size = sizeOfMap(types.x);
    const { channels } = size;
    const share = b.scalar(1 / pixelsOf(size));
    const mean = k.meanOfMaps(x, size);
    const square = b.Mul(k.sumBatch(k.dotRows(x, x, size)), share);
    const variance = b.Relu(b.Sub(square, b.Mul(mean, mean)));
    const a = b.Mul(k.padVector(scale, channels), reciprocalDeviation(k, variance, epsilon));
    const shift = b.Sub(k.padVector(bias, channels), b.Mul(mean, a));
    const y = k.affine(x, a, size, { bias: shift });
    return {
      y,
      mean: k.cutVector(mean, channels),
      variance: k.cutVector(variance, channels),
    };
  },
});

/**
 * dx = a*dy + k*x + c with per-channel a = scale/s, k = -a*dscale/(s*M), c = -a*dbias/M - k*mean,
 * where s is the deviation and M the number of pixels: two passes that only read, two that write.
 */
const gradient = blocked(batchNormGrad, {
  name: 'blocked-moments',
  passes: () => 8,
  layouts: { in: { x: 'blocked', dy: 'blocked' }, out: { dx: 'blocked' } },
  when: ofMap,
  onnx: (k, { x, scale, mean, variance, dy }, { epsilon }, { in: types }) => {
    const { b } = k;
    const size = sizeOfMap(types.x);
    const { channels } = size;
    const share = b.scalar(1 / pixelsOf(size));
    const mu = k.padVector(mean, channels);
    const dbias = k.sumBatch(k.sumRows(dy, size));
    const product = k.sumBatch(k.dotRows(dy, x, size));
    const rstd = reciprocalDeviation(k, k.padVector(variance, channels), epsilon);
    const dscale = b.Mul(rstd, b.Sub(product, b.Mul(mu, dbias)));
    const a = b.Mul(k.padVector(scale, channels), rstd);
    const slope = b.Neg(b.Mul(b.Mul(a, rstd), b.Mul(dscale, share)));
    const shift = b.Neg(b.Add(b.Mul(a, b.Mul(dbias, share)), b.Mul(slope, mu)));
    const fromX = k.affine(x, slope, size, { bias: shift });
    const dx = k.affine(dy, a, size, { sum: fromX });
    return {
      dx,
      dscale: k.cutVector(dscale, channels),
      dbias: k.cutVector(dbias, channels),
    };
  },
});

/** Normalisation by given statistics: one affine map per channel. */
const inference = blocked(batchNormInference, {
  name: 'blocked-affine',
  layouts: { in: { x: 'blocked' }, out: 'blocked' },
  when: ofMap,
  onnx: (k, { x, scale, bias, mean, variance }, { epsilon }, { in: types }) => {
    const { b } = k;
    const size = sizeOfMap(types.x);
    const a = b.Mul(scale, reciprocalDeviation(k, variance, epsilon));
    const shift = k.padVector(b.Sub(bias, b.Mul(mean, a)), size.channels);
    return k.affine(x, k.padVector(a, size.channels), size, { bias: shift });
  },
});

/** Centred, then a matrix product over pixels. */
const moments = blocked(channelMoments, {
  name: 'blocked-rows',
  passes: () => 5,
  layouts: { in: { x: 'blocked' } },
  when: ofMap,
  onnx: (k, { x }, _, { in: types }) => {
    const { b } = k;
    const size = sizeOfMap(types.x);
    const share = 1 / pixelsOf(size);
    const mean = k.meanOfMaps(x, size);
    const cut = k.cutVector(mean, size.channels);
    const centred = b.Sub(k.rows(x, size), k.reshape(cut, size.channels, 1));
    const products = b.ms.FusedMatMul(centred, centred, { transB: 1, alpha: share });
    return { mean: cut, covariance: k.sumBatch(products) };
  },
});

/** Batch normalisation and moments over blocked maps. */
export const normRules = [train, gradient, inference, moments];
