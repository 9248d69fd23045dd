import type { Value } from '../ir/graph.js';
import { scalarLike } from '../ops/constant.js';
import { add, div } from '../ops/elementwise.js';
import { cast, equal } from '../ops/shape.js';

/**
 * Divisor that turns sums over samples into means: the sum of the weights, or 1 if no sample has
 * any, so that the mean of nothing is 0 and not NaN.
 */
export function divisor(weightSum: Value): Value {
  const none = equal(weightSum, scalarLike(weightSum, 0));
  return add(weightSum, cast(none, { to: weightSum.dtype }));
}

/**
 * Factor that turns a sum of weighted gradients into their mean. Sums over several batches, or of
 * several workers, add up before it, so one division serves them all.
 */
export function meanFactor(weightSum: Value): Value {
  return div(scalarLike(weightSum, 1), divisor(weightSum));
}
