import {
  conv,
  convInputGrad,
  convKernelGrad,
  flipTaps,
  fullPads,
  type ConvAttributes,
  type ConvInputGradAttributes,
  type ConvKernelGradAttributes,
} from '../../ops/conv.js';
import type { NodeTypes } from '../../ir/op.js';
import { mapSize } from '../../ops/window.js';
import { invariant } from '../../support/errors.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { kernelShape, sizeOfMap, type BlockedConv, type Blocks } from './blocks.js';
import { layouts, type Rule } from './rule.js';

const notDepthwise = 'not a depthwise convolution';
const grouped = 'blocked convolutions have one group, or one a channel';

const isDepthwise = ({ groups }: ConvAttributes, { inputs, outputs }: NodeTypes): boolean =>
  groups > 1 &&
  sizeOfMap(inputs[0]).channels === groups &&
  sizeOfMap(outputs[0]).channels === groups;

const isPointwise = (kernel: readonly number[], { pads }: ConvAttributes): boolean =>
  kernel.every((v) => v === 1) && pads.every((v) => v === 0);

const windowOf = ({ strides, dilations, pads }: ConvAttributes) => ({ strides, dilations, pads });

/** A bias [O] for a blocked result. */
function biasOf(k: Blocks, bias: OnnxValue | undefined, { outputs }: NodeTypes): BlockedConv {
  return bias ? { bias: k.padVector(bias, sizeOfMap(outputs[0]).channels) } : {};
}

/** A convolution of all channels with all, the channels of either side padded to whole blocks. */
const denseConv: Rule<ConvAttributes> = {
  op: conv,
  name: 'blocked-dense',
  layouts: layouts('bpp', 'b'),
  declines: ({ groups }, { inputs }, block) =>
    groups !== 1
      ? grouped
      : sizeOfMap(inputs[0]).channels < block
        ? 'fewer input channels than a block'
        : undefined,
  spell: (k, [x, w, bias], attrs, types) => {
    invariant(x && w, 'conv has operands');
    const kernel = kernelShape(types.inputs[1]);
    const options = { kernel: kernel.slice(2), ...windowOf(attrs), ...biasOf(k, bias, types) };
    return [k.conv(x, k.denseKernel(w, kernel), options)];
  },
};

/** The first convolution of a network: few input channels, which the operator reads plain. */
const stemConv: Rule<ConvAttributes> = {
  op: conv,
  name: 'blocked-stem',
  layouts: layouts('ppp', 'b'),
  declines: ({ groups }, { inputs }, block) =>
    groups !== 1
      ? grouped
      : sizeOfMap(inputs[0]).channels >= block
        ? 'a whole block of input channels'
        : undefined,
  spell: (k, [x, w, bias], attrs, types) => {
    invariant(x && w, 'conv has operands');
    const kernel = kernelShape(types.inputs[1]);
    const options = { kernel: kernel.slice(2), ...windowOf(attrs), ...biasOf(k, bias, types) };
    return [k.conv(x, k.stemKernel(w, kernel), options)];
  },
};

const depthwiseConv: Rule<ConvAttributes> = {
  op: conv,
  name: 'blocked-depthwise',
  layouts: layouts('bpp', 'b'),
  declines: (attrs, types) => (isDepthwise(attrs, types) ? undefined : notDepthwise),
  spell: (k, [x, w, bias], attrs, types) => {
    invariant(x && w, 'conv has operands');
    const kernel = kernelShape(types.inputs[1]);
    const groups = k.padded(kernel[0]);
    const options = { kernel: kernel.slice(2), ...windowOf(attrs), groups };
    const filter = k.depthwiseKernel(w, kernel);
    return [k.conv(x, filter, { ...options, ...biasOf(k, bias, types) })];
  },
};

/**
 * dx as a convolution of dy with the flipped kernel; where the stride is 2 or more, of dy with
 * zeros between its pixels.
 */
