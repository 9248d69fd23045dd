import { channelMoments } from '../../ops/moments.js';
import type { NodeTypes } from '../../ir/graph.js';
import {
  batchNormGrad,
  batchNormInference,
  batchNormTrain,
  type BatchNormAttributes,
} from '../../ops/norm.js';
import { invariant } from '../../../support/errors.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { sizeOfMap, type Blocks, type MapSize } from './blocks.js';
import { layouts, type Rule } from './rule.js';

const pixelsOf = ({ batch, height, width }: MapSize): number => batch * height * width;

const notMap = (_: object, { inputs: [x] }: NodeTypes): string | undefined =>
  x?.shape.length === 4 ? undefined : 'not a map [N,C,H,W]';

/** 1 / sqrt(variance + epsilon) */
function reciprocalDeviation({ b }: Blocks, variance: OnnxValue, epsilon: number): OnnxValue {
  return b.Reciprocal(b.Sqrt(b.Add(variance, b.scalar(epsilon))));
}

/**
 * Statistics by two passes that only read, sum x and sum x*x, then one affine per channel. The
 * variance as a difference of moments loses digits where the mean is far larger than the deviation;
 * what comes out of a convolution has a mean of the deviation's size.
 */
const train: Rule<BatchNormAttributes> = {
  op: batchNormTrain,
  name: 'blocked-moments',
  layouts: layouts('bpp', 'bpp'),
  declines: notMap,
  spell: (k, [x, scale, bias], { epsilon }, { inputs }) => {
    invariant(x && scale && bias, 'batchNormTrain has operands');
    const { b } = k;
    const size = sizeOfMap(inputs[0]);
    const { channels } = size;
    const share = b.scalar(1 / pixelsOf(size));
    const mean = k.meanOfMaps(x, size);
    const square = b.Mul(k.sumBatch(k.dotRows(x, x, size)), share);
    const variance = b.Relu(b.Sub(square, b.Mul(mean, mean)));
    const a = b.Mul(k.padVector(scale, channels), reciprocalDeviation(k, variance, epsilon));
    const shift = b.Sub(k.padVector(bias, channels), b.Mul(mean, a));
    const y = k.affine(x, a, size, { bias: shift });
    return [y, k.cutVector(mean, channels), k.cutVector(variance, channels)];
  },
};

/**
 * dx = a*dy + k*x + c with per-channel a = scale/s, k = -a*dscale/(s*M), c = -a*dbias/M - k*mean,
 * where s is the deviation and M the number of pixels: two passes that only read, two that write.
 */
const gradient: Rule<BatchNormAttributes> = {
  op: batchNormGrad,
  name: 'blocked-moments',
  layouts: layouts('bpppb', 'bpp'),
  declines: notMap,
  spell: (k, [x, scale, mean, variance, dy], { epsilon }, { inputs }) => {
    invariant(x && scale && mean && variance && dy, 'batchNormGrad has operands');
    const { b } = k;
    const size = sizeOfMap(inputs[0]);
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
    return [dx, k.cutVector(dscale, channels), k.cutVector(dbias, channels)];
  },
};

/** By given statistics: one affine per channel. */
const inference: Rule<BatchNormAttributes> = {
  op: batchNormInference,
  name: 'blocked-affine',
  layouts: layouts('bpppp', 'b'),
  declines: notMap,
  spell: (k, [x, scale, bias, mean, variance], { epsilon }, { inputs }) => {
    invariant(x && scale && bias && mean && variance, 'batchNormInference has operands');
    const { b } = k;
    const size = sizeOfMap(inputs[0]);
    const a = b.Mul(scale, reciprocalDeviation(k, variance, epsilon));
    const shift = k.padVector(b.Sub(bias, b.Mul(mean, a)), size.channels);
    return [k.affine(x, k.padVector(a, size.channels), size, { bias: shift })];
  },
};

/** Centred, then a matrix product over pixels. */
const moments: Rule = {
  op: channelMoments,
  name: 'blocked-rows',
  layouts: layouts('b', 'pp'),
  declines: notMap,
  spell: (k, [x], _, { inputs }) => {
    invariant(x, 'channelMoments has an operand');
    const { b } = k;
    const size = sizeOfMap(inputs[0]);
    const share = 1 / pixelsOf(size);
    const mean = k.meanOfMaps(x, size);
    const cut = k.cutVector(mean, size.channels);
    const centred = b.Sub(k.rows(x, size), k.reshape(cut, size.channels, 1));
    const products = b.ms.FusedMatMul(centred, centred, { transB: 1, alpha: share });
    return [cut, k.sumBatch(products)];
  },
};

/** Batch normalisation and moments over blocked maps. */
export const normRules = [train, gradient, inference, moments] as const;
