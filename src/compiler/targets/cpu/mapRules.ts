import type { NodeTypes, Op } from '../../ir/graph.js';
import {
  expandLike,
  reduceSum,
  type ExpandAttributes,
  type ReduceAttributes,
} from '../../ops/broadcast.js';
import { after } from '../../ops/after.js';
import { channelAffine, channelDot } from '../../ops/channels.js';
import * as elementwise from '../../ops/elementwise.js';
import { stochasticDepth } from '../../ops/noise.js';
import { maxPool, type PoolAttributes } from '../../ops/pool.js';
import { reduceMean } from '../../ops/reduce.js';
import { dtypes } from '../../../support/dtype.js';
import { invariant } from '../../../support/errors.js';
import { shapeEquals } from '../../../support/shape.js';
import { sizeOfMap } from './blocks.js';
import { layouts, type Rule } from './rule.js';

const { add, sub, mul, silu, siluGrad } = elementwise;

/** Whether a map has more than one pixel; the smaller ones are vectors and stay plain. */
const isMap = (types: NodeTypes['inputs'], index: number): boolean => {
  const type = types[index];
  const { height, width } = sizeOfMap(type);
  return type?.shape.length === 4 && height * width > 1;
};

const equalMaps = ({ inputs }: NodeTypes): boolean =>
  inputs.every(
    (type, i) =>
      type === undefined || (isMap(inputs, i) && shapeEquals(type.shape, inputs[0]?.shape ?? [])),
  );

const noMap = ({ inputs }: NodeTypes): string | undefined =>
  isMap(inputs, 0) ? undefined : 'not a map';

/** An operator that does not mind how a map's elements lie: the portable spelling serves. */
function asItLies(
  op: Op,
  operands: string,
  {
    name = 'blocked',
    declines = noMap,
  }: { readonly name?: string; readonly declines?: typeof noMap } = {},
): Rule {
  return {
    op,
    name,
    layouts: layouts(operands, 'b'),
    declines: (_, types) => declines(types),
    spell: ({ b }, inputs, attrs, types) => op.onnx(b, inputs, attrs as never, types),
  };
}

function elementwiseRule(op: Op): Rule {
  return asItLies(op, 'bbb', {
    declines: (types) => (equalMaps(types) ? undefined : 'operands that are no maps of one shape'),
  });
}

/** A map times or plus a scalar. */
function scalarRule(op: Op): Rule {
  return asItLies(op, 'bp', {
    name: 'blocked-scalar',
    declines: ({ inputs }) =>
      isMap(inputs, 0) && inputs[1]?.shape.length === 0 ? undefined : 'not a map and a scalar',
  });
}

/** SiLU in one pass. */
const quickSilu: Rule = {
  op: silu,
  name: 'blocked-quickgelu',
  layouts: layouts('b', 'b'),
  declines: (_, types) => noMap(types),
  spell: ({ b }, [x]) => {
    invariant(x, 'silu has an operand');
    return [b.ms.QuickGelu(x, { alpha: 1 })];
  },
};

/**
 * dy * s * (1 + x - y) for y = x * s: as exact as s + y - y * s, and a pass less over the map, since a
 * convolution with a kernel of -1 adds 1 and the map x in the same pass, in x's own memory.
 */
const quickSiluGrad: Rule = {
  op: siluGrad,
  name: 'blocked-sum',
  layouts: layouts('bbb', 'b'),
  declines: (_, types) =>
    noMap(types) ?? (types.inputs[2] ? undefined : 'silu of x is not at hand'),
  spell: (k, [x, dy, y], _, { inputs }) => {
    invariant(x && dy && y, 'siluGrad has operands');
    const { b } = k;
    const size = sizeOfMap(inputs[0]);
    const bias = k.constantVector(1, size.channels);
    const slope = k.affine(y, k.constantVector(-1, size.channels), size, { bias, sum: x });
    // Last, so that the sigmoid has read x before it is written over.
    return [b.Mul(b.Mul(dy, b.Sigmoid(x)), slope)];
  },
};

/** dy times 1 or 0: Where takes three times as long as the product. */
const maskedGrad: Rule = {
  op: elementwise.reluGrad,
  name: 'blocked-mask',
  layouts: layouts('bb', 'b'),
  declines: (_, types) => noMap(types),
  spell: ({ b }, [x, dy]) => {
    invariant(x && dy, 'reluGrad has operands');
    return [b.Mul(dy, b.Cast(b.Greater(x, b.scalar(0)), { to: dtypes.float32.onnx }))];
  },
};

/** A map times a factor for each sample's channel, as in squeeze-and-excitation: one pass. */
const channelGate: Rule = {
  op: mul,
  name: 'blocked-gate',
  layouts: layouts('bp', 'b'),
  declines: (_, { inputs }) => {
    const [x, gate] = [sizeOfMap(inputs[0]), sizeOfMap(inputs[1])];
    const fits =
      isMap(inputs, 0) &&
      inputs[1]?.shape.length === 4 &&
      gate.height * gate.width === 1 &&
      gate.batch === x.batch &&
      gate.channels === x.channels;
    return fits ? undefined : 'not a map and a factor for each channel';
  },
  spell: (k, [x, gate], _, { inputs }) => {
    invariant(x && gate, 'mul has operands');
    const size = sizeOfMap(inputs[0]);
    return [k.affineRows(x, k.padRows(gate, size), size)];
  },
};

