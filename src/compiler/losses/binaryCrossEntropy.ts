import type { Value } from '../ir/graph.js';
import { expandLike, reduceSum } from '../ops/broadcast.js';
import { scalarLike } from '../ops/constant.js';
import { reluGrad, sub } from '../ops/elementwise.js';
import { softmaxCrossEntropy } from '../ops/loss.js';
import { reduceMean } from '../ops/reduce.js';
import { concat, reshape } from '../ops/shape.js';
import { sizeOf } from '../../support/shape.js';
import { defineLoss } from './loss.js';

/**
 * Binary cross-entropy of each class by itself, as timm's BinaryCrossEntropy (arXiv 2110.00476): the mean over the
 * classes, or their sum. The two sides of a class are a softmax over (logit, 0), so that the gradient is exact at a
 * logit of 0, which every logit of a new classifier is.
 */
export const binaryCrossEntropy = defineLoss({
  kind: 'binaryCrossEntropy',
  meaning: 'Binary cross-entropy of each class by itself.',
  options: {
    sumClasses: {
      type: 'flag',
      meaning: 'Take the sum over the classes in place of their mean.',
      default: false,
    },
    targetThreshold: {
      type: 'number',
      least: 0,
      most: 1,
      open: 'most',
      meaning: 'Targets above this count as 1 and others as 0; 0 leaves targets as they are.',
      default: 0,
    },
  },
  linear: false,
  rows: ({ sumClasses, targetThreshold }, { logits, target }) => {
    const wanted = targetThreshold === 0 ? target : above(target, targetThreshold);
    const shape = [sizeOf(logits.shape), 1];
    const [x, t] = [reshape(logits, { shape }), reshape(wanted, { shape })];
    const sides = softmaxCrossEntropy(
      concat([x, expandLike(scalarLike(x, 0), x)], { axis: 1 }),
      concat([t, sub(scalarLike(t, 1), t)], { axis: 1 }),
    );
    const each = reshape(sides, { shape: logits.shape });
    return sumClasses
      ? reduceSum(each, { axes: [1], keepDims: false })
      : reduceMean(each, { axes: [1], keepDims: false });
  },
});

/** 1 where x is above a number, else 0: what ReLU passes of 1. */
function above(x: Value, least: number): Value {
  return reluGrad(sub(x, scalarLike(x, least)), expandLike(scalarLike(x, 1), x));
}
