import type { Opset } from '../../../../generated/onnx/index.js';
import type { TensorType } from '../../ir/graph.js';
import { convKernelGrad, isPointwise, type ConvKernelGradAttributes } from '../../ops/conv.js';
import { mapSize } from '../../ops/window.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { staticDim } from '../../../support/shape.js';
import { tensorData } from '../../../support/tensor.js';
import { override } from '../override.js';

/*
 * The gradient of a kernel is a convolution whose window is the whole map: cuDNN, made for small windows,
 * has no fast way for it, and no operator of the provider gives its own. So it is spelt in matrix
 * products, which are sure to run at full speed.
 */

/** Sizes of a kernel gradient: x [N,C,H,W], dy [N,O,H',W'], kernel kh x kw. */
interface Sizes {
  readonly batch: number;
  readonly channels: number;
  readonly out: number;
  readonly output: readonly [number, number];
}

function sizesOf(x: TensorType, dy: TensorType): Sizes {
  const [batch, channels] = x.shape.map(staticDim);
  return {
    batch: batch ?? 1,
    channels: channels ?? 1,
    out: staticDim(dy.shape[1]),
    output: mapSize(dy.shape),
  };
}

/** x padded by what its windows reach beyond it. */
function padded(b: Opset, x: OnnxValue, { pads }: ConvKernelGradAttributes): OnnxValue {
  const [top, left, bottom, right] = pads;
  return pads.some((pad) => pad > 0) ? b.Pad(x, b.ints(0, 0, top, left, 0, 0, bottom, right)) : x;
}

/** Elements that a tap sees along an axis of the padded map: from its place on, one per stride. */
function seen(
  b: Opset,
  x: OnnxValue,
  { axis, tap, size }: { readonly axis: 2 | 3; readonly tap: number; readonly size: number },
  { strides, dilations }: ConvKernelGradAttributes,
): OnnxValue {
  const [stride, dilation] = [strides[axis - 2] ?? 1, dilations[axis - 2] ?? 1];
  const start = tap * dilation;
  const end = start + (size - 1) * stride + 1;
  return b.Slice(x, b.ints(start), b.ints(end), b.ints(axis), b.ints(stride));
}

/** Up to this many pixels of a map, one product over the pixels of all samples; above, one a sample and their sum. */
const pixelsAtOnce = 400;

/** Several channels a group: the map's columns, kh * kw copies of it, times dy. */
const columns = override(convKernelGrad, {
  name: 'cuda-columns',
  when: (_, attrs) =>
    attrs.groups > 1 ? 'groups' : !isPointwise(attrs) || 'a 1x1 convolution is a product already',
  onnx: (b, { x, dy }, attrs, { in: types }) => {
    const { batch, channels, out, output } = sizesOf(types.x, types.dy);
    const [kh, kw] = attrs.kernel;
    const map = padded(b, x, attrs);
    const rows = Array.from({ length: kh }, (_, tap) =>
      seen(b, map, { axis: 2, tap, size: output[0] }, attrs),
    );
    const taps = rows.flatMap((row) =>
      Array.from({ length: kw }, (_, tap) =>
        seen(b, row, { axis: 3, tap, size: output[1] }, attrs),
      ),
    );
    const [width, pixels] = [kh * kw * channels, output[0] * output[1]];
    const cols = b.Reshape(b.Concat(taps, { axis: 1 }), b.ints(batch, width, pixels));
    const grads = b.Reshape(dy, b.ints(batch, out, pixels));
    const dw = product(b, grads, cols, pixels <= pixelsAtOnce);
    return b.Transpose(b.Reshape(dw, b.ints(out, kh, kw, channels)), { perm: [0, 3, 1, 2] });
  },
});

/** Sum over samples and pixels of left [N,O,P] times right [N,K,P] -> [O,K]. */
function product(b: Opset, left: OnnxValue, right: OnnxValue, atOnce: boolean): OnnxValue {
  if (!atOnce) {
    const each = b.ms.FusedMatMul(left, right, { transB: 1 });
    return b.ReduceSum(each, b.ints(0), { keepdims: 0 });
  }
  const all = b.Transpose(left, { perm: [1, 0, 2] });
  const columnsOfAll = b.Transpose(right, { perm: [0, 2, 1] });
  return b.MatMul(flat(b, all, 1), flat(b, columnsOfAll, 2));
}

/** A tensor of rank 3 as a matrix, its last axes joined or, where `axis` is 2, its first. */
function flat(b: Opset, x: OnnxValue, axis: 1 | 2): OnnxValue {
  return b.Flatten(x, { axis });
}

/**
 * Depthwise: for each channel and row ky of the kernel, the products of all columns of dy with all
 * columns of x, summed over samples and rows, [W',W]; of these only those count whose columns a tap kx
 * joins, and a product with a constant of zeros and ones adds them up. It does W'/kw times the arithmetic
 * and reads the maps kh times, not kh * kw times.
 */
const depthwise = override(convKernelGrad, {
  name: 'cuda-column-pairs',
  when: ({ x, dy }, { groups }) =>
    (groups > 1 && [x, dy].every(({ shape }) => staticDim(shape[1]) === groups)) || 'not depthwise',
  onnx: (b, { x, dy }, attrs, { in: types }) => {
    const { batch, channels, output } = sizesOf(types.x, types.dy);
    const [kh, kw] = attrs.kernel;
    const width = mapSize(types.x.shape)[1] + attrs.pads[1] + attrs.pads[3];
    const swap = (map: OnnxValue): OnnxValue => b.Transpose(map, { perm: [1, 0, 2, 3] });
    const map = swap(padded(b, x, attrs));
    const lines = batch * output[0];
    const grads = b.Reshape(swap(dy), b.ints(channels, lines, output[1]));
    const pairs = Array.from({ length: kh }, (_, tap) => {
      const row = seen(b, map, { axis: 2, tap, size: output[0] }, attrs);
      const columns = b.Reshape(row, b.ints(channels, lines, width));
      const product = b.ms.FusedMatMul(grads, columns, { transA: 1 });
      return b.Reshape(product, b.ints(channels, 1, output[1] * width));
    });
    const all = b.Reshape(b.Concat(pairs, { axis: 1 }), b.ints(channels * kh, output[1] * width));
    const { dtype } = types.x;
    const joined = b.constant(
      tensorData(dtype, [output[1] * width, kw], joins(output[1], width, kw, attrs)),
    );
    return b.Reshape(b.MatMul(all, joined), b.ints(channels, 1, kh, kw));
  },
});

/** 1 where tap kx takes column `from` of the padded map to column `to` of dy: [(to, from), kx]. */
function joins(
  columnsOfDy: number,
  width: number,
  kw: number,
  { strides, dilations }: ConvKernelGradAttributes,
): Float32Array {
  const ones = new Float32Array(columnsOfDy * width * kw);
  for (let to = 0; to < columnsOfDy; to++)
    for (let tap = 0; tap < kw; tap++) {
      const from = to * strides[1] + tap * dilations[1];
      ones[(to * width + from) * kw + tap] = 1;
    }
  return ones;
}

/** Gradients of kernels, as matrix products. */
export const kernelGradRules = [columns, depthwise];
