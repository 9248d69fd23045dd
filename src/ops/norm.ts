import type { TensorType } from '../ir/graph.js';
import { ndarray } from '../ir/ndarray.js';
import { defineOp, TypeFault } from '../ir/op.js';
import { formatShape, staticDim } from '../support/shape.js';
import { tensorData } from '../support/tensor.js';
import { reduceSum } from './broadcast.js';
import { add, mul } from './elementwise.js';
import { countOnnx } from './reduce.js';
import { reshape } from './shape.js';
import { scalarLike } from './constant.js';
import { div, sqrt, sub } from './elementwise.js';

export interface BatchNormAttributes {
  /** Added to the variance. */
  readonly epsilon: number;
}

/** Axes of [N,C,H,W] or [N,C] over which a channel's statistics are taken. */
const statisticAxes = (rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => i).filter((axis) => axis !== 1);

/** [C] as [1,C,1,1]. */
const perChannel = (channels: number, rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => (i === 1 ? channels : 1));

function checkChannels(x: TensorType, scale: TensorType): void {
  if (x.shape.length < 2 || staticDim(x.shape[1]) !== staticDim(scale.shape[0]))
    throw new TypeFault(
      'channel-mismatch',
      `${formatShape(scale.shape)} does not fit the channels of ${formatShape(x.shape)}`,
    );
}

/**
 * Batch normalisation by the batch's own statistics: x [N,C,...], scale and bias [C] -> y, and the
 * mean and population variance of each channel. Source: arXiv 1502.03167; ONNX BatchNormalization.
 */
export const batchNormTrain = defineOp('batchNormTrain', {
  inputs: ['x', 'scale', 'bias'],
  outputs: ['y', 'mean', 'variance'],
  type: ({ x, scale }, _: BatchNormAttributes) => {
    checkChannels(x, scale);
    return { y: x, mean: scale, variance: scale };
  },
  reference: ({ x, scale, bias }, { epsilon }) => {
    const channels = x.shape[1] ?? 1;
    const inner = x.shape.slice(2).reduce((a, v) => a * v, 1);
    const channelOf = (at: number): number => Math.floor(at / inner) % channels;
    const count = x.data.length / channels;
    const mean = ndarray([channels]);
    const variance = ndarray([channels]);
    x.data.forEach((v, at) => (mean.data[channelOf(at)]! += v / count));
    return { y: x, mean, variance, scale, bias, epsilon };
  },
  onnx: (b, { x, scale, bias }, { epsilon }, { out }) => {
    const channels = staticDim(out.mean.shape[0]);
    // ONNX Runtime writes the new running statistics into the buffers of the old ones, initializers
    // too: each node needs constants of its own. Momentum 0 makes them the batch's own statistics.
    const zeros = b.ownConstant(tensorData('float32', [channels], new Float32Array(channels)));
    const ones = b.ownConstant(tensorData('float32', [channels], new Float32Array(channels).fill(1)));
    const [y, mean, variance] = b.BatchNormalization(x, scale, bias, zeros, ones, {
      epsilon,
      momentum: 0,
      training_mode: 1,
    });
    return { y, mean, variance };
  },
});
