import type { Value } from '../ir/graph.js';
import { reduceSum } from '../ops/broadcast.js';
import { scalarLike } from '../ops/constant.js';
import { add, div, minimum, mul, sqrt } from '../ops/elementwise.js';

/** Euclidean norm of all the tensors together, a scalar. */
export function globalNorm(tensors: readonly [Value, ...Value[]]): Value {
  return sqrt(tensors.map(sumOfSquares).reduce((total, next) => add(total, next)));
}

function sumOfSquares(x: Value): Value {
  return reduceSum(mul(x, x), { axes: x.shape.map((_, axis) => axis), keepDims: false });
}

/**
 * Factor that brings gradients of this global norm to at most maxNorm: min(1, maxNorm / (norm +
 * 1e-6)), as torch.nn.utils.clip_grad_norm_.
 */
export function clipFactor(norm: Value, maxNorm: Value): Value {
  return minimum(scalarLike(norm, 1), div(maxNorm, add(norm, scalarLike(norm, 1e-6))));
}
