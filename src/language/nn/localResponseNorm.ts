import type { Value } from '../../compiler/ir/graph.js';
import { scalarLike } from '../../compiler/ops/constant.js';
import { add, mul, power } from '../../compiler/ops/elementwise.js';
import { avgPool } from '../../compiler/ops/pool.js';
import { reshape } from '../../compiler/ops/shape.js';
import { checkCount, checkPositive } from './checks.js';
import { addLayer } from './layer.js';
import { checkMap } from './window.js';

export interface LocalResponseNormOptions {
  /** Channels that each is normalised by, itself among them. */
  readonly size: number;
  /** Default 1e-4. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
  /** Default 1; ONNX's `bias`. */
  readonly k?: number;
}

/**
 * Local response normalisation, x / (k + alpha * m)^beta with m the mean of the squares of `size`
 * neighbouring channels, those beyond the first and last being 0; x [N,C,H,W] -> same. Of an even
 * size, the odd channel is one before, as in PyTorch; ONNX's LRN takes one behind. Errors: an input
 * that is not a map, a size that is not a whole number of at least 1, a k, alpha or beta that is not
 * above 0. Source: PyTorch LocalResponseNorm.
 *
 * @example x = localResponseNorm(x, { size: 5, alpha: 1e-4, beta: 0.75, k: 2 })
 */
export function localResponseNorm(x: Value, options: LocalResponseNormOptions): Value {
  const { size, alpha = 1e-4, beta = 0.75, k = 1 } = options;
  return addLayer({ kind: 'localResponseNorm', inputs: [x] }, (trace) => {
    checkMap(trace, 'localResponseNorm', x);
    checkCount(trace, 'localResponseNorm', 'size', size);
    for (const [name, value] of Object.entries({ alpha, beta, k }))
      checkPositive(trace, 'localResponseNorm', name, value);
    const [batch = 1, channels] = [x.shape[0], x.channels];
    // The channels as the rows of one map, so that their mean is a pooling.
    const rows = reshape(mul(x, x), { shape: [batch, 1, channels, x.height * x.width] });
    const mean = avgPool(rows, {
      kernel: [size, 1],
      strides: [1, 1],
      pads: [Math.floor(size / 2), 0, Math.floor((size - 1) / 2), 0],
      dilations: [1, 1],
      countIncludePad: true,
    });
    const scaled = mul(reshape(mean, { shape: [...x.shape] }), scalarLike(x, alpha));
    const base = add(scaled, scalarLike(x, k));
    return mul(x, power(base, -beta));
  });
}
