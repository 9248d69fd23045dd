import type { Value } from '../ir/graph.js';
import { scalarLike } from '../ops/constant.js';
import { add, mul, sub } from '../ops/elementwise.js';

/**
 * Exponential moving average after one step: average + (1 - decay) * (value - average); decay a
 * scalar. PyTorch's lerp, too, adds a share of the difference, which rounds better for a decay near
 * 1. And every operand here comes from a node: onnxruntime sorts a graph in time proportional to
 * its nodes times those that read nothing but inputs, of which decay * average would be one a tensor.
 */
export function ema(average: Value, value: Value, decay: Value): Value {
  const share = sub(scalarLike(decay, 1), decay);
  return add(average, mul(sub(value, average), share));
}
