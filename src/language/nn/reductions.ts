import type { Value } from '../../compiler/ir/graph.js';
import { reduceSum, type ReduceAttributes } from '../../compiler/ops/broadcast.js';
import { reduceMax, reduceMean, reduceNorm } from '../../compiler/ops/reduce.js';
import { formatShape } from '../../support/shape.js';
import { addLayer } from './layer.js';

export interface ReduceOptions {
  /** Default: all but the batch. */
  readonly axes?: readonly number[];
  /** Keeps the axes with size 1 (default: false). */
  readonly keepDims?: boolean;
}

/** What remains of a value when axes of each sample are reduced. */
export type Reduction = (x: Value, options?: ReduceOptions) => Value;

function reduction(
  kind: string,
  apply: (x: Value, attributes: ReduceAttributes) => Value,
): Reduction {
  return (x, options = {}) =>
    addLayer({ kind, inputs: [x] }, (trace) => {
      const { axes = x.shape.map((_, axis) => axis).slice(1), keepDims = false } = options;
      const valid = axes.every((axis) => Number.isInteger(axis) && axis >= 1 && axis < x.rank);
      if (!valid || new Set(axes).size < axes.length)
        throw trace.error(
          'axis',
          `${kind}: axes [${axes.join(',')}] of ${formatShape(x.shape)}`,
          x.rank < 2
            ? 'there is no axis but that of the batch'
            : `\`axes\` are of 1 to ${x.rank - 1}, each once; axis 0 is the batch`,
        );
      return apply(x, { axes: axes.toSorted((a, b) => a - b), keepDims });
    });
}

/**
 * Mean over axes of each sample; x [N,...] -> [N,...] without them, or with size 1. Errors: the
 * batch as axis, an axis that does not exist. Source: PyTorch mean.
 *
 * @example pooled = mean(tokens, { axes: [1] }) // [N,T,C] -> [N,C]
 */
export const mean = reduction('mean', (x, attributes) => reduceMean(x, attributes));
/** Sum over axes of each sample, with the options and errors of `mean`. Source: PyTorch sum. */
export const sum = reduction('sum', (x, attributes) => reduceSum(x, attributes));
/**
 * Maximum over axes of each sample, with the options and errors of `mean`. Equal largest elements
 * share the gradient evenly. Source: PyTorch amax.
 */
export const amax = reduction('amax', (x, attributes) => reduceMax(x, attributes));
/**
 * Euclidean norm over axes of each sample, the root of the sum of squares, with the options and
 * errors of `mean`. Where it is 0, so is its gradient. Source: PyTorch norm.
 */
export const norm = reduction('norm', (x, attributes) => reduceNorm(x, attributes));
