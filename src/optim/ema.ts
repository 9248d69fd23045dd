import type { Value } from '../ir/graph.js';
import { scalarLike } from '../ops/constant.js';
import { add, mul, sub } from '../ops/elementwise.js';

/** Exponential moving average after one step: decay * average + (1 - decay) * value; decay a scalar. */
export function ema(average: Value, value: Value, decay: Value): Value {
  return add(mul(average, decay), mul(value, sub(scalarLike(decay, 1), decay)));
}
