import type { Value } from '../ir/graph.js';
import { scalarLike } from '../ops/constant.js';
import { add, mul } from '../ops/elementwise.js';

/** beta * old + (1 - beta) * x: an average whose decay is known at compile time. */
export function mix(old: Value, x: Value, beta: number): Value {
  return add(mul(old, scalarLike(old, beta)), mul(x, scalarLike(x, 1 - beta)));
}
