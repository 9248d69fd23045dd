import {
  conv,
  convInputGrad,
  fullPads,
  type ConvAttributes,
  type ConvInputGradAttributes,
} from '../../ops/conv.js';
import type { TensorType } from '../../ir/graph.js';
import type { Named } from '../../ir/op.js';
import { mapSize } from '../../ops/window.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import {
  kernelShape,
  sizeOfMap,
  type BlockedConv,
  type Blocks,
  type Kernel,
  type Taps,
} from './blocks.js';
import { blocked } from './blocked.js';

export const notDepthwise = 'not a depthwise convolution';
export const grouped = 'blocked convolutions have one group, or one a channel';
export const unreached = 'some rows of the input are outside every window';

/** True if each channel of x has a kernel of its own and becomes one channel of y. */
export const isDepthwise = ({ groups }: ConvAttributes, x: TensorType, y: TensorType): boolean =>
  groups > 1 && sizeOfMap(x).channels === groups && sizeOfMap(y).channels === groups;

const windowOf = ({ strides, dilations, pads }: ConvAttributes) => ({ strides, dilations, pads });

/** A bias [O] for a blocked result. */
function biasOf(k: Blocks, bias: OnnxValue | undefined, y: TensorType): BlockedConv {
  return bias ? { bias: k.padVector(bias, sizeOfMap(y).channels) } : {};
}

/** A convolution of all channels with all, the channels of either side padded to whole blocks. */
const denseConv = blocked(conv, {
  name: 'blocked-dense',
  layouts: { in: { x: 'blocked' }, out: 'blocked' },
  when: ({ x }, { groups }, _, block) =>
    groups !== 1 ? grouped : sizeOfMap(x).channels >= block || 'fewer input channels than a block',
  onnx: (k, { x, w, b }, attrs, types) => {
    const kernel = kernelShape(types.in.w);
    const options = { kernel: kernel.slice(2), ...windowOf(attrs), ...biasOf(k, b, types.out) };
    return k.conv(x, k.denseKernel(w, kernel), options);
  },
});

/** The first convolution of a network: few input channels, which the operator reads plain. */
const stemConv = blocked(conv, {
  name: 'blocked-stem',
  layouts: { out: 'blocked' },
  when: ({ x }, { groups }, _, block) =>
    groups !== 1 ? grouped : sizeOfMap(x).channels < block || 'a whole block of input channels',
  onnx: (k, { x, w, b }, attrs, types) => {
    const kernel = kernelShape(types.in.w);
    const options = { kernel: kernel.slice(2), ...windowOf(attrs), ...biasOf(k, b, types.out) };
    return k.conv(x, k.stemKernel(w, kernel), options);
  },
});

const depthwiseConv = blocked(conv, {
  name: 'blocked-depthwise',
  passes: () => 3,
  layouts: { in: { x: 'blocked' }, out: 'blocked' },
  when: ({ x }, attrs, y) => isDepthwise(attrs, x, y) || notDepthwise,
  onnx: (k, { x, w, b }, attrs, types) => {
    const kernel = kernelShape(types.in.w);
    const groups = k.padded(kernel[0]);
    const options = { kernel: kernel.slice(2), ...windowOf(attrs), groups };
    const filter = k.depthwiseKernel(w, kernel);
    return k.conv(x, filter, { ...options, ...biasOf(k, b, types.out) });
  },
});

const inputGradPasses = ({ groups }: ConvAttributes): number => (groups > 1 ? 3 : 2);

/**
 * dx as a convolution of dy with the flipped kernel, channels exchanged; if the stride is 2 or
 * more, of dy with zeros between its pixels.
 */
const inputGrad = blocked(convInputGrad, {
  name: 'blocked-flipped',
  passes: inputGradPasses,
  layouts: { in: { dy: 'blocked' }, out: 'blocked' },
  when: ({ dy, w }, attrs, dx, block) =>
    declinesChannels(attrs, dy, dx, block) ??
    (spreadPads(attrs, dy, w).every((pad) => pad >= 0) || unreached),
  onnx: (k, { dy, w }, attrs, { in: types }) => {
    const kernel = kernelShape(types.w);
    const [, , kh, kw] = kernel;
    const { groups, filter } = inputGradKernel(k, w, attrs, kernel);
    const flipped = filter([
      { last: kh - 1, step: 1, count: kh },
      { last: kw - 1, step: 1, count: kw },
    ]);
    const options = { kernel: [kh, kw], dilations: attrs.dilations };
    const pads = spreadPads(attrs, types.dy, types.w);
    return k.conv(spread(k, dy, attrs, types.dy), flipped, { ...options, pads, groups });
  },
});

/** Pads that bring the convolution of a spread dy to the input's size. */
function spreadPads(attrs: ConvInputGradAttributes, dy: TensorType, w: TensorType): number[] {
  const [, , kh, kw] = kernelShape(w);
  const output = mapSize(dy.shape);
  const spreadSize = [output[0] * attrs.strides[0], output[1] * attrs.strides[1]] as const;
  return fullPads([kh, kw], attrs, spreadSize);
}