/** The same with a term for each channel, in the same pass. */
const gateAndShift: Rule = {
  op: channelAffine,
  name: 'blocked-affine',
  layouts: layouts('bpp', 'b'),
  declines: (_, types) => noMap(types),
  spell: (k, [x, scale, shift], _, { inputs }) => {
    invariant(x && scale && shift, 'channelAffine has operands');
    const size = sizeOfMap(inputs[0]);
    return [k.affineRows(x, k.padRows(scale, size), size, { bias: k.padRows(shift, size) })];
  },
};

/** One convolution whose kernel is the other map. */
const dot: Rule = {
  op: channelDot,
  name: 'blocked-map-kernel',
  layouts: layouts('bb', 'p'),
  declines: (_, types) => noMap(types),
  spell: (k, [a, c], _, { inputs }) => {
    invariant(a && c, 'channelDot has operands');
    const size = sizeOfMap(inputs[0]);
    return [k.cutRows(k.dotRows(a, c, size), size)];
  },
};

/** A number for each sample scales its blocks. */
const sampleMask = asItLies(stochasticDepth, 'bp');

/** Only the shape of the token counts. */
const waiting = asItLies(after, 'b-');

const overPixels = ({ axes }: ReduceAttributes): boolean => axes.join() === '2,3';

/** Mean or sum over each channel's map. */
function poolRule(op: Op): Rule<ReduceAttributes> {
  return {
    op,
    name: 'blocked-rows',
    layouts: layouts('b', 'p'),
    declines: (attrs, { inputs }) =>
      isMap(inputs, 0) && overPixels(attrs) ? undefined : 'not over the pixels of a map',
    spell: (k, [x], { keepDims }, { inputs }) => {
      invariant(x, 'a reduction has an operand');
      const size = sizeOfMap(inputs[0]);
      const rows = k.cutRows(op === reduceMean ? k.meanRows(x, size) : k.sumRows(x, size), size);
      return [keepDims ? rows : k.reshape(rows, size.batch, size.channels)];
    },
  };
}

/** Sum over batch and pixels: the gradient of a bias. */
const biasSum: Rule<ReduceAttributes> = {
  op: reduceSum,
  name: 'blocked-channels',
  layouts: layouts('b', 'p'),
  declines: ({ axes, keepDims }, { inputs }) =>
    isMap(inputs, 0) && axes.join() === '0,2,3' && !keepDims
      ? undefined
      : 'not over batch and pixels',
  spell: (k, [x], _, { inputs }) => {
    invariant(x, 'reduceSum has an operand');
    const size = sizeOfMap(inputs[0]);
    return [k.cutVector(k.sumBatch(k.sumRows(x, size)), size.channels)];
  },
};

/** A number for each sample's channel spread over its map. */
const spreadRows: Rule<ExpandAttributes> = {
  op: expandLike,
  name: 'blocked-rows',
  layouts: layouts('p-', 'b'),
  declines: ({ axes = [] }, { inputs, outputs }) => {
    const [rows, map] = [sizeOfMap(inputs[0]), sizeOfMap(outputs[0])];
    const rank = (inputs[0]?.shape.length ?? 0) + axes.length;
    const kept = axes.length === 0 || axes.join() === '2,3';
    const fits = rows.batch === map.batch && rows.channels === map.channels;
    const single = inputs[0]?.shape.length === 2 || rows.height * rows.width === 1;
    return isMap(outputs, 0) && rank === 4 && kept && fits && single
      ? undefined
      : 'not a number for each channel over its map';
  },
  spell: (k, [x], _, { outputs }) => {
    invariant(x, 'expandLike has an operand');
    const { b, block } = k;
    const size = sizeOfMap(outputs[0]);
    const blocks = (size.batch * k.padded(size.channels)) / block;
    const rows = k.reshape(k.padRows(x, size), blocks, 1, block);
    const map = b.Expand(rows, b.ints(blocks, size.height * size.width, block));
    return [k.reshape(map, ...k.shape(size))];
  },
};

/** Pooling by the largest; its gradient stays plain. */
const largest: Rule<PoolAttributes> = {
  op: maxPool,
  name: 'blocked-pool',
  layouts: layouts('b', 'b'),
  spell: ({ b }, [x], { kernel, strides, pads, dilations }) => {
    invariant(x, 'maxPool has an operand');
    return [b.nchwc.MaxPool(x, { kernel_shape: kernel, strides, pads, dilations })];
  },
};

const elementwiseOps: readonly Op[] = [
  elementwise.relu,
  elementwise.sigmoid,
  elementwise.tanh,
  elementwise.neg,
  elementwise.gelu,
  elementwise.hardSigmoid,
  elementwise.hardSwish,
  add,
  sub,
  mul,
  siluGrad,
  elementwise.geluGrad,
  elementwise.hardSigmoidGrad,
  elementwise.hardSwishGrad,
];

/** Element-wise operators, gates, sums and broadcasts over blocked maps. */
export const mapRules = [
  quickSilu,
  quickSiluGrad,
  maskedGrad,
  ...elementwiseOps.map(elementwiseRule),
  scalarRule(mul),
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
] as const;
