import type { Value } from '../ir/graph.js';
import { reduceSum } from '../ops/broadcast.js';
import { scalarLike } from '../ops/constant.js';
import { exp, maximum, mul, neg, power, sub } from '../ops/elementwise.js';
import { logSoftmax } from '../ops/loss.js';
import { defineLoss } from './loss.js';

/**
 * Focal loss over the softmax (arXiv 1708.02002, equation 5, as Kornia's focal_loss):
 * -alpha * sum of target * (1 - p)^gamma * log p, so that images which are right already count less. It is
 * written for soft targets, and of a hard one it is the term of its class. `alpha` scales all classes alike;
 * classWeights tell them apart.
 */
export const focal = defineLoss({
  kind: 'focal',
  meaning: 'Cross-entropy in which images that are right already count less.',
  options: {
    gamma: {
      type: 'number',
      least: 0,
      most: 100,
      meaning: 'Exponent of 1 - p; 0 is cross-entropy.',
      default: 2,
    },
    alpha: {
      type: 'number',
      least: 0,
      most: 100,
      open: 'least',
      meaning: 'Factor of the loss of every class.',
      default: 1,
    },
  },
  linear: true,
  rows: ({ gamma, alpha }, { logits, target }) => {
    const logs = logSoftmax(logits, { axis: 1 });
    const missed = sub(scalarLike(logs, 1), exp(logs));
    const terms = mul(gamma === 0 ? target : mul(target, focus(missed, gamma)), logs);
    const sum = reduceSum(terms, { axes: [1], keepDims: false });
    return mul(neg(sum), scalarLike(sum, alpha));
  },
});

/** missed^gamma; a broken power needs a number above 0, and one below 1 has no gradient at 0. */
function focus(missed: Value, gamma: number): Value {
  if (gamma === 1 || gamma === 2) return power(missed, gamma);
  // Far below a rounding of any number but 0.
  return power(maximum(missed, scalarLike(missed, 1e-18)), gamma);
}
