import { ndarray, type NdArray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { type TensorType, TypeFault } from '../ir/graph.js';
import { staticDim, staticSize, sizeOf } from '../../support/shape.js';
import { tensorData } from '../../support/tensor.js';
import {
  forEachTap,
  mapSize,
  outputPadding,
  windowOutput,
  type WindowAttributes,
} from './window.js';

export interface PoolAttributes extends WindowAttributes {
  readonly kernel: readonly [number, number];
}

/** Type of the pooled map; refuses padding that would hold a whole window, which has no maximum or mean. */
function pooled(x: TensorType, attrs: PoolAttributes): TensorType {
  const { kernel, pads } = attrs;
  if (pads.some((pad, i) => pad >= (kernel[i % 2] ?? 1)))
    throw new TypeFault(
      'padding-too-large',
      `padding [${pads.join(',')}] is not smaller than the ${kernel.join('x')} window`,
      'pad less, or use a larger kernel: a window over padding alone has no value',
    );
  const size = windowOutput(x.shape, attrs.kernel, attrs);
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...size] };
}

/** Visits each output position of a pooled [N,C,H,W] with the offsets into x that its window covers. */
function forEachWindow(
  x: readonly number[],
  y: readonly number[],
  attrs: PoolAttributes,
  visit: (yAt: number, covered: readonly number[]) => void,
): void {
  const [batch = 1, channels = 1, height = 1, width = 1] = x;
  const [, , outHeight = 1, outWidth = 1] = y;
  for (let map = 0; map < batch * channels; map++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++) {
        const covered: number[] = [];
        forEachTap([height, width], attrs.kernel, attrs, [oy, ox], (at) => {
          if (at >= 0) covered.push(map * height * width + at);
        });
        visit((map * outHeight + oy) * outWidth + ox, covered);
      }
}

/** Offset of the largest element among `covered`, the first among equals. */
function largest(x: NdArray, covered: readonly number[]): number {
  return covered.reduce((best, at) => ((x.data[at] ?? NaN) > (x.data[best] ?? NaN) ? at : best));
}

/** Maximum over a window of [N,C,H,W]; padding never wins. Source: ONNX MaxPool. */
export const maxPool = defineOp('maxPool', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'follows' },
  type: ({ x }, attrs: PoolAttributes) => pooled(x, attrs),
  reference: ({ x }, attrs, type) => {
    const y = ndarray(type.shape as readonly number[]);
    forEachWindow(x.shape, y.shape, attrs, (at, covered) => {
      y.data[at] = x.data[largest(x, covered)] ?? NaN;
    });
    return y;
  },
  gradient: ({ x }, dy, attrs): InputGrads => ({ x: maxPoolGrad(x, dy, attrs) }),
  onnx: (b, { x }, attrs) => b.MaxPool(x, maxPoolAttributes(attrs)),
});

const maxPoolAttributes = ({ kernel, strides, pads, dilations }: PoolAttributes) => ({
  kernel_shape: kernel,
  strides,
  pads,
  dilations,
});

/** Gradient of maxPool: each dy goes to the first largest element of its window. */
export const maxPoolGrad = defineOp('maxPoolGrad', {
  inputs: ['x', 'dy'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ x }, _: PoolAttributes) => x,
  reference: ({ x, dy }, attrs) => {
    const dx = ndarray(x.shape);
    forEachWindow(x.shape, dy.shape, attrs, (at, covered) => {
      const to = largest(x, covered);
      dx.data[to] = (dx.data[to] ?? 0) + (dy.data[at] ?? NaN);
    });
    return dx;
  },
  onnx: (b, { x, dy }, attrs, { in: types }) => {
    // MaxPool's second output counts through the whole tensor, so one flat scatter-add serves all maps.
    const [, indices] = b.MaxPool(x, maxPoolAttributes(attrs), 2);
    const flat = b.ints(-1);
    const size = sizeOf(types.x.shape);
    const zeros = b.ConstantOfShape(
      typeof size === 'number' ? b.ints(size) : b.Reshape(b.Size(x), b.ints(1)),
      { value: tensorData(types.x.dtype, [1], [0]) },
    );
    const scattered = b.ScatterElements(zeros, b.Reshape(indices, flat), b.Reshape(dy, flat), {
      axis: 0,
      reduction: 'add',
    });
    return b.Reshape(scattered, b.Shape(x));
  },
});

export interface AvgPoolAttributes extends PoolAttributes {
  /**
   * Counts zeros of the padding as elements (PyTorch's default) or leaves them out (TensorFlow's
   * 'same').
   */
  readonly countIncludePad: boolean;
  /** Rows and columns of the padding at the end that are never counted: those that 'ceil mode' added (default: 0). */
  readonly excess?: readonly [number, number];
}

