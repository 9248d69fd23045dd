import type { Value } from '../ir/graph.js';
import { scalarLike } from '../ops/constant.js';
import { add, div, mul, sqrt, sub } from '../ops/elementwise.js';
import { biasCorrection } from './biasCorrection.js';
import { mix } from './mix.js';
import { average, decay, defineOptimizer, learningRate, rate, updateRule } from './optimizer.js';

/**
 * Adam with Nesterov momentum, as torch.optim.NAdam (T. Dozat, ICLR workshop 2016). The momentum rises with the
 * step t as mu_t = beta1 * (1 - 0.96^(t * momentumDecay) / 2), and a step is
 * lr * ((1 - mu_t) / (1 - P_t) * g + mu_t+1 / (1 - P_t+1) * m) / (sqrt(v / c2) + epsilon), where P_t is the
 * product of mu_1 to mu_t. That product follows from no formula, so training carries it as a number.
 */
export const nadam = defineOptimizer({
  kind: 'nadam',
  meaning: 'Adam with Nesterov momentum.',
  options: {
    learningRate: learningRate(2e-3),
    beta1: average('Decay of the running mean of gradients.', 0.9),
    beta2: average('Decay of the running mean of squared gradients.', 0.999),
    epsilon: rate('Added to the square root of that mean.', 1e-8),
    momentumDecay: rate('Speed at which the momentum rises to beta1.', 4e-3),
    ...decay(0, { decoupled: false }),
  },
  rule: ({ beta1, beta2, epsilon, momentumDecay }) => {
    const fall = 0.96 ** momentumDecay;
    /** beta1 * (1 - rest / 2), where `rest` has fallen from 1 towards 0. */
    const momentumAt = (rest: Value): Value => {
      const half = mul(rest, scalarLike(rest, 0.5));
      return mul(sub(scalarLike(rest, 1), half), scalarLike(rest, beta1));
    };
    const restOf = (risen: Value): Value => sub(scalarLike(risen, 1), risen);
    return updateRule({
      hypers: {
        bias_correction2: biasCorrection(beta2, 'bias correction of the second moment'),
        momentum_risen: biasCorrection(fall, 'share of its way that the momentum has risen'),
      },
      slots: { exp_avg: 'zeros', exp_avg_sq: 'zeros' },
      carried: {
        mu_product: {
          initial: 1,
          next: (before, { momentum_risen: risen }) => mul(before, momentumAt(restOf(risen))),
        },
      },
      update: ({ param, grad, slots, hypers }) => {
        const one = scalarLike(hypers.learning_rate, 1);
        const rest = restOf(hypers.momentum_risen);
        const [now, next] = [momentumAt(rest), momentumAt(mul(rest, scalarLike(rest, fall)))];
        const product = hypers.mu_product;
        const mean = mix(slots.exp_avg, grad, beta1);
        const square = mix(slots.exp_avg_sq, mul(grad, grad), beta2);
        const root = div(sqrt(square), sqrt(hypers.bias_correction2));
        const ofGrad = div(sub(one, now), sub(one, product));
        const ofMean = div(next, sub(one, mul(product, next)));
        const direction = add(mul(grad, ofGrad), mul(mean, ofMean));
        const step = div(
          mul(direction, hypers.learning_rate),
          add(root, scalarLike(grad, epsilon)),
        );
        return { param: sub(param, step), slots: { exp_avg: mean, exp_avg_sq: square } };
      },
    });
  },
});
