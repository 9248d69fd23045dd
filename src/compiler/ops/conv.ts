import type { Opset } from '../../../generated/onnx/index.js';
import { type TensorType, TypeFault } from '../ir/graph.js';
import { ndarray, type NdArray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { formatShape, staticDim } from '../../support/shape.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { reduceSum } from './broadcast.js';
import {
  forEachTap,
  mapSize,
  outputPadding,
  windowOutput,
  type WindowAttributes,
} from './window.js';

/*
 * With y = conv(x, w) and a window's tap t, y[n,o,p] = sum over c, t of w[o,c,t] * x[n,c,s*p + d*t].
 * - dx gathers what each input touched: a transposed convolution of dy with w; for stride 1 that is
 *   a convolution of dy with the kernel flipped in space and transposed in channels.
 * - dw[o,c,t] = sum over n, p of dy[n,o,p] * x[n,c,s*p + d*t]: a convolution of x with dy as its
 *   kernel, where stride and dilation change places and the batch plays the input channels.
 */

export interface ConvAttributes extends WindowAttributes {
  readonly groups: number;
}

const kernelOf = (w: TensorType): [number, number] => mapSize(w.shape);

/** Convolution: x [N,C,H,W], w [O,C/groups,kh,kw], b [O] -> [N,O,H',W']. Source: ONNX Conv. */
export const conv = defineOp('conv', {
  inputs: ['x', 'w', 'b?'],
  traits: {
    elementwise: false,
    halves: 'gains',
    passes: ({ groups }: ConvAttributes) => (groups > 1 ? 8 : 2),
  },
  type: ({ x, w }, attrs: ConvAttributes) => {
    const [height, width] = windowOutput(x.shape, kernelOf(w), attrs);
    const [out = 0, perGroup] = w.shape;
    const channels = staticDim(x.shape[1]);
    if (channels !== staticDim(perGroup) * attrs.groups || staticDim(out) % attrs.groups !== 0)
      throw new TypeFault(
        'channel-mismatch',
        `the kernel ${formatShape(w.shape)}${attrs.groups === 1 ? '' : ` with ${attrs.groups} groups`} does not fit the channels of ${formatShape(x.shape)}`,
      );
    return { dtype: x.dtype, shape: [x.shape[0] ?? 1, out, height, width] };
  },
  reference: ({ x, w, b }, attrs, type) => {
    const y = ndarray(type.shape as readonly number[]);
    forEachProduct(x, y, w, attrs, (xAt, yAt, wAt) => {
      y.data[yAt] = (y.data[yAt] ?? 0) + (x.data[xAt] ?? NaN) * (w.data[wAt] ?? NaN);
    });
    const [, out = 1, height = 1, width = 1] = y.shape;
    if (b)
      y.data.forEach(
        (v, i) => (y.data[i] = v + (b.data[Math.floor(i / (height * width)) % out] ?? NaN)),
      );
    return y;
  },
  gradient: ({ x, w, b }, dy, attrs): InputGrads => ({
    x: convInputGrad(dy, w, { ...attrs, input: mapSize(x.shape) }),
    w: convKernelGrad(x, dy, { ...attrs, kernel: kernelOf(w.type) }),
    ...(b && { b: reduceSum(dy, { axes: [0, 2, 3], keepDims: false }) }),
  }),
  onnx: (b, { x, w, b: bias }, attrs, { in: types }) =>
    b.Conv(x, w, bias, {
      kernel_shape: kernelOf(types.w),
      strides: attrs.strides,
      pads: attrs.pads,
      dilations: attrs.dilations,
      group: attrs.groups,
    }),
});

/** Visits every product of the convolution as offsets into x, y and w; padding is skipped. */
function forEachProduct(
  x: NdArray,
  y: NdArray,
  w: NdArray,
  attrs: ConvAttributes,
  visit: (xAt: number, yAt: number, wAt: number) => void,
): void {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const [, out = 1, outHeight = 1, outWidth = 1] = y.shape;
  const [, perGroup = 1, kh = 1, kw = 1] = w.shape;
  const outPerGroup = out / attrs.groups;
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < out; o++)
      for (let oy = 0; oy < outHeight; oy++)
        for (let ox = 0; ox < outWidth; ox++) {
          const yAt = ((n * out + o) * outHeight + oy) * outWidth + ox;
          forEachTap([height, width], [kh, kw], attrs, [oy, ox], (at, tap) => {
            if (at < 0) return;
            for (let c = 0; c < perGroup; c++) {
              const channel = Math.floor(o / outPerGroup) * perGroup + c;
              visit(
                (n * channels + channel) * height * width + at,
                yAt,
                (o * perGroup + c) * kh * kw + tap,
              );
            }
          });
        }
}