/** dy with stride - 1 zeros after each row and column. */
function spread(
  k: Blocks,
  dy: OnnxValue,
  { strides: [down, right] }: ConvInputGradAttributes,
  type: TensorType,
): OnnxValue {
  if (down === 1 && right === 1) return dy;
  const size = sizeOfMap(type);
  const { height, width } = size;
  const parts = Array.from({ length: down }, (_, row) =>
    Array.from({ length: right }, (_, column) => (row + column === 0 ? dy : undefined)),
  );
  return k.weave(parts, { ...size, height: height * down, width: width * right });
}

function declinesChannels(
  attrs: ConvInputGradAttributes,
  dy: TensorType,
  dx: TensorType,
  block: number,
): string | undefined {
  if (attrs.groups !== 1) return isDepthwise(attrs, dy, dx) ? undefined : grouped;
  if (sizeOfMap(dy).channels < block) return 'fewer output channels than a block';
  if (sizeOfMap(dx).channels < block) return 'fewer input channels than a block';
  return undefined;
}

/** Groups of a convolution of dy, and its blocked kernel of some taps, flipped. */
function inputGradKernel(
  k: Blocks,
  w: OnnxValue,
  { groups }: ConvInputGradAttributes,
  kernel: Kernel,
): { readonly groups: number; filter(taps: readonly [Taps, Taps]): OnnxValue } {
  const depthwise = groups > 1;
  const [out, channels, kh, kw] = kernel;
  const shape = depthwise ? kernel : ([channels, out, kh, kw] as const);
  const whole = depthwise ? k.depthwiseKernel(w, kernel) : k.exchangedKernel(w, kernel);
  return {
    groups: depthwise ? k.padded(out) : 1,
    filter: (taps) => k.pickTaps(whole, shape, taps),
  };
}

/** The rows (or columns) of dx whose number is `phase` more than a multiple of the stride. */
interface Phase {
  /** Taps that reach them, none if the kernel is smaller than the stride. */
  readonly taps: Taps;
  readonly begin: number;
  readonly end: number;
}

/*
 * Row j of the input meets tap t of output row q where j = stride*q + t - pad. So the rows j of one
 * phase, j = stride*i + phase, meet the taps t = first, first + stride, ... alone, with
 * first = (phase + pad) mod stride, at q = i + floor((phase + pad) / stride) - (t - first)/stride:
 * a convolution of dy with those taps, flipped. All phases together have the products of the forward
 * pass, whereas a convolution of dy with zeros between its pixels has stride*stride times as many.
 */
function phasesOf(
  attrs: ConvInputGradAttributes,
  { dy, w }: Named<readonly ['dy', 'w'], TensorType>,
  axis: 0 | 1,
): Phase[] {
  const stride = attrs.strides[axis];
  const length = kernelShape(w)[axis === 0 ? 2 : 3];
  const output = mapSize(dy.shape)[axis];
  const rows = Math.ceil(attrs.input[axis] / stride);
  return Array.from({ length: stride }, (_, phase) => {
    const shifted = phase + attrs.pads[axis];
    const first = shifted % stride;
    const count = Math.max(0, Math.ceil((length - first) / stride));
    const begin = count - 1 - Math.floor(shifted / stride);
    const taps = { last: first + stride * (count - 1), step: stride, count };
    return { taps, begin, end: rows + count - 1 - output - begin };
  });
}

const isUsed = ({ taps }: Phase): boolean => taps.count > 0;

/** dx of a convolution with a stride: each phase a convolution of dy with its taps, then woven together. */
const stridedInputGrad = blocked(convInputGrad, {
  name: 'blocked-phases',
  passes: inputGradPasses,
  layouts: { in: { dy: 'blocked' }, out: 'blocked' },
  when: (inputs, attrs, dx, block) => {
    if (attrs.strides.every((stride) => stride === 1)) return 'a stride of 1';
    if (attrs.dilations.some((dilation) => dilation > 1)) return 'a dilation of 2 or more';
    const phases = ([0, 1] as const).flatMap((axis) => phasesOf(attrs, inputs, axis));
    const reached = phases.filter(isUsed).every(({ begin, end }) => begin >= 0 && end >= 0);
    return declinesChannels(attrs, inputs.dy, dx, block) ?? (reached || unreached);
  },
  onnx: (k, { dy, w }, attrs, types) => {
    const { filter, groups } = inputGradKernel(k, w, attrs, kernelShape(types.in.w));
    const [down, right] = [phasesOf(attrs, types.in, 0), phasesOf(attrs, types.in, 1)];
    const parts = down.map((rows) =>
      right.map((columns) => {
        if (!isUsed(rows) || !isUsed(columns)) return undefined;
        return k.conv(dy, filter([rows.taps, columns.taps]), {
          kernel: [rows.taps.count, columns.taps.count],
          pads: [rows.begin, columns.begin, rows.end, columns.end],
          groups,
        });
      }),
    );
    return k.weave(parts, sizeOfMap(types.out));
  },
});

/** Convolutions and the gradients of their inputs over blocked maps. */
export const convRules = [depthwiseConv, denseConv, stemConv, stridedInputGrad, inputGrad];
