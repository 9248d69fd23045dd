import type { TensorType } from '../../ir/graph.js';
import type { Named } from '../../ir/op.js';
import { convKernelGrad, type ConvKernelGradAttributes } from '../../ops/conv.js';
import { mapSize } from '../../ops/window.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { sizeOfMap, type Blocks, type MapSize } from './blocks.js';
import { grouped, isDepthwise, notDepthwise, unreached } from './convRules.js';
import { blocked, type BlockedOverride } from './blocked.js';
import {
  bandsAsImages,
  bandsAsKernel,
  bandsOf,
  channelsAsImages,
  samplesAsKernel,
} from './samples.js';

/*
 * dw of a 1x1 convolution is a matrix product over pixels, dy [O,P] by x^T [P,C]. A blocked map of one
 * sample, [O/block,P,block], lies in memory as the kernel [O/block,P/block,block,block] of a
 * convolution that takes pixels for channels. So the wider map serves as it lies, and only the
 * narrower one is turned into an image of P channels and C pixels: a third to a half faster than
 * the product of two plain maps (8 samples, 96 by 16 channels, 112x112: 6.6 against 8.8 ms; 24 by
 * 144, 56x56: 3.3 against 6.3).
 */

const notPointwise = 'not a 1x1 convolution';

const isPointwise = ({ kernel, pads, groups }: ConvKernelGradAttributes): boolean =>
  groups === 1 && kernel.every((v) => v === 1) && pads.every((v) => v === 0);

/** The operands of a pointwise kernel gradient: maps of equal size, the one with more channels, and the other. */
interface Pair {
  readonly wide: OnnxValue;
  readonly narrow: OnnxValue;
  readonly wideSize: MapSize;
  readonly narrowSize: MapSize;
}

const bothBlocked = { in: { x: 'blocked', dy: 'blocked' } } as const;

/**
 * Makes [O,C,1,1] by a function that gives, for a pair, [wide channels padded, narrow channels] in
 * blocks, if the pixels that it sums in one go, `group`, are whole blocks.
 */
function pointwiseRule(
  name: string,
  group: (map: MapSize) => number,
  product: (k: Blocks, pair: Pair) => OnnxValue,
): BlockedOverride {
  return blocked(convKernelGrad, {
    name,
    passes: () => 5,
    layouts: bothBlocked,
    when: ({ dy }, attrs, _, block) =>
      isPointwise(attrs)
        ? group(sizeOfMap(dy)) % block === 0 || 'pixels that do not fill whole blocks'
        : notPointwise,
    onnx: (k, { x: whole, dy }, { strides }, { in: types }) => {
      const dySize = sizeOfMap(types.dy);
      const xSize = { ...dySize, channels: sizeOfMap(types.x).channels };
      const x = k.subsample(whole, sizeOfMap(types.x), strides);
      const isUpright = k.padded(dySize.channels) >= k.padded(xSize.channels);
      const pair = isUpright
        ? { wide: dy, narrow: x, wideSize: dySize, narrowSize: xSize }
        : { wide: x, narrow: dy, wideSize: xSize, narrowSize: dySize };
      const matrix = k.plainMatrix(
        product(k, pair),
        [pair.wideSize.channels, pair.narrowSize.channels],
        isUpright,
      );
      return k.reshape(matrix, dySize.channels, xSize.channels, 1, 1);
    },
  });
}

/** Each sample a group of its own. */
const pointwiseBySample = pointwiseRule(
  'blocked-conv-by-sample',
  ({ height, width }) => height * width,
  (k, { wide, narrow, wideSize, narrowSize }) => {
    const { batch, height, width } = wideSize;
    const pixels = height * width;
    const out = k.padded(wideSize.channels);
    const { channels } = narrowSize;
    const rows = k.reshape(k.rows(narrow, narrowSize), batch, 1, channels, pixels);
    const image = k.b.nchwc.ReorderInput(rows, { channels_last: 1 });
    const products = k.conv(
      k.reshape(image, 1, batch * pixels, 1, channels),
      k.reshape(wide, batch * out, pixels, 1, 1),
      { groups: batch },
    );
    return k.sumBatch(k.reshape(products, batch, out * channels));
  },
);

/** All samples at once: those of one block of channels must lie beside each other. */
const pointwiseAtOnce = pointwiseRule(
  'blocked-conv',
  ({ batch, height, width }) => batch * height * width,
  (k, { wide, narrow, wideSize, narrowSize }) => {
    const { batch, height, width } = wideSize;
    const pixels = batch * height * width;
    const out = k.padded(wideSize.channels);
    const { channels } = narrowSize;
    const samples = k.reshape(wide, batch, out / k.block, height * width * k.block);
    const kernel = k.b.Transpose(samples, { perm: [1, 0, 2] });
    // Rows, so that the operator has more than one of them to share among its threads.
    const rows = channels % k.block === 0 ? channels / k.block : 1;
    const image = k.reshape(k.pixels(narrow, narrowSize), 1, pixels, rows, channels / rows);
    return k.conv(k.b.nchwc.ReorderInput(image), k.reshape(kernel, out, pixels, 1, 1));
  },
);

