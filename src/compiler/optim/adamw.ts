import { scalarLike } from '../ops/constant.js';
import { add, div, mul, sqrt, sub } from '../ops/elementwise.js';
import { biasCorrection } from './biasCorrection.js';
import { mix } from './mix.js';
import { average, decay, defineOptimizer, learningRate, rate, updateRule } from './optimizer.js';

/**
 * Adam with decoupled weight decay, as torch.optim.AdamW (arXiv 1711.05101); `decoupledDecay: false` makes it
 * plain Adam. With c1 = 1 - beta1^t, c2 = 1 - beta2^t, which depend on the step t alone and so are
 * hypers: param -= lr / c1 * m / (sqrt(v) / sqrt(c2) + epsilon).
 */
export const adamw = defineOptimizer({
  kind: 'adamw',
  meaning: 'Adam with decoupled weight decay.',
  options: {
    learningRate: learningRate(1e-3),
    beta1: average('Decay of the running mean of gradients.', 0.9),
    beta2: average('Decay of the running mean of squared gradients.', 0.999),
    epsilon: rate('Added to the square root of that mean.', 1e-8),
    ...decay(0.01, { decoupled: true }),
  },
  rule: ({ beta1, beta2, epsilon }) =>
    updateRule({
      hypers: {
        bias_correction1: biasCorrection(beta1, 'bias correction of the first moment'),
        bias_correction2: biasCorrection(beta2, 'bias correction of the second moment'),
      },
      slots: { exp_avg: 'zeros', exp_avg_sq: 'zeros' },
      update: ({ param, grad, slots, hypers }) => {
        const mean = mix(slots.exp_avg, grad, beta1);
        const square = mix(slots.exp_avg_sq, mul(grad, grad), beta2);
        const root = div(sqrt(square), sqrt(hypers.bias_correction2));
        const rate = div(hypers.learning_rate, hypers.bias_correction1);
        const step = div(mul(mean, rate), add(root, scalarLike(grad, epsilon)));
        return { param: sub(param, step), slots: { exp_avg: mean, exp_avg_sq: square } };
      },
    }),
});
