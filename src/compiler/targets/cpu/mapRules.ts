import type { Opset } from '../../../../generated/onnx/index.js';
import type { Op, TensorType } from '../../ir/graph.js';
import { expandLike, reduceSum, type ReduceAttributes } from '../../ops/broadcast.js';
import { betweenBounds, clipGrad } from '../../ops/activations.js';
import { after } from '../../ops/after.js';
import { channelAffine, channelDot } from '../../ops/channels.js';
import * as elementwise from '../../ops/elementwise.js';
import { dropout, stochasticDepth } from '../../ops/noise.js';
import { maxPool } from '../../ops/pool.js';
import { reduceMean } from '../../ops/reduce.js';
import { elementwiseOps, type AnyOp } from '../../ops/registry.js';
import { dtypes } from '../../../support/dtype.js';
import { invariant } from '../../../support/errors.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { shapeEquals } from '../../../support/shape.js';
import { override } from '../override.js';
import type { Override } from '../target.js';
import { blocked, type BlockedOverride } from './blocked.js';
import { sizeOfMap } from './blocks.js';

const { mul, silu, siluGrad } = elementwise;

/** True if a value is a map of more than one pixel; the smaller ones are vectors and stay plain. */
const isMap = (type: TensorType): boolean => {
  const { height, width } = sizeOfMap(type);
  return type.shape.length === 4 && height * width > 1;
};

const notMap = 'not a map';
const ofMap = ({ x }: { readonly x: TensorType }): true | string => isMap(x) || notMap;

/** An operator that does not mind how maps of one shape lie: the portable lowering serves. */
function elementwiseRule(op: AnyOp): BlockedOverride {
  const { description, signature } = op;
  return blocked(op, {
    name: 'blocked',
    layouts: { in: signature.inputs(signature.inputNames.map(() => 'blocked')), out: 'blocked' },
    when: (inputs) => {
      const types = signature.inputList(inputs).filter((type) => type !== undefined);
      const [first] = types;
      const fits = types.every(
        (type) => isMap(type) && shapeEquals(type.shape, first?.shape ?? []),
      );
      return fits || 'operands that are not maps of one shape';
    },
    onnx: ({ b }, ...given) => description.onnx(b, ...given),
  });
}

/** A map times a scalar. */
const scaled = blocked(mul, {
  name: 'blocked-scalar',
  layouts: { in: { a: 'blocked' }, out: 'blocked' },
  when: ({ a, b }) => (isMap(a) && b.shape.length === 0) || 'not a map and a scalar',
  onnx: ({ b }, ...given) => mul.description.onnx(b, ...given),
});

/** SiLU in one pass. */
const quickSilu = blocked(silu, {
  name: 'blocked-quickgelu',
  layouts: { in: { x: 'blocked' }, out: 'blocked' },
  when: ofMap,
  onnx: ({ b }, { x }) => b.ms.QuickGelu(x, { alpha: 1 }),
});

/**
 * dy * s * (1 + x - y) for y = x * s: as exact as s + y - y * s, and a pass less over the map, since a
 * convolution with a kernel of -1 adds 1 and the map x in the same pass, in x's own memory.
 */
const quickSiluGrad = blocked(siluGrad, {
  name: 'blocked-sum',
  layouts: { in: { x: 'blocked', dy: 'blocked', y: 'blocked' }, out: 'blocked' },
  when: ({ x, y }) => (isMap(x) ? y !== undefined || 'silu of x is not at hand' : notMap),
  onnx: (k, { x, dy, y }, _, { in: types }) => {
    const { b } = k;
    invariant(y !== undefined, 'this rule is for where silu(x) is at hand');
    const size = sizeOfMap(types.x);
    const bias = k.constantVector(1, size.channels);
    const slope = k.affine(y, k.constantVector(-1, size.channels), size, { bias, sum: x });
    // Last, so that the sigmoid has read x before it is written over.
    return b.Mul(b.Mul(dy, b.Sigmoid(x)), slope);
  },
});

/** dy times 1 or 0: Where takes three times as long as the product. */
const masked = {
  name: 'blocked-mask',
  layouts: { in: { x: 'blocked', dy: 'blocked' }, out: 'blocked' },
  when: ofMap,
} as const;
const maskedBy = (b: Opset, dy: OnnxValue, mask: OnnxValue): OnnxValue =>
  b.Mul(dy, b.Cast(mask, { to: dtypes.float32.onnx }));

const reluMask = blocked(elementwise.reluGrad, {
  ...masked,
  onnx: ({ b }, { x, dy }) => maskedBy(b, dy, b.Greater(x, b.scalar(0))),
});

/** The same over plain maps. */
const plainReluMask = (): Override =>
  override(elementwise.reluGrad, {
    name: 'mask',
    when: ({ x }) => x.dtype === 'float32' || 'not float32',
    onnx: (b, { x, dy }) => maskedBy(b, dy, b.Greater(x, b.scalar(0))),
  });

const clipMask = blocked(clipGrad, {
  ...masked,
  onnx: ({ b }, { x, dy }, attrs, { in: types }) =>
    maskedBy(b, dy, betweenBounds(b, x, attrs, types.x)),
});