const inputGrad: Rule<ConvInputGradAttributes> = {
  op: convInputGrad,
  name: 'blocked-flipped',
  layouts: layouts('bp', 'b'),
  declines: (attrs, types, block) => {
    const dy = sizeOfMap(types.inputs[0]);
    if (attrs.groups !== 1 && !isDepthwise(attrs, types)) return grouped;
    if (attrs.groups === 1 && dy.channels < block) return 'fewer output channels than a block';
    if (attrs.groups === 1 && sizeOfMap(types.outputs[0]).channels < block)
      return 'fewer input channels than a block';
    return spreadPads(attrs, types).every((pad) => pad >= 0)
      ? undefined
      : 'rows of the input that no window reached';
  },
  spell: (k, [dy, w], attrs, types) => {
    invariant(dy && w, 'convInputGrad has operands');
    const kernel = kernelShape(types.inputs[1]);
    const [out, , ...taps] = kernel;
    const flipped = flipTaps(k.b, w, taps);
    const options = { kernel: taps, dilations: attrs.dilations, pads: spreadPads(attrs, types) };
    const depthwise = attrs.groups > 1;
    const filter = depthwise
      ? k.depthwiseKernel(flipped, kernel)
      : k.exchangedKernel(flipped, kernel);
    const groups = depthwise ? k.padded(out) : 1;
    return [k.conv(spread(k, dy, attrs, types), filter, { ...options, groups })];
  },
};

/** Pads that bring the convolution of a spread dy to the input's size. */
function spreadPads(attrs: ConvInputGradAttributes, { inputs }: NodeTypes): number[] {
  const [, , ...kernel] = kernelShape(inputs[1]);
  const output = mapSize(inputs[0]?.shape ?? []);
  const spreadSize = [output[0] * attrs.strides[0], output[1] * attrs.strides[1]] as const;
  return fullPads(kernel, attrs, spreadSize);
}

/** dy with stride - 1 zeros after each row and column: one Pad, which reads blocks as they lie. */
function spread(
  k: Blocks,
  dy: OnnxValue,
  { strides }: ConvInputGradAttributes,
  { inputs }: NodeTypes,
): OnnxValue {
  const [down, right] = strides;
  if (down === 1 && right === 1) return dy;
  const { batch, channels, height, width } = sizeOfMap(inputs[0]);
  const maps = (batch * k.padded(channels)) / k.block;
  const ends = [0, 0, down - 1, 0, (right - 1) * k.block];
  const rows = k.reshape(dy, maps, height, 1, width, k.block);
  const padded = k.b.Pad(rows, k.b.ints(0, 0, 0, 0, 0, ...ends));
  return k.reshape(padded, batch, k.padded(channels), height * down, width * right);
}

/**
 * A 1x1 convolution is a matrix product over pixels, so its kernel's gradient is one, too: over the
 * pixels of all samples at once, dy^T [O,P] by x [P,C], or sample by sample, dy[n] [O,HW] by x[n]^T
 * [HW,C], and summed. Which is quicker depends on the map and the machine.
 */
function pointwiseKernelGrad(over: 'pixels' | 'rows'): Rule<ConvKernelGradAttributes> {
  return {
    op: convKernelGrad,
    name: `blocked-${over}`,
    layouts: layouts('bb', 'p'),
    declines: (attrs) =>
      attrs.groups === 1 && isPointwise(attrs.kernel, attrs) ? undefined : 'not a 1x1 convolution',
    spell: (k, [whole, dy], { strides }, { inputs }) => {
      invariant(whole && dy, 'convKernelGrad has operands');
      const to = sizeOfMap(inputs[1]);
      const { channels } = sizeOfMap(inputs[0]);
      const from = { ...to, channels };
      const x = k.subsample(whole, sizeOfMap(inputs[0]), strides);
      const dw =
        over === 'pixels'
          ? k.b.ms.FusedMatMul(k.pixels(dy, to), k.pixels(x, from), { transA: 1 })
          : k.sumBatch(k.b.ms.FusedMatMul(k.rows(dy, to), k.rows(x, from), { transB: 1 }));
      return [k.reshape(dw, to.channels, from.channels, 1, 1)];
    },
  };
}

/**
 * dw of a depthwise convolution: a convolution of x with dy as its filter, each sample's channel a
 * channel of its own, where stride and dilation change places.
 */
