import { expandLike } from '../ops/broadcast.js';
import { scalarLike } from '../ops/constant.js';
import { mul, neg, reluGrad, sub } from '../ops/elementwise.js';
import type { Value } from '../ir/graph.js';
import { mix } from './mix.js';
import { average, decay, defineOptimizer, learningRate, updateRule } from './optimizer.js';

/**
 * Lion, whose steps are all of one size: the sign of an average of gradients (arXiv 2302.06675, algorithm 2).
 * param -= lr * sign(beta1 * m + (1 - beta1) * g), then m = beta2 * m + (1 - beta2) * g. It wants a learning
 * rate 3 to 10 times below AdamW's, and a weight decay as many times above.
 */
export const lion = defineOptimizer({
  kind: 'lion',
  meaning: 'Lion: steps by the sign of an average of gradients.',
  options: {
    learningRate: learningRate(1e-4),
    beta1: average('Decay of the average whose sign is the step.', 0.9),
    beta2: average('Decay of the average that is kept.', 0.99),
    ...decay(0, { decoupled: true }),
  },
  rule: ({ beta1, beta2 }) =>
    updateRule({
      hypers: {},
      slots: { exp_avg: 'zeros' },
      update: ({ param, grad, slots, hypers }) => ({
        param: sub(param, mul(sign(mix(slots.exp_avg, grad, beta1)), hypers.learning_rate)),
        slots: { exp_avg: mix(slots.exp_avg, grad, beta2) },
      }),
    }),
});

/** 1, -1 or 0: what ReLU passes of 1, less what it passes of 1 at -x. */
function sign(x: Value): Value {
  const one = expandLike(scalarLike(x, 1), x);
  return sub(reluGrad(x, one), reluGrad(neg(x), one));
}
