import type { Opset } from '../../../../generated/onnx/index.js';
import { after } from '../../ops/after.js';
import { reduceSum } from '../../ops/broadcast.js';
import { logSoftmax, softmaxCrossEntropy } from '../../ops/loss.js';
import { maxPoolGrad } from '../../ops/pool.js';
import { reduceMean, sameArgMax } from '../../ops/reduce.js';
import { reduceOnce } from '../../ops/reduceOnce.js';
import { narrowed, widened } from '../../ops/widen.js';
import { mapSize, outputPadding } from '../../ops/window.js';
import { dtypes, floatTypeOf, type DType } from '../../../support/dtype.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { staticDim } from '../../../support/shape.js';
import { tensorData } from '../../../support/tensor.js';
import { reduceInwards, splitAxes } from '../gpu/reductions.js';
import { override, type RuleOf } from '../override.js';
import type { Override } from '../target.js';

/** A sum or mean over innermost axes and others, such as that of a bias's gradient. */
function reduction(op: typeof reduceSum, name: 'ReduceSum' | 'ReduceMean'): Override {
  return override(op, {
    name: 'webgpu-inwards',
    when: ({ x }, { axes }) =>
      splitAxes(x.shape.length, axes).every(({ length }) => length > 0) || 'axes of one kind',
    onnx: (b, { x }, { axes, keepDims }, { in: { x: type } }) => {
      const wide = widened(b, x, type);
      const reduced = reduceInwards(b, name, wide, { rank: type.shape.length, axes, keepDims });
      return narrowed(b, reduced, type);
    },
  });
}

/** x less its maximum along an axis, and log(sum(exp(x))) of that: the provider has no LogSoftmax. */
function logSumExp(b: Opset, x: OnnxValue, axis: number): Record<'shifted' | 'logSum', OnnxValue> {
  const shifted = b.Sub(x, reduceOnce(b, 'ReduceMax', x, [axis], true));
  return { shifted, logSum: b.Log(reduceOnce(b, 'ReduceSum', b.Exp(shifted), [axis], true)) };
}

const logarithm = override(logSoftmax, {
  name: 'webgpu-log-sum-exp',
  onnx: (b, { x }, { axis }, { in: types }) => {
    const { shifted, logSum } = logSumExp(b, x, axis ?? types.x.shape.length - 1);
    return b.Sub(shifted, logSum);
  },
});

const crossEntropy = override(softmaxCrossEntropy, {
  name: 'webgpu-log-sum-exp',
  onnx: (b, { logits, target }) => {
    const { shifted, logSum } = logSumExp(b, logits, 1);
    const terms = b.Mul(target, b.Sub(logSum, shifted));
    return reduceOnce(b, 'ReduceSum', terms, [1], false);
  },
});

/** The provider's ArgMax gives 64-bit integers, which nothing there can read: indices as floats. */
const sameIndex = override(sameArgMax, {
  name: 'webgpu-float-indices',
  onnx: (b, operands, _, { in: { a: type } }) => {
    const last = type.shape.length - 1;
    const width = staticDim(type.shape[last]);
    const ramp = b.constant(
      tensorData(
        'float32',
        [width],
        Array.from({ length: width }, (_, i) => i),
      ),
    );
    const indexOf = (x: OnnxValue): OnnxValue => {
      const isLargest = b.Equal(x, reduceOnce(b, 'ReduceMax', x, [last], true));
      return reduceOnce(b, 'ReduceMin', b.Where(isLargest, ramp, b.scalar(width)), [last], false);
    };
    return b.Equal(indexOf(operands.a), indexOf(operands.b));
  },
});

/** The smallest float32: what never wins in a padded window. */
const lowest = -3.4028234663852886e38;

/**
 * The provider's MaxPool gives no indices. So the taps of each window are laid side by side by a
 * convolution with one-hot kernels, which is exact; dy goes to the first tap that is the largest; and
 * the transposed convolution takes each tap back to its pixel.
 */
export const poolGradient: RuleOf<typeof maxPoolGrad> = {
  name: 'webgpu-one-hot',
  onnx: (b, { x, dy }, attrs, { in: types }) => {
    const { kernel, strides, pads, dilations } = attrs;
    const taps = kernel[0] * kernel[1];
    const window = { kernel_shape: kernel, strides, dilations };
    const [size, output] = [mapSize(types.x.shape), mapSize(types.dy.shape)];
    const [top, left, bottom, right] = pads;
    const oneHot = Array.from({ length: taps * taps }, (_, i) => Number(i % (taps + 1) === 0));
    const select = b.constant(tensorData('float32', [taps, 1, ...kernel], oneHot));
    const order = Array.from({ length: taps }, (_, i) => i);
    const ramp = b.constant(tensorData('float32', [1, taps, 1, 1], order));
    const maps = b.Reshape(x, b.ints(-1, 1, ...size));
    const padded = pads.some((pad) => pad > 0)
      ? b.Pad(maps, b.ints(0, 0, top, left, 0, 0, bottom, right), b.scalar(lowest))
      : maps;
    const sides = b.Conv(padded, select, null, window);
    const isLargest = b.Equal(sides, reduceOnce(b, 'ReduceMax', sides, [1], true));
    const place = b.Where(isLargest, ramp, b.scalar(taps));
    const isFirst = b.Equal(ramp, reduceOnce(b, 'ReduceMin', place, [1], true));
    const dys = b.Reshape(dy, b.ints(-1, 1, ...output));
    const dx = b.ConvTranspose(b.Where(isFirst, dys, b.scalar(0)), select, null, {
      ...window,
      pads,
      output_padding: outputPadding(size, output, kernel, attrs),
    });
    return b.Reshape(dx, b.ints(-1, staticDim(types.x.shape[1]), ...size));
  },
};

/** Shapes are the host's there, so a number of the token, times 0, makes x wait for it. */
const waiting = override(after, {
  name: 'webgpu-wait-for-number',
  onnx: (b, { x, token }, _, { in: types }) => {
    // The provider adds no bytes: an image waits as numbers of float32.
    const dtype = floatTypeOf(types.x);
    const cast = (value: OnnxValue, from: DType, to: DType): OnnxValue =>
      from === to ? value : b.Cast(value, { to: dtypes[to].onnx });
    const first = b.Slice(b.Reshape(token, b.ints(-1)), b.ints(0), b.ints(1));
    const nothing = b.Mul(cast(first, types.token.dtype, dtype), b.scalar(0, dtype));
    return cast(b.Add(cast(x, types.x.dtype, dtype), nothing), dtype, types.x.dtype);
  },
});

/** Operators that the portable lowering takes and the provider lacks, or does slowly. */
export const otherRules = [
  reduction(reduceSum, 'ReduceSum'),
  reduction(reduceMean, 'ReduceMean'),
  logarithm,
  crossEntropy,
  sameIndex,
  override(maxPoolGrad, poolGradient),
  waiting,
];