const depthwiseKernelGrad: Rule<ConvKernelGradAttributes> = {
  op: convKernelGrad,
  name: 'blocked-depthwise',
  layouts: layouts('bb', 'p'),
  declines: (attrs, types) => {
    const depthwise =
      attrs.groups > 1 &&
      sizeOfMap(types.inputs[0]).channels === attrs.groups &&
      sizeOfMap(types.inputs[1]).channels === attrs.groups;
    if (!depthwise) return notDepthwise;
    return reaches(attrs, types).every((reach) => reach >= 0)
      ? undefined
      : 'rows of the input that no window reached';
  },
  spell: (k, [x, dy], attrs, types) => {
    invariant(x && dy, 'convKernelGrad has operands');
    const { batch, channels, height, width } = sizeOfMap(types.inputs[0]);
    const output = mapSize(types.inputs[1]?.shape ?? []);
    const padded = k.padded(channels);
    const [kh, kw] = attrs.kernel;
    const image = k.reshape(x, 1, batch * padded, height, width);
    const filter = k.reshape(dy, batch * padded, 1, ...output);
    const full = k.conv(image, filter, {
      kernel: output,
      strides: attrs.dilations,
      dilations: attrs.strides,
      pads: [attrs.pads[0], attrs.pads[1], ...reaches(attrs, types)],
      groups: batch * padded,
    });
    const taps = k.reshape(full, batch, padded / k.block, kh * kw, k.block);
    const sum = k.b.Transpose(k.sumBatch(taps), { perm: [0, 2, 1] });
    const whole = k.reshape(sum, padded, 1, kh, kw);
    return [padded === channels ? whole : k.b.Slice(whole, k.b.ints(0), k.b.ints(channels))];
  },
};

/**
 * dw of a dense convolution: a blocked convolution over samples in the place of channels, of which
 * each of x's channels is one image and dy the filter, as large as the map; stride and dilation
 * change places. It runs at the speed of the forward pass, where the same with plain maps is a
 * matrix product of nine columns (64 samples, 32 to 32 channels, 32x32: 6 against 46 ms). `x` is
 * blocked, or, in a network's first convolution, plain.
 */
function denseKernelGrad(x: 'blocked' | 'plain'): Rule<ConvKernelGradAttributes> {
  const plain = x === 'plain';
  return {
    op: convKernelGrad,
    name: plain ? 'blocked-stem' : 'blocked-samples',
    layouts: layouts(plain ? 'pb' : 'bb', 'p'),
    declines: (attrs, types, block) => {
      if (attrs.groups !== 1) return grouped;
      if (sizeOfMap(types.inputs[0]).channels < block !== plain)
        return plain ? 'a whole block of input channels' : 'fewer input channels than a block';
      return reaches(attrs, types).every((reach) => reach >= 0)
        ? undefined
        : 'rows of the input that no window reached';
    },
    spell: (k, [from, dy], attrs, types) => {
      invariant(from && dy, 'convKernelGrad has operands');
      const [input, output] = [sizeOfMap(types.inputs[0]), sizeOfMap(types.inputs[1])];
      const pads = [attrs.pads[0], attrs.pads[1], ...reaches(attrs, types)];
      const { images, channels } = k.channelsAsImages(from, input, plain, pads);
      const [kh, kw] = attrs.kernel;
      const dw = k.conv(images, k.samplesAsKernel(dy, output), {
        kernel: [output.height, output.width],
        strides: attrs.dilations,
        dilations: attrs.strides,
      });
      const out = k.padded(output.channels);
      const taps = k.reshape(dw, channels, out / k.block, kh * kw, k.block);
      const whole = k.b.Transpose(taps, { perm: [1, 3, 0, 2] });
      const ends = k.b.ints(output.channels, input.channels);
      const shaped = k.reshape(whole, out, channels, kh, kw);
      const exact = out === output.channels && channels === input.channels;
      return [exact ? shaped : k.b.Slice(shaped, k.b.ints(0, 0), ends, k.b.ints(0, 1))];
    },
  };
}

/** How far the last window reaches beyond the input, down and right. */
function reaches(attrs: ConvKernelGradAttributes, { inputs }: NodeTypes): [number, number] {
  const input = mapSize(inputs[0]?.shape ?? []);
  const output = mapSize(inputs[1]?.shape ?? []);
  const reach = (axis: 0 | 1): number =>
    (attrs.kernel[axis] - 1) * attrs.dilations[axis] +
    (output[axis] - 1) * attrs.strides[axis] +
    1 -
    input[axis] -
    attrs.pads[axis];
  return [reach(0), reach(1)];
}

/** Convolutions and their gradients over blocked maps. */
export const convRules = [
  depthwiseConv,
  denseConv,
  stemConv,
  inputGrad,
  pointwiseKernelGrad('pixels'),
  pointwiseKernelGrad('rows'),
  depthwiseKernelGrad,
  denseKernelGrad('blocked'),
  denseKernelGrad('plain'),
] as const;
