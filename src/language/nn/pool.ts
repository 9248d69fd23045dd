import type { Value } from '../../compiler/ir/graph.js';
import { avgPool as avgPoolOp, maxPool as maxPoolOp } from '../../compiler/ops/pool.js';
import { reduceMean } from '../../compiler/ops/reduce.js';
import { reshape } from '../../compiler/ops/shape.js';
import { formatShape } from '../../support/shape.js';
import { addLayer } from './layer.js';
import type { Trace } from '../../compiler/trace/trace.js';
import {
  checkFits,
  checkMap,
  statedWindow,
  type Pair,
  type Window,
  type WindowOptions,
} from './window.js';

export interface GlobalPoolOptions {
  /** Keeps the axes: [N,C,1,1] rather than [N,C] (default: false). */
  readonly keepDims?: boolean;
}

/**
 * Mean over the map; x [N,C,H,W] -> [N,C], or [N,C,1,1]. Errors: an input that is not a map.
 *
 * @example features = globalAvgPool(x)
 */
export function globalAvgPool(x: Value, { keepDims = false }: GlobalPoolOptions = {}): Value {
  return addLayer({ kind: 'globalAvgPool', inputs: [x] }, (trace) => {
    checkMap(trace, 'globalAvgPool', x);
    return reduceMean(x, { axes: [2, 3], keepDims });
  });
}

/** Maximum over the map; x [N,C,H,W] -> [N,C], or [N,C,1,1]. Errors: an input that is not a map. */
export function globalMaxPool(x: Value, { keepDims = false }: GlobalPoolOptions = {}): Value {
  return addLayer({ kind: 'globalMaxPool', inputs: [x] }, (trace) => {
    checkMap(trace, 'globalMaxPool', x);
    const kernel = [x.height, x.width] as const;
    const y = maxPoolOp(x, { kernel, strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] });
    return keepDims ? y : reshape(y, { shape: y.shape.slice(0, 2) });
  });
}

export interface MaxPoolOptions extends WindowOptions {
  /** Default: the kernel. */
  readonly stride?: Pair;
  /**
   * Rounds the number of windows up: the last may reach beyond the padding at the end, but starts
   * inside the map or the padding before it (default: false).
   */
  readonly ceilMode?: boolean;
}

/**
 * Maximum over a window; x [N,C,H,W] -> [N,C,H',W']. Errors: a window larger than the padded map,
 * padding of more than half the window. Source: PyTorch MaxPool2d.
 *
 * @example x = maxPool(x, { kernel: 3, stride: 2, padding: 1 })
 */
export function maxPool(x: Value, options: MaxPoolOptions): Value {
  return addLayer({ kind: 'maxPool', inputs: [x] }, (trace) =>
    maxPoolOp(x, poolWindow(trace, 'maxPool', x, options).window),
  );
}

export interface AvgPoolOptions extends Omit<MaxPoolOptions, 'dilation'> {
  /**
   * Counts padding as zeros (default: true; false with padding 'same', as in TensorFlow). What
   * ceilMode adds is never counted.
   */
  readonly countIncludePad?: boolean;
}

/**
 * Mean over a window; x [N,C,H,W] -> [N,C,H',W']. Errors: a window larger than the padded map,
 * padding of more than half the window. Source: PyTorch AvgPool2d.
 *
 * @example x = avgPool(x, { kernel: 2 })
 */
export function avgPool(x: Value, options: AvgPoolOptions): Value {
  const { countIncludePad = options.padding !== 'same' } = options;
  return addLayer({ kind: 'avgPool', inputs: [x] }, (trace) => {
    const { window, excess } = poolWindow(trace, 'avgPool', x, options);
    const added = excess.some((pixels) => pixels > 0) && { excess };
    return avgPoolOp(x, { ...window, countIncludePad, ...added });
  });
}

interface PoolWindow {
  readonly window: Window;
  /** Rows and columns that ceilMode pads at the end, beyond the padding that was asked for. */
  readonly excess: readonly [number, number];
}

/** A pooling window; one that may lie wholly in the padding has no elements to pool. */
function poolWindow(trace: Trace, layer: string, x: Value, options: MaxPoolOptions): PoolWindow {
  const stated = statedWindow(trace, layer, x, {
    ...options,
    stride: options.stride ?? options.kernel,
  });
  const { kernel, pads, dilations } = stated;
  const extent = (axis: 0 | 1): number => dilations[axis] * (kernel[axis] - 1) + 1;
  if (pads.some((pad, i) => 2 * pad > extent(i % 2 === 0 ? 0 : 1)))
    throw trace.error(
      'window',
      `${layer}: padding [${pads.join(',')}] is more than half of the ${kernel.join('x')} window over ${formatShape(x.shape)}`,
      'pad at most half the window, or use a larger kernel',
    );
  const excess = options.ceilMode === true ? excessOf(x, stated) : ([0, 0] as const);
  const [top, left, bottom, right] = pads;
  const all = [top, left, bottom + excess[0], right + excess[1]] as const;
  if (all.some((pad, i) => i > 1 && pad >= (kernel[i - 2] ?? 1) && pad > (pads[i] ?? 0)))
    throw trace.error(
      'window',
      `${layer}: with ceilMode the last ${kernel.join('x')} window with dilation ${dilations.join('x')} over ${formatShape(x.shape)} reaches ${Math.max(...all)} pixels beyond the map`,
      'onnxruntime pools padding of less than the kernel: use a smaller dilation or stride, or no ceilMode',
    );
  const window = { ...stated, pads: all };
  checkFits(trace, layer, x, window);
  return { window, excess };
}

/** What PyTorch's ceil mode pads at the end: a last window counts if it starts before the padding there. */
function excessOf(x: Value, { kernel, strides, pads, dilations }: Window): [number, number] {
  const ofAxis = (axis: 0 | 1): number => {
    const begun = pads[axis] + (axis === 0 ? x.height : x.width);
    const padded = begun + pads[axis === 0 ? 2 : 3];
    const extent = dilations[axis] * (kernel[axis] - 1) + 1;
    const rounded = Math.ceil((padded - extent) / strides[axis]);
    const last = rounded * strides[axis] >= begun ? rounded - 1 : rounded;
    return last < 0 ? 0 : Math.max(0, last * strides[axis] + extent - padded);
  };
  return [ofAxis(0), ofAxis(1)];
}