/** A map times a factor for each sample's channel, as in squeeze-and-excitation: one pass. */
const channelGate = blocked(mul, {
  name: 'blocked-gate',
  layouts: { in: { a: 'blocked' }, out: 'blocked' },
  when: (types) => {
    const [x, gate] = [sizeOfMap(types.a), sizeOfMap(types.b)];
    const fits =
      isMap(types.a) &&
      types.b.shape.length === 4 &&
      gate.height * gate.width === 1 &&
      gate.batch === x.batch &&
      gate.channels === x.channels;
    return fits || 'not a map and a factor for each channel';
  },
  onnx: (k, { a: x, b: gate }, _, { in: types }) => {
    const size = sizeOfMap(types.a);
    return k.affineRows(x, k.padRows(gate, size), size);
  },
});

/** The same with a term for each channel, in the same pass. */
const gateAndShift = blocked(channelAffine, {
  name: 'blocked-affine',
  layouts: { in: { x: 'blocked' }, out: 'blocked' },
  when: ofMap,
  onnx: (k, { x, scale, shift }, _, { in: types }) => {
    const size = sizeOfMap(types.x);
    return k.affineRows(x, k.padRows(scale, size), size, { bias: k.padRows(shift, size) });
  },
});

/** One convolution whose kernel is the other map. */
const dot = blocked(channelDot, {
  name: 'blocked-map-kernel',
  layouts: { in: { a: 'blocked', b: 'blocked' } },
  when: ({ a }) => isMap(a) || notMap,
  onnx: (k, { a, b }, _, { in: types }) => {
    const size = sizeOfMap(types.a);
    return k.cutRows(k.dotRows(a, b, size), size);
  },
});

/** A number for each sample scales its blocks. */
const sampleMask = blocked(stochasticDepth, {
  name: 'blocked',
  layouts: { in: { x: 'blocked' }, out: 'blocked' },
  when: ofMap,
  onnx: ({ b }, ...given) => stochasticDepth.description.onnx(b, ...given),
});

/** Only the shape of the token counts. */
const waiting = blocked(after, {
  name: 'blocked',
  layouts: { in: { x: 'blocked', token: 'any' }, out: 'blocked' },
  when: ofMap,
  onnx: ({ b }, ...given) => after.description.onnx(b, ...given),
});

const overPixels = ({ axes }: ReduceAttributes): boolean => axes.join() === '2,3';

/** Mean or sum over each channel's map. */
function poolRule(op: typeof reduceSum): BlockedOverride {
  return blocked(op, {
    name: 'blocked-rows',
    passes: () => 1,
    layouts: { in: { x: 'blocked' } },
    when: ({ x }, attrs) => (isMap(x) && overPixels(attrs)) || 'not over the pixels of a map',
    onnx: (k, { x }, { keepDims }, { in: types }) => {
      const size = sizeOfMap(types.x);
      const rows = k.cutRows(op === reduceMean ? k.meanRows(x, size) : k.sumRows(x, size), size);
      return keepDims ? rows : k.reshape(rows, size.batch, size.channels);
    },
  });
}

/** Sum over batch and pixels: the gradient of a bias. */
const biasSum = blocked(reduceSum, {
  name: 'blocked-channels',
  passes: () => 1,
  layouts: { in: { x: 'blocked' } },
  when: ({ x }, { axes, keepDims }) =>
    (isMap(x) && axes.join() === '0,2,3' && !keepDims) || 'not over batch and pixels',
  onnx: (k, { x }, _, { in: types }) => {
    const size = sizeOfMap(types.x);
    return k.cutVector(k.sumBatch(k.sumRows(x, size)), size.channels);
  },
});

/** A number for each sample's channel spread over its map. */
const spreadRows = blocked(expandLike, {
  name: 'blocked-rows',
  layouts: { in: { like: 'any' }, out: 'blocked' },
  when: ({ x }, { axes = [] }, y) => {
    const [rows, map] = [sizeOfMap(x), sizeOfMap(y)];
    const rank = x.shape.length + axes.length;
    const kept = axes.length === 0 || axes.join() === '2,3';
    const fits = rows.batch === map.batch && rows.channels === map.channels;
    const single = x.shape.length === 2 || rows.height * rows.width === 1;
    return (
      (isMap(y) && rank === 4 && kept && fits && single) ||
      'not a number for each channel over its map'
    );
  },
  onnx: (k, { x }, _, { out }) => {
    const { b, block } = k;
    const size = sizeOfMap(out);
    const blocks = (size.batch * k.padded(size.channels)) / block;
    const rows = k.reshape(k.padRows(x, size), blocks, 1, block);
    const map = b.Expand(rows, b.ints(blocks, size.height * size.width, block));
    return k.reshape(map, ...k.shape(size));
  },
});

/** Pooling by the largest; its gradient stays plain. */
const largest = blocked(maxPool, {
  name: 'blocked-pool',
  layouts: { in: { x: 'blocked' }, out: 'blocked' },
  onnx: ({ b }, { x }, { kernel, strides, pads, dilations }) =>
    b.nchwc.MaxPool(x, { kernel_shape: kernel, strides, pads, dilations }),
});

/** Operators with a better rule for all maps above, and those that take a mask, which would have to be converted. */
const exempt: ReadonlySet<Op> = new Set<Op>([
  ...[silu, elementwise.reluGrad, clipGrad, dropout, stochasticDepth],
]);

/** Element-wise operators, gates, sums and broadcasts over blocked maps. */
export const mapRules = [
  quickSilu,
  quickSiluGrad,
  reluMask,
  plainReluMask,
  clipMask,
  ...elementwiseOps.filter((op) => !exempt.has(op)).map(elementwiseRule),
  scaled,
  channelGate,
  gateAndShift,
  dot,
  sampleMask,
  waiting,
  poolRule(reduceSum),
  poolRule(reduceMean),
  biasSum,
  spreadRows,
  largest,
];
