import type { Opset } from '../../../../generated/onnx/index.js';
import type { TensorType } from '../../ir/graph.js';
import { channelMoments } from '../../ops/moments.js';
import { batchNormGrad, batchNormTrain } from '../../ops/norm.js';
import { narrowed, widened } from '../../ops/widen.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { staticDim, staticSize } from '../../../support/shape.js';
import { override } from '../override.js';
import { reduceInwards } from './reductions.js';

/*
 * No provider for GPUs has BatchNormalization with training_mode: WebGPU's says "not supported yet", and
 * CUDA's normalises by the running statistics and leaves the new ones unwritten, without a word. So it is
 * spelt in reductions: over the pixels of each sample first, then over samples (see reduceInwards). A map
 * of 16 bits is read as float32.
 */

/** The channels of a map [N,C,...], and what belongs to each of them. */
class Channels {
  readonly count: number;

  constructor(
    private readonly b: Opset,
    private readonly type: TensorType,
  ) {
    this.count = staticDim(type.shape[1]);
  }

  get #axes(): number[] {
    return this.type.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  }

  /** Elements of a channel. */
  get elements(): number {
    return staticSize(this.type.shape) / this.count;
  }

  /** Sum or mean of each channel, [1,C,1,1]. */
  reduce(name: 'ReduceSum' | 'ReduceMean', x: OnnxValue): OnnxValue {
    const rank = this.type.shape.length;
    return reduceInwards(this.b, name, x, { rank, axes: this.#axes, keepDims: true });
  }

  /** [C] -> [1,C,1,1], to be broadcast over a map. */
  spread(value: OnnxValue): OnnxValue {
    const shape = this.type.shape.map((_, axis) => (axis === 1 ? this.count : 1));
    return this.b.Reshape(value, this.b.ints(...shape));
  }

  /** [1,C,1,1] -> [C] */
  vector(value: OnnxValue): OnnxValue {
    return this.b.Reshape(value, this.b.ints(this.count));
  }

  /** 1 / sqrt(variance + epsilon) */
  reciprocalDeviation(variance: OnnxValue, epsilon: number): OnnxValue {
    const { b } = this;
    return b.Reciprocal(b.Sqrt(b.Add(variance, b.scalar(epsilon))));
  }
}

const train = override(batchNormTrain, {
  name: 'reductions',
  onnx: (b, { x, scale, bias }, { epsilon }, { in: { x: type } }) => {
    const channels = new Channels(b, type);
    const wide = widened(b, x, type);
    const mean = channels.reduce('ReduceMean', wide);
    const centred = b.Sub(wide, mean);
    const variance = channels.reduce('ReduceMean', b.Mul(centred, centred));
    const factor = b.Mul(channels.spread(scale), channels.reciprocalDeviation(variance, epsilon));
    const y = b.Add(b.Mul(centred, factor), channels.spread(bias));
    return {
      y: narrowed(b, y, type),
      mean: channels.vector(mean),
      variance: channels.vector(variance),
    };
  },
});

/** The portable lowering's algebra: dx = a*dy + k*(x - mean) + c by channel; see ops/norm. */
const gradient = override(batchNormGrad, {
  name: 'reductions',
  onnx: (b, { x, scale, mean, variance, dy: given }, { epsilon }, { in: { x: type } }) => {
    const channels = new Channels(b, type);
    const dy = widened(b, given, type);
    const centred = b.Sub(widened(b, x, type), channels.spread(mean));
    const dbias = channels.reduce('ReduceSum', dy);
    const product = channels.reduce('ReduceSum', b.Mul(dy, centred));
    const rstd = channels.reciprocalDeviation(channels.spread(variance), epsilon);
    const dscale = b.Mul(product, rstd);
    const a = b.Mul(channels.spread(scale), rstd);
    const share = b.scalar(-1 / channels.elements);
    const k = b.Mul(b.Mul(b.Mul(a, rstd), dscale), share);
    const c = b.Mul(b.Mul(a, dbias), share);
    const dx = b.Add(b.Mul(dy, a), b.Add(b.Mul(centred, k), c));
    return {
      dx: narrowed(b, dx, type),
      dscale: channels.vector(dscale),
      dbias: channels.vector(dbias),
    };
  },
});

const moments = override(channelMoments, {
  name: 'reductions',
  onnx: (b, { x }, _, { in: { x: type } }) => {
    const channels = new Channels(b, type);
    const mean = channels.reduce('ReduceMean', x);
    const rows = b.Reshape(b.Sub(x, mean), b.ints(0, 0, -1));
    const products = b.MatMul(rows, b.Transpose(rows, { perm: [0, 2, 1] }));
    const sum = b.ReduceSum(products, b.ints(0), { keepdims: 0 });
    const share = 1 / channels.elements;
    return { mean: channels.vector(mean), covariance: b.Mul(sum, b.scalar(share)) };
  },
});

/** Batch normalisation and moments. */
export const normRules = [train, gradient, moments];
