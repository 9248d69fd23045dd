import type { Opset } from '../../../../generated/onnx/index.js';
import type { TensorType } from '../../ir/graph.js';
import { channelMoments } from '../../ops/moments.js';
import { batchNormGrad, batchNormTrain, type BatchNormAttributes } from '../../ops/norm.js';
import { narrowed, widened } from '../../ops/widen.js';
import { invariant } from '../../../support/errors.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { staticDim, staticSize } from '../../../support/shape.js';
import { reduceInwards } from './reductions.js';
import type { Rule } from './rule.js';

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

const train: Rule<BatchNormAttributes> = {
  op: batchNormTrain,
  name: 'reductions',
  spell: (b, { inputs: [x, scale, bias], types: [type], attrs: { epsilon } }) => {
    invariant(x && scale && bias && type, 'batchNormTrain has operands');
    const channels = new Channels(b, type);
    const wide = widened(b, x, type);
    const mean = channels.reduce('ReduceMean', wide);
    const centred = b.Sub(wide, mean);
    const variance = channels.reduce('ReduceMean', b.Mul(centred, centred));
    const factor = b.Mul(channels.spread(scale), channels.reciprocalDeviation(variance, epsilon));
    const y = b.Add(b.Mul(centred, factor), channels.spread(bias));
    return [narrowed(b, y, type), channels.vector(mean), channels.vector(variance)];
  },
};

/** The portable spelling's algebra: dx = a*dy + k*(x - mean) + c by channel; see ops/norm. */
const gradient: Rule<BatchNormAttributes> = {
  op: batchNormGrad,
  name: 'reductions',
  spell: (b, { inputs, types: [type], attrs: { epsilon } }) => {
    const [x, scale, mean, variance, given] = inputs;
    invariant(x && scale && mean && variance && given && type, 'batchNormGrad has operands');
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
    return [narrowed(b, dx, type), channels.vector(dscale), channels.vector(dbias)];
  },
};

const moments: Rule<object> = {
  op: channelMoments,
  name: 'reductions',
  spell: (b, { inputs: [x], types: [type] }) => {
    invariant(x && type, 'channelMoments has an operand');
    const channels = new Channels(b, type);
    const mean = channels.reduce('ReduceMean', x);
    const rows = b.Reshape(b.Sub(x, mean), b.ints(0, 0, -1));
    const products = b.MatMul(rows, b.Transpose(rows, { perm: [0, 2, 1] }));
    const sum = b.ReduceSum(products, b.ints(0), { keepdims: 0 });
    return [channels.vector(mean), b.Mul(sum, b.scalar(1 / channels.elements))];
  },
};

/** Batch normalisation and moments. */
export const normRules = [train, gradient, moments] as const;
