import type { Value } from '../ir/graph.js';
import { scalarLike } from '../ops/constant.js';
import { add, mul, sub } from '../ops/elementwise.js';

/** Weight decay as an L2 penalty: its gradient weightDecay * param joins the loss's. */
export function l2Decay(grad: Value, param: Value, weightDecay: Value): Value {
  return add(grad, mul(param, weightDecay));
}

/** Decoupled weight decay: param * (1 - learningRate * weightDecay). Source: arXiv 1711.05101. */
export function decoupledDecay(param: Value, learningRate: Value, weightDecay: Value): Value {
  const kept = sub(scalarLike(learningRate, 1), mul(learningRate, weightDecay));
  return mul(param, kept);
}
