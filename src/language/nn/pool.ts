import type { Value } from '../../compiler/ir/graph.js';
import { avgPool as avgPoolOp, maxPool as maxPoolOp } from '../../compiler/ops/pool.js';
import { reduceMean } from '../../compiler/ops/reduce.js';
import { reshape } from '../../compiler/ops/shape.js';
import { formatShape } from '../../support/shape.js';
import { addLayer } from './layer.js';
import type { Trace } from '../../compiler/trace/trace.js';
import { checkMap, resolveWindow, type Pair, type Window, type WindowOptions } from './window.js';

export interface GlobalPoolOptions {
  /** Keeps the axes: [N,C,1,1] rather than [N,C] (default: false). */
  readonly keepDims?: boolean;
}

/**
 * Mean over the map; x [N,C,H,W] -> [N,C], or [N,C,1,1]. Errors: an input that is no map.
 *
 * @example features = globalAvgPool(x)
 */
export function globalAvgPool(x: Value, { keepDims = false }: GlobalPoolOptions = {}): Value {
  return addLayer({ kind: 'globalAvgPool', inputs: [x] }, (trace) => {
    checkMap(trace, 'globalAvgPool', x);
    return reduceMean(x, { axes: [2, 3], keepDims });
  });
}

/** Maximum over the map; x [N,C,H,W] -> [N,C], or [N,C,1,1]. Errors: an input that is no map. */
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
}

/**
 * Maximum over a window; x [N,C,H,W] -> [N,C,H',W']. Errors: a window larger than the padded map,
 * padding of more than half the window. Source: PyTorch MaxPool2d.
 *
 * @example x = maxPool(x, { kernel: 3, stride: 2, padding: 1 })
 */
export function maxPool(x: Value, options: MaxPoolOptions): Value {
  return addLayer({ kind: 'maxPool', inputs: [x] }, (trace) =>
    maxPoolOp(x, poolWindow(trace, 'maxPool', x, options)),
  );
}

export interface AvgPoolOptions extends Omit<MaxPoolOptions, 'dilation'> {
  /** Counts padding as zeros (default: true; false with padding 'same', as in TensorFlow). */
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
  return addLayer({ kind: 'avgPool', inputs: [x] }, (trace) =>
    avgPoolOp(x, { ...poolWindow(trace, 'avgPool', x, options), countIncludePad }),
  );
}

/** A pooling window; one that may lie wholly in the padding has no elements to pool. */
function poolWindow(trace: Trace, layer: string, x: Value, options: MaxPoolOptions): Window {
  const window = resolveWindow(trace, layer, x, {
    ...options,
    stride: options.stride ?? options.kernel,
  });
  const { kernel, pads, dilations } = window;
  const tooWide = pads.some((pad, i) => {
    const axis = i % 2 === 0 ? 0 : 1;
    return 2 * pad > dilations[axis] * (kernel[axis] - 1) + 1;
  });
  if (tooWide)
    throw trace.error(
      'window',
      `${layer}: padding [${pads.join(',')}] is more than half the ${kernel.join('x')} window over ${formatShape(x.shape)}`,
      'pad at most half the window, or use a larger kernel',
    );
  return window;
}
