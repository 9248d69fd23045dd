import { ndarray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { TypeFault } from '../ir/graph.js';
import { formatShape, staticDim } from '../../support/shape.js';
import { expandLike } from './broadcast.js';
import { conv } from './conv.js';
import { add, div, neg } from './elementwise.js';
import { matmul } from './matmul.js';
import { countOf, countOnnx } from './reduce.js';
import { reshape, transpose } from './shape.js';

/**
 * Mean [C] and population covariance [C,C] of the channels of a map x [N,C,H,W]; each pixel is one
 * observation of C numbers.
 */
export const channelMoments = defineOp('channelMoments', {
  inputs: ['x'],
  outputs: ['mean', 'covariance'],
  traits: { elementwise: false, halves: 'stays', passes: () => 4 },
  type: ({ x }) => {
    if (x.shape.length !== 4)
      throw new TypeFault('rank', `${formatShape(x.shape)} is not a feature map [N,C,H,W]`);
    const channels = staticDim(x.shape[1]);
    const { dtype } = x;
    return {
      mean: { dtype, shape: [channels] },
      covariance: { dtype, shape: [channels, channels] },
    };
  },
  reference: ({ x }) => {
    const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
    const pixels = height * width;
    const count = batch * pixels;
    const at = (n: number, c: number, p: number): number =>
      x.data[(n * channels + c) * pixels + p] ?? NaN;
    const mean = ndarray([channels]);
    const covariance = ndarray([channels, channels]);
    /** Sum over all pixels. */
    const sum = (f: (n: number, p: number) => number): number => {
      let total = 0;
      for (let n = 0; n < batch; n++) for (let p = 0; p < pixels; p++) total += f(n, p);
      return total;
    };
    for (let c = 0; c < channels; c++) mean.data[c] = sum((n, p) => at(n, c, p)) / count;
    for (let i = 0; i < channels; i++)
      for (let j = 0; j < channels; j++) {
        const [mi, mj] = [mean.data[i] ?? NaN, mean.data[j] ?? NaN];
        const product = sum((n, p) => (at(n, i, p) - mi) * (at(n, j, p) - mj));
        covariance.data[i * channels + j] = product / count;
      }
    return { mean, covariance };
  },
  // dx = K (x - mean) + dmean/M with K = (dcovariance + its transpose)/M: a 1x1 convolution with bias.
  gradient: ({ x }, grad, _, { mean }): InputGrads => {
    const { channels } = x;
    const count = countOf(x, { axes: [0, 2, 3] });
    const column = { shape: [channels, 1] };
    const { covariance } = grad;
    const shift = grad.mean && div(grad.mean, count);
    if (covariance === undefined)
      return shift ? { x: expandLike(reshape(shift, { shape: [1, channels, 1, 1] }), x, {}) } : {};
    const symmetric = add(covariance, transpose(covariance, { permutation: [1, 0] }));
    const kernel = div(symmetric, count);
    const centre = neg(reshape(matmul(kernel, reshape(mean, column), {}), { shape: [channels] }));
    const weights = reshape(kernel, { shape: [channels, channels, 1, 1] });
    return { x: conv(x, weights, shift ? add(centre, shift) : centre, pointwise) };
  },
  onnx: (b, { x }, _, { in: types }) => {
    const [, channels, height, width] = types.x.shape.map((dim, i) =>
      i === 0 ? -1 : staticDim(dim),
    );
    const axes = [0, 2, 3];
    const count = countOnnx(b, x, types.x, axes);
    const mean = b.Div(b.ReduceSum(x, b.ints(...axes), { keepdims: 1 }), count);
    const rows = b.Reshape(b.Sub(x, mean), b.ints(-1, channels ?? 1, (height ?? 1) * (width ?? 1)));
    const products = b.MatMul(rows, b.Transpose(rows, { perm: [0, 2, 1] }));
    const sum = b.ReduceSum(products, b.ints(0), { keepdims: 0 });
    return { mean: b.Reshape(mean, b.ints(channels ?? 1)), covariance: b.Div(sum, count) };
  },
});

/** A 1x1 convolution of stride 1. */
const pointwise = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
