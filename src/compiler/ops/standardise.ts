import type { Value } from '../ir/graph.js';
import { scalarLike } from './constant.js';
import { add, div, mul, sqrt, sub } from './elementwise.js';
import { reduceMean } from './reduce.js';

/** (x - mean) / sqrt(variance + epsilon) along one axis; the mean goes first, so that a large one cancels nothing. */
export function standardise(x: Value, axis: number, epsilon: number): Value {
  const along = { axes: [axis], keepDims: true };
  const centred = sub(x, reduceMean(x, along));
  const variance = reduceMean(mul(centred, centred), along);
  return div(centred, sqrt(add(variance, scalarLike(variance, epsilon))));
}