export interface ConvInputGradAttributes extends ConvAttributes {
  /** H and W of the convolution's input. */
  readonly input: readonly [number, number];
}

/**
 * Gradient of a convolution's input, and so the transposed convolution: dy [N,O,H',W'], w
 * [O,C/groups,kh,kw] -> [N,C,H,W]. Its own gradient is the convolution.
 */
export const convInputGrad = defineOp('convInputGrad', {
  inputs: ['dy', 'w'],
  traits: {
    elementwise: false,
    halves: 'stays',
    passes: ({ groups }: ConvInputGradAttributes) => (groups > 1 ? 8 : 2),
  },
  type: ({ dy, w }, { input, groups }: ConvInputGradAttributes) => ({
    dtype: dy.dtype,
    shape: [dy.shape[0] ?? 1, staticDim(w.shape[1]) * groups, ...input],
  }),
  reference: ({ dy, w }, attrs, type) => {
    const dx = ndarray(type.shape as readonly number[]);
    forEachProduct(dx, dy, w, attrs, (xAt, yAt, wAt) => {
      dx.data[xAt] = (dx.data[xAt] ?? 0) + (dy.data[yAt] ?? NaN) * (w.data[wAt] ?? NaN);
    });
    return dx;
  },
  gradient: ({ dy, w }, g, { strides, pads, dilations, groups }): InputGrads => {
    const window = { strides, pads, dilations, groups };
    return {
      dy: conv(g, w, undefined, window),
      w: convKernelGrad(g, dy, { ...window, kernel: kernelOf(w.type) }),
    };
  },
  onnx: (b, { dy, w }, attrs, { in: types }) => {
    const kernel = kernelOf(types.w);
    const { strides, dilations, groups } = attrs;
    const full = fullPads(kernel, attrs, mapSize(types.dy.shape));
    if (strides[0] === 1 && strides[1] === 1 && full.every((pad) => pad >= 0)) {
      const flipped = flipKernel(b, w, types.w, groups);
      return b.Conv(dy, flipped, null, {
        kernel_shape: kernel,
        pads: full,
        dilations,
        group: groups,
      });
    }
    return b.ConvTranspose(dy, w, null, {
      kernel_shape: kernel,
      strides,
      pads: attrs.pads,
      dilations,
      group: groups,
      output_padding: outputPadding(attrs.input, mapSize(types.dy.shape), kernel, attrs),
    });
  },
});

/** Pads of the convolution that computes dx from a dy of size `output` at stride 1: what the window reaches beyond the forward pads. */
export function fullPads(
  kernel: readonly [number, number],
  { pads, dilations, input }: Pick<ConvInputGradAttributes, 'pads' | 'dilations' | 'input'>,
  output: readonly [number, number],
): [number, number, number, number] {
  const extent = (axis: 0 | 1): number => dilations[axis] * (kernel[axis] - 1);
  const begin = (axis: 0 | 1): number => extent(axis) - pads[axis];
  const end = (axis: 0 | 1): number => input[axis] + extent(axis) - output[axis] - begin(axis);
  return [begin(0), begin(1), end(0), end(1)];
}

/** w [O,C/groups,kh,kw] -> [C,O/groups,kh,kw], each kernel flipped in space. */
function flipKernel(b: Opset, w: OnnxValue, type: TensorType, groups: number): OnnxValue {
  const [out, perGroup, kh, kw] = type.shape.map(staticDim) as [number, number, number, number];
  let turned = w;
  if (groups === 1) turned = b.Transpose(w, { perm: [1, 0, 2, 3] });
  else if (out !== groups || perGroup !== 1) {
    const split = b.Reshape(w, b.ints(groups, out / groups, perGroup, kh, kw));
    const swapped = b.Transpose(split, { perm: [0, 2, 1, 3, 4] });
    turned = b.Reshape(swapped, b.ints(groups * perGroup, out / groups, kh, kw));
  }
  return flipTaps(b, turned, [kh, kw]);
}

/** A kernel [O,I,kh,kw] flipped in space. */
export function flipTaps(b: Opset, w: OnnxValue, [kh = 1, kw = 1]: readonly number[]): OnnxValue {
  if (kh === 1 && kw === 1) return w;
  return b.Slice(w, b.ints(-1, -1), b.ints(-kh - 1, -kw - 1), b.ints(2, 3), b.ints(-1, -1));
}

export interface ConvKernelGradAttributes extends ConvAttributes {
  /** kh and kw. */
  readonly kernel: readonly [number, number];
}