/** Elements of the map and of the padding that each window's mean is divided by. */
function countedOf(
  attrs: AvgPoolAttributes,
  input: readonly [number, number],
  output: readonly [number, number],
): number[] {
  const counts = new Array<number>(staticSize(output));
  forEachWindow([1, 1, ...input], [1, 1, ...output], attrs, (at, covered) => {
    counts[at] = covered.length;
  });
  if (!attrs.countIncludePad) return counts;
  const [kernel, excess = [0, 0]] = [attrs.kernel, attrs.excess];
  const sideOf = (axis: 0 | 1, place: number): number => {
    const end = input[axis] + attrs.pads[axis] + attrs.pads[axis === 0 ? 2 : 3] - excess[axis];
    return Math.min(kernel[axis], end - place * attrs.strides[axis]);
  };
  return counts.map((_, at) => sideOf(0, Math.floor(at / output[1])) * sideOf(1, at % output[1]));
}

/** Whether windows that reach into the padding are divided by other numbers than ONNX divides them by. */
const hasExcess = ({ countIncludePad, excess = [0, 0] }: AvgPoolAttributes): boolean =>
  countIncludePad && excess.some((pixels) => pixels > 0);

/** Mean over a window of [N,C,H,W]; dilation is 1. Source: ONNX AveragePool. */
export const avgPool = defineOp('avgPool', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'follows' },
  type: ({ x }, attrs: AvgPoolAttributes) => {
    if (attrs.dilations.some((dilation) => dilation !== 1))
      throw new TypeFault(
        'dilation',
        `average pooling does not support dilation ${attrs.dilations.join('x')}`,
      );
    return pooled(x, attrs);
  },
  reference: ({ x }, attrs, type) => {
    const y = ndarray(type.shape as readonly number[]);
    const counts = countedOf(attrs, mapSize(x.shape), mapSize(y.shape));
    forEachWindow(x.shape, y.shape, attrs, (at, covered) => {
      const sum = covered.reduce((total, from) => total + (x.data[from] ?? NaN), 0);
      y.data[at] = sum / (counts[at % counts.length] ?? NaN);
    });
    return y;
  },
  gradient: ({ x }, dy, attrs): InputGrads => ({
    x: avgPoolGrad(dy, { ...attrs, input: mapSize(x.shape) }),
  }),
  onnx: (b, { x }, attrs, { in: types, out }) => {
    const { kernel, strides, pads, countIncludePad } = attrs;
    const y = b.AveragePool(x, {
      kernel_shape: kernel,
      strides,
      pads,
      count_include_pad: countIncludePad ? 1 : 0,
    });
    if (!hasExcess(attrs)) return y;
    const output = mapSize(out.shape);
    const counts = countedOf(attrs, mapSize(types.x.shape), output);
    const factors = counts.map((count) => (kernel[0] * kernel[1]) / count);
    return b.Mul(y, b.constant(tensorData(out.dtype, [1, 1, ...output], factors)));
  },
});

export interface AvgPoolGradAttributes extends AvgPoolAttributes {
  /** H and W of the pooled map. */
  readonly input: readonly [number, number];
}

/** Gradient of avgPool: each dy is spread evenly over the elements of its window. */
export const avgPoolGrad = defineOp('avgPoolGrad', {
  inputs: ['dy'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ dy }, { input }: AvgPoolGradAttributes) => ({
    dtype: dy.dtype,
    shape: [...dy.shape.slice(0, 2), ...input],
  }),
  reference: ({ dy }, attrs, type) => {
    const dx = ndarray(type.shape as readonly number[]);
    const counts = countedOf(attrs, mapSize(dx.shape), mapSize(dy.shape));
    forEachWindow(dx.shape, dy.shape, attrs, (at, covered) => {
      const share = (dy.data[at] ?? NaN) / (counts[at % counts.length] ?? NaN);
      for (const to of covered) dx.data[to] = (dx.data[to] ?? 0) + share;
    });
    return dx;
  },
  onnx: (b, { dy }, attrs, { in: types }) => {
    const { dtype } = types.dy;
    const output = mapSize(types.dy.shape);
    const channels = staticDim(types.dy.shape[1]);
    const shares = countedOf(attrs, attrs.input, output).map((count) => 1 / count);
    const share = b.constant(tensorData(dtype, [1, 1, ...output], shares));
    const ones = new Float32Array(channels * attrs.kernel[0] * attrs.kernel[1]).fill(1);
    const spread = b.constant(tensorData(dtype, [channels, 1, ...attrs.kernel], ones));
    return b.ConvTranspose(b.Mul(dy, share), spread, null, {
      kernel_shape: attrs.kernel,
      strides: attrs.strides,
      pads: attrs.pads,
      group: channels,
      output_padding: outputPadding(attrs.input, output, attrs.kernel, attrs),
    });
  },
});