/** The product of plain matrices: over the pixels of all samples at once, or sample by sample, summed. */
function pointwiseProduct(over: 'pixels' | 'rows'): BlockedOverride {
  return blocked(convKernelGrad, {
    name: `blocked-${over}`,
    passes: () => 5,
    layouts: bothBlocked,
    when: (_, attrs) => isPointwise(attrs) || notPointwise,
    onnx: (k, { x: whole, dy }, { strides }, { in: types }) => {
      const to = sizeOfMap(types.dy);
      const from = { ...to, channels: sizeOfMap(types.x).channels };
      const x = k.subsample(whole, sizeOfMap(types.x), strides);
      const dw =
        over === 'pixels'
          ? k.b.ms.FusedMatMul(k.pixels(dy, to), k.pixels(x, from), { transA: 1 })
          : k.sumBatch(k.b.ms.FusedMatMul(k.rows(dy, to), k.rows(x, from), { transB: 1 }));
      return k.reshape(dw, to.channels, from.channels, 1, 1);
    },
  });
}

/** Padding from which on a depthwise kernel's gradient gains from a map that is widened first: 5x5, not 3x3. */
const leastPads = 4;

/**
 * dw of a depthwise convolution: a convolution of x with dy as its filter, each sample's channel a
 * channel of its own, where stride and dilation change places.
 */
const depthwiseKernelGrad = blocked(convKernelGrad, {
  name: 'blocked-depthwise',
  passes: () => 3,
  layouts: bothBlocked,
  when: (inputs, attrs) =>
    isDepthwise(attrs, inputs.x, inputs.dy)
      ? reaches(attrs, inputs).every((reach) => reach >= 0) || unreached
      : notDepthwise,
  onnx: (k, { x, dy }, attrs, { in: types }) => {
    const input = sizeOfMap(types.x);
    const { batch, channels } = input;
    const output = mapSize(types.dy.shape);
    const padded = k.padded(channels);
    const [kh, kw] = attrs.kernel;
    const [down, right] = reaches(attrs, types);
    const [top, left] = attrs.pads;
    // What the map is widened by, the operator does not pad.
    const [before, behind] =
      left + right >= leastPads ? ([left, right] as const) : ([0, 0] as const);
    const width = before + input.width + behind;
    const wide = k.widen(x, input, [before, behind]);
    const image = k.reshape(wide, 1, batch * padded, input.height, width);
    const filter = k.reshape(dy, batch * padded, 1, ...output);
    const full = k.conv(image, filter, {
      kernel: output,
      strides: attrs.dilations,
      dilations: attrs.strides,
      pads: [top, left - before, down, right - behind],
      groups: batch * padded,
    });
    const taps = k.reshape(full, batch, padded / k.block, kh * kw, k.block);
    const sum = k.b.Transpose(k.sumBatch(taps), { perm: [0, 2, 1] });
    const whole = k.reshape(sum, padded, 1, kh, kw);
    return padded === channels ? whole : k.b.Slice(whole, k.b.ints(0), k.b.ints(channels));
  },
});

/**
 * dw of a dense convolution: a blocked convolution over samples in the place of channels, of which
 * each of x's channels is one image and dy the filter, as large as the map; stride and dilation
 * change places. It runs at the speed of the forward pass, whereas the same with plain maps is a
 * matrix product of nine columns (64 samples, 32 to 32 channels, 32x32: 6 against 46 ms). x is
 * blocked, or, in a network's first convolution, plain. A batch that is no whole number of blocks is
 * filled up with zeros, or each sample cut into bands of rows, which are samples of their own
 * (8 samples in blocks of 16, 64 to 64 channels, 56x56: half the products).
 */
