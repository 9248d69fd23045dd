import {
  conv,
  convInputGrad,
  convKernelGrad,
  type ConvAttributes,
} from '../../../src/compiler/ops/conv.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';
import type { OpCase, OpTable } from '../../support/opCase.js';

type Numbers4 = readonly [number, number, number, number];

interface Convolution {
  /** Channels and size of the input. */
  readonly x: readonly [number, number, number];
  readonly w: Numbers4;
  readonly strides?: readonly [number, number];
  readonly pads?: Numbers4;
  readonly dilations?: readonly [number, number];
  readonly groups?: number;
  readonly bias?: boolean;
  /** H and W of the output. */
  readonly y: readonly [number, number];
}

const convolutions: readonly Convolution[] = [
  // Pointwise: alone, strided, with bias, in groups, and on a map of one pixel.
  { x: [5, 4, 3], w: [3, 5, 1, 1], y: [4, 3] },
  { x: [5, 7, 5], w: [3, 5, 1, 1], strides: [2, 2], y: [4, 3] },
  { x: [5, 6, 6], w: [4, 5, 1, 1], strides: [2, 2], bias: true, y: [3, 3] },
  { x: [4, 5, 5], w: [6, 2, 1, 1], groups: 2, y: [5, 5] },
  { x: [3, 1, 1], w: [2, 3, 1, 1], bias: true, y: [1, 1] },
  // 1x1 with padding: the gradient of the input cuts, which a convolution cannot.
  { x: [3, 4, 4], w: [2, 3, 1, 1], pads: [1, 1, 1, 1], y: [6, 6] },
  { x: [3, 4, 4], w: [2, 3, 1, 1], pads: [0, 2, 1, 0], strides: [2, 2], y: [3, 3] },
  // 3x3: valid, same, odd sizes, bias.
  { x: [3, 5, 7], w: [4, 3, 3, 3], y: [3, 5] },
  { x: [3, 5, 7], w: [4, 3, 3, 3], pads: [1, 1, 1, 1], bias: true, y: [5, 7] },
  { x: [2, 3, 3], w: [3, 2, 3, 3], y: [1, 1] },
  // Padded by more than the window reaches.
  { x: [2, 4, 5], w: [3, 2, 3, 3], pads: [3, 3, 3, 3], y: [8, 9] },
  { x: [2, 4, 5], w: [3, 2, 3, 3], pads: [4, 0, 3, 2], y: [9, 5] },
  { x: [2, 4, 5], w: [3, 2, 3, 3], pads: [3, 3, 3, 3], strides: [2, 2], y: [4, 5] },
  // Stride 2: dividing, leaving a row, TensorFlow's 'same' (the odd zero at the end), unequal strides.
  { x: [3, 7, 9], w: [4, 3, 3, 3], strides: [2, 2], y: [3, 4] },
  { x: [3, 8, 6], w: [4, 3, 3, 3], strides: [2, 2], y: [3, 2] },
  { x: [3, 8, 6], w: [4, 3, 3, 3], strides: [2, 2], pads: [0, 0, 1, 1], y: [4, 3] },
  { x: [3, 7, 5], w: [4, 3, 3, 3], strides: [2, 2], pads: [1, 1, 1, 1], bias: true, y: [4, 3] },
  { x: [2, 9, 8], w: [3, 2, 3, 2], strides: [3, 1], pads: [0, 1, 0, 0], y: [3, 8] },
  { x: [2, 11, 10], w: [3, 2, 2, 2], strides: [4, 4], y: [3, 3] },
  { x: [2, 8, 8], w: [3, 2, 4, 4], strides: [4, 4], y: [2, 2] },
  // Larger and asymmetric kernels.
  { x: [2, 9, 9], w: [3, 2, 5, 5], pads: [2, 2, 2, 2], y: [9, 9] },
  { x: [2, 9, 8], w: [2, 2, 7, 5], strides: [2, 2], pads: [3, 2, 3, 2], y: [5, 4] },
  { x: [2, 6, 7], w: [3, 2, 1, 5], pads: [0, 2, 0, 2], y: [6, 7] },
  { x: [2, 6, 7], w: [3, 2, 3, 1], pads: [1, 0, 1, 0], bias: true, y: [6, 7] },
  { x: [2, 5, 5], w: [3, 2, 5, 5], y: [1, 1] },
  // Dilation, with stride, with remainder.
  { x: [2, 7, 9], w: [3, 2, 3, 3], dilations: [2, 2], pads: [2, 2, 2, 2], y: [7, 9] },
  { x: [2, 8, 9], w: [3, 2, 3, 3], dilations: [2, 3], y: [4, 3] },
  {
    x: [2, 10, 9],
    w: [3, 2, 3, 3],
    dilations: [2, 2],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    y: [4, 4],
  },
  { x: [2, 10, 9], w: [3, 2, 2, 3], dilations: [3, 2], strides: [2, 3], y: [4, 2] },
  // Depthwise: same, strided with remainder, 'same' of TensorFlow, 5x5, two filters a channel, dilated.
  { x: [4, 5, 7], w: [4, 1, 3, 3], groups: 4, pads: [1, 1, 1, 1], y: [5, 7] },
  {
    x: [4, 8, 7],
    w: [4, 1, 3, 3],
    groups: 4,
    strides: [2, 2],
    pads: [0, 0, 1, 1],
    bias: true,
    y: [4, 3],
  },
  { x: [4, 8, 10], w: [4, 1, 3, 3], groups: 4, strides: [2, 2], y: [3, 4] },
  { x: [3, 9, 8], w: [3, 1, 5, 5], groups: 3, strides: [2, 2], pads: [1, 2, 2, 2], y: [4, 4] },
  { x: [3, 6, 6], w: [6, 1, 3, 3], groups: 3, pads: [1, 1, 1, 1], y: [6, 6] },
  { x: [3, 9, 9], w: [3, 1, 3, 3], groups: 3, dilations: [2, 2], pads: [2, 2, 2, 2], y: [9, 9] },
  { x: [1, 5, 5], w: [1, 1, 3, 3], groups: 1, pads: [1, 1, 1, 1], y: [5, 5] },
  // Groups of several channels, as many filters a group or others, strided, dilated, over-padded.
  { x: [4, 5, 6], w: [6, 2, 3, 3], groups: 2, pads: [1, 1, 1, 1], y: [5, 6] },
  { x: [6, 7, 8], w: [4, 3, 3, 3], groups: 2, strides: [2, 2], bias: true, y: [3, 3] },
  {
    x: [4, 8, 8],
    w: [4, 2, 3, 3],
    groups: 2,
    strides: [2, 2],
    dilations: [2, 2],
    pads: [1, 2, 2, 1],
    y: [4, 4],
  },
  { x: [4, 4, 4], w: [4, 2, 2, 2], groups: 2, pads: [2, 2, 2, 2], y: [7, 7] },
];

interface Parts {
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  readonly bias: boolean;
  readonly attrs: ConvAttributes;
}

const parts: readonly Parts[] = convolutions.map(
  ({ x, w, y, strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1, bias }) => ({
    x: [N, ...x],
    w,
    y: [N, w[0], ...y],
    bias: bias ?? false,
    attrs: { strides, pads, dilations, groups },
  }),
);

const own = 'it is a gradient itself';

export const convs: readonly OpTable[] = [
  {
    op: conv,
    cases: parts.map(({ x, w, y, bias, attrs }): OpCase => ({
      in: { x, w, ...(bias && { b: w.slice(0, 1) }) },
      attrs,
      result: y,
    })),
  },
  {
    op: convInputGrad,
    linearIn: 'dy',
    cases: parts.map(({ x, w, y, attrs }) => ({
      in: { dy: y, w },
      attrs: { ...attrs, input: x.slice(2) },
    })),
  },
  {
    op: convKernelGrad,
    noGradient: own,
    linearIn: 'dy',
    cases: parts.map(({ x, w, y, attrs }) => ({
      in: { x, dy: y },
      attrs: { ...attrs, kernel: w.slice(2) },
    })),
  },
];
