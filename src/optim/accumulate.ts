import type { Value } from '../ir/graph.js';
import { scalarLike } from '../ops/constant.js';
import { div } from '../ops/elementwise.js';

/**
 * What a sum of weighted gradients is multiplied by to become their mean: 1 / weightSum. Sums over
 * several batches, or of several workers, add up before it, so one division serves them all.
 */
export function meanFactor(weightSum: Value): Value {
  return div(scalarLike(weightSum, 1), weightSum);
}