function denseKernelGrad(layout: 'blocked' | 'plain', over: 'samples' | 'bands'): BlockedOverride {
  const plain = layout === 'plain';
  const ofSamples = plain ? 'blocked-stem' : 'blocked-samples';
  return blocked(convKernelGrad, {
    name: over === 'samples' ? ofSamples : plain ? 'blocked-stem-bands' : 'blocked-bands',
    passes: () => (over === 'bands' ? 7 : 5),
    layouts: { in: { x: layout, dy: 'blocked' } },
    when: (inputs, attrs, _, block) => {
      if (attrs.groups !== 1) return grouped;
      if (sizeOfMap(inputs.x).channels < block !== plain)
        return plain ? 'a whole block of input channels' : 'fewer input channels than a block';
      if (over === 'bands' && bandsOf(sizeOfMap(inputs.dy), block).count === 1)
        return 'a batch of whole blocks';
      return reaches(attrs, inputs).every((reach) => reach >= 0) || unreached;
    },
    onnx: (k, { x, dy }, attrs, { in: types }) => {
      const [input, output] = [sizeOfMap(types.x), sizeOfMap(types.dy)];
      const pads = [attrs.pads[0], attrs.pads[1], ...reaches(attrs, types)];
      const [kh, kw] = attrs.kernel;
      const [stride] = attrs.strides;
      const cut = over === 'bands' ? bandsOf(output, k.block) : undefined;
      const rows = cut?.rows ?? output.height;
      const height = (rows - 1) * stride + (kh - 1) * attrs.dilations[0] + 1;
      const bands = cut && { count: cut.count, height, step: rows * stride };
      const { images: maps, channels } = bands
        ? bandsAsImages(k, x, input, plain, pads, bands)
        : channelsAsImages(k, x, input, plain, pads);
      const filter = cut ? bandsAsKernel(k, dy, output, cut) : samplesAsKernel(k, dy, output);
      const dw = k.conv(maps, filter, {
        kernel: [rows, output.width],
        strides: attrs.dilations,
        dilations: attrs.strides,
      });
      const out = k.padded(output.channels);
      // The images become rows, their pixels columns; then whole rows of blocks move, not numbers.
      const images = k.reshape(dw, channels, out / k.block, kh * kw * k.block);
      const matrix = k.b.Transpose(images, { perm: [1, 0, 2] });
      const size = { batch: 1, channels: output.channels, height: channels, width: kh * kw };
      const shaped = k.reshape(matrix, ...k.shape(size));
      const whole = k.reshape(k.rows(shaped, size), output.channels, channels, kh, kw);
      if (channels === input.channels) return whole;
      return k.b.Slice(whole, k.b.ints(0), k.b.ints(input.channels), k.b.ints(1));
    },
  });
}

/**
 * dw of a dense convolution as one product of matrices over the pixels of all samples, channels last:
 * of dy's rows, each moved down by every row of the kernel, and of x's columns, each moved by every
 * column. For kernels of more than one tap at stride 1; each map is written three times for a 3x3
 * kernel, where a product a tap would write x nine times.
 */
const shiftedKernelGrad = blocked(convKernelGrad, {
  name: 'blocked-shifted',
  passes: ({ kernel }) => 6 + 2 * Math.max(...kernel),
  layouts: bothBlocked,
  when: ({ x }, { groups, kernel, strides, dilations }, _, block) => {
    if (groups !== 1) return grouped;
    if (sizeOfMap(x).channels < block) return 'fewer input channels than a block';
    if (kernel.every((taps) => taps === 1)) return 'a 1x1 convolution';
    const single = [...strides, ...dilations].every((step) => step === 1);
    return single || 'a stride or a dilation of 2 or more';
  },
  onnx: (k, { x, dy }, { kernel: [kh, kw], pads }, { in: types }) => {
    const [input, output] = [sizeOfMap(types.x), sizeOfMap(types.dy)];
    // Both on the grid of x's rows and dy's columns.
    const grid = [input.height, output.width] as const;
    const columns = k.shifted(x, input, grid, (row, column) =>
      Array.from({ length: kw }, (_, tap) => [row, column + tap - pads[1]]),
    );
    const rows = k.shifted(dy, output, grid, (row, column) =>
      Array.from({ length: kh }, (_, tap) => [row - tap + pads[0], column]),
    );
    const product = k.b.ms.FusedMatMul(rows, columns, { transA: 1 });
    const split = k.reshape(product, kh, output.channels, kw, input.channels);
    return k.b.Transpose(split, { perm: [1, 3, 0, 2] });
  },
});

/** Rows and columns by which the last window reaches beyond the input. */
function reaches(
  attrs: ConvKernelGradAttributes,
  { x, dy }: Named<readonly ['x', 'dy'], TensorType>,
): [number, number] {
  const [input, output] = [mapSize(x.shape), mapSize(dy.shape)];
  const reach = (axis: 0 | 1): number =>
    (attrs.kernel[axis] - 1) * attrs.dilations[axis] +
    (output[axis] - 1) * attrs.strides[axis] +
    1 -
    input[axis] -
    attrs.pads[axis];
  return [reach(0), reach(1)];
}

/** Gradients of kernels over blocked maps. */
export const kernelGradRules = [
  pointwiseBySample,
  pointwiseAtOnce,
  pointwiseProduct('pixels'),
  pointwiseProduct('rows'),
  depthwiseKernelGrad,
  denseKernelGrad('blocked', 'bands'),
  denseKernelGrad('plain', 'bands'),
  denseKernelGrad('blocked', 'samples'),
  denseKernelGrad('plain', 'samples'),
  shiftedKernelGrad,
];
