import { scalarLike } from '../ops/constant.js';
import { add, div, mul, sqrt, sub } from '../ops/elementwise.js';
import {
  average,
  decay,
  defineOptimizer,
  learningRate,
  momentum,
  rate,
  updateRule,
} from './optimizer.js';

/**
 * RMSProp in TensorFlow's form, as timm's RMSpropTF, which EfficientNet was trained with. It differs
 * from PyTorch's: epsilon is inside the root, the mean square starts at ones, and the momentum
 * buffer holds steps with their learning rate (a change of rate does not rescale the past ones).
 * ms += (1 - decay) * (g^2 - ms); buf = momentum * buf + lr * g / sqrt(ms + epsilon); param -= buf.
 */
export const rmspropTf = defineOptimizer({
  kind: 'rmspropTf',
  meaning: "RMSProp in TensorFlow's form.",
  options: {
    learningRate: learningRate(0.01),
    /** timm's alpha. */
    decay: average('Decay of the running mean of squared gradients.', 0.9),
    momentum,
    epsilon: rate('Added to that mean inside the square root, as in TensorFlow.', 1e-3),
    ...decay(0, { decoupled: false }),
  },
  rule: ({ decay, momentum, epsilon }) =>
    updateRule({
      hypers: { momentum: { meaning: 'momentum', default: momentum } },
      slots: { square_avg: 'ones', momentum: 'zeros' },
      update: ({ param, grad, slots, hypers }) => {
        const change = mul(sub(mul(grad, grad), slots.square_avg), scalarLike(grad, 1 - decay));
        const squareAvg = add(slots.square_avg, change);
        const root = sqrt(add(squareAvg, scalarLike(grad, epsilon)));
        const step = div(mul(grad, hypers.learning_rate), root);
        const buffer = add(mul(slots.momentum, hypers.momentum), step);
        return {
          param: sub(param, buffer),
          slots: { square_avg: squareAvg, momentum: buffer },
        };
      },
    }),
});