/** Gradient of a convolution's kernel: x [N,C,H,W], dy [N,O,H',W'] -> [O,C/groups,kh,kw]. */
export const convKernelGrad = defineOp('convKernelGrad', {
  inputs: ['x', 'dy'],
  traits: {
    elementwise: false,
    halves: 'stays',
    passes: ({ groups }: ConvKernelGradAttributes) => (groups > 1 ? 16 : 3),
  },
  type: ({ x, dy }, { groups, kernel }: ConvKernelGradAttributes) => ({
    dtype: x.dtype,
    shape: [dy.shape[1] ?? 1, staticDim(x.shape[1]) / groups, ...kernel],
  }),
  reference: ({ x, dy }, attrs, type) => {
    const dw = ndarray(type.shape as readonly number[]);
    forEachProduct(x, dy, dw, attrs, (xAt, yAt, wAt) => {
      dw.data[wAt] = (dw.data[wAt] ?? 0) + (x.data[xAt] ?? NaN) * (dy.data[yAt] ?? NaN);
    });
    return dw;
  },
  onnx: (b, { x, dy }, attrs, { in: types }) =>
    isPointwise(attrs) ? pointwiseKernelGrad(b, x, dy, types) : swappedConv(b, x, dy, attrs, types),
});

/** True if a kernel gradient is that of a 1x1 convolution of stride 1: a matrix product over pixels. */
export function isPointwise({ kernel, strides, pads, groups }: ConvKernelGradAttributes): boolean {
  return (
    groups === 1 && [...kernel, ...strides].every((v) => v === 1) && pads.every((v) => v === 0)
  );
}

interface KernelGradTypes {
  readonly x: TensorType;
  readonly dy: TensorType;
}

/**
 * Up to this many pixels of a map, one product over the pixels of all samples; above, one a sample
 * and their sum, which on small maps takes longer than the products (1,280 by 320 channels on 2x2
 * pixels, 32 samples: 12.6 of 15 ms).
 */
const pixelsAtOnce = 400;

/** A 1x1 convolution is a matrix product over pixels: dw = sum over n of dy[n] [O,HW] by x[n]^T [HW,C]. */
function pointwiseKernelGrad(
  b: Opset,
  x: OnnxValue,
  dy: OnnxValue,
  types: KernelGradTypes,
): OnnxValue {
  const [channels, out] = [staticDim(types.x.shape[1]), staticDim(types.dy.shape[1])];
  const [height, width] = mapSize(types.x.shape);
  const pixels = height * width;
  const rows = b.Reshape(dy, b.ints(-1, out, pixels));
  const columns = b.Transpose(b.Reshape(x, b.ints(-1, channels, pixels)), { perm: [0, 2, 1] });
  if (pixels <= pixelsAtOnce) {
    const all = b.Reshape(b.Transpose(rows, { perm: [1, 0, 2] }), b.ints(out, -1));
    const product = b.MatMul(all, b.Reshape(columns, b.ints(-1, channels)));
    return b.Reshape(product, b.ints(out, channels, 1, 1));
  }
  const sum = b.ReduceSum(b.MatMul(rows, columns), b.ints(0), { keepdims: 0 });
  return b.Reshape(sum, b.ints(out, channels, 1, 1));
}

function swappedConv(
  b: Opset,
  x: OnnxValue,
  dy: OnnxValue,
  { kernel, strides, dilations, pads, groups }: ConvKernelGradAttributes,
  types: KernelGradTypes,
): OnnxValue {
  const channels = staticDim(types.x.shape[1]);
  const input = mapSize(types.x.shape);
  const output = mapSize(types.dy.shape);
  const perGroup = channels / groups;
  // The batch becomes the input channels: x -> [C/groups, groups*N, H, W], dy -> [O, N, H', W'].
  const data = b.Reshape(
    b.Transpose(b.Reshape(x, b.ints(-1, groups, perGroup, ...input)), { perm: [2, 1, 0, 3, 4] }),
    b.ints(perGroup, -1, ...input),
  );
  const filter = b.Transpose(dy, { perm: [1, 0, 2, 3] });
  // Rows of x that no window reached (a stride that does not divide) would add taps: pad less at the end, or cut.
  const reach = (axis: 0 | 1): number =>
    (kernel[axis] - 1) * dilations[axis] +
    (output[axis] - 1) * strides[axis] +
    1 -
    input[axis] -
    pads[axis];
  const ends = [Math.max(0, reach(0)), Math.max(0, reach(1))];
  const full = b.Conv(data, filter, null, {
    kernel_shape: output,
    strides: dilations,
    dilations: strides,
    pads: [pads[0], pads[1], ...ends],
    group: groups,
  });
  const exact = reach(0) >= 0 && reach(1) >= 0;
  const taps = exact ? full : b.Slice(full, b.ints(0, 0), b.ints(...kernel), b.ints(2, 3));
  return b.Transpose(taps, { perm: [1, 0, 2, 3] });
}
