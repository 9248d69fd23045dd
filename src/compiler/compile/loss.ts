import type { Graph, Value } from '../ir/graph.js';
import { reduceSum } from '../ops/broadcast.js';
import { scalarLike } from '../ops/constant.js';
import { add, div, mul, sub } from '../ops/elementwise.js';
import type { Loss } from '../losses/index.js';
import { argMax } from '../ops/reduce.js';
import { cast, equal } from '../ops/shape.js';

/** Sums of a loss over the batch. */
export interface LossValues {
  /** Sum of weight * loss; gradients are taken of it. */
  readonly lossSum: Value;
  readonly weightSum: Value;
  /** Sum of the weights of images whose top-1 class is the target's. */
  readonly correctSum: Value;
}

/**
 * A loss on soft targets [N,K] with label smoothing and per-sample weights [N], as sums: a step divides
 * by the weight sum, so sums of micro-batches or machines add up.
 */
export function buildLoss(graph: Graph, logits: Value, classes: number, loss: Loss): LossValues {
  const batch = logits.shape.slice(0, 1);
  const target = graph.input('target', logits.dtype, [...batch, classes]);
  const weight = graph.input('weight', logits.dtype, batch);
  const labelSmoothing = graph.input('label_smoothing', logits.dtype, []);
  // (1 - s) * target + s / K (arXiv 1512.00567, section 7)
  const kept = mul(target, sub(scalarLike(target, 1), labelSmoothing));
  const smoothed = add(kept, div(labelSmoothing, scalarLike(target, classes)));
  const sum = (x: Value): Value => reduceSum(x, { axes: [0], keepDims: false });
  const right = cast(equal(argMax(logits), argMax(target)), { to: logits.dtype });
  return {
    lossSum: sum(mul(loss.rows({ logits, target: smoothed, classes }), weight)),
    weightSum: sum(weight),
    correctSum: sum(mul(right, weight)),
  };
}
