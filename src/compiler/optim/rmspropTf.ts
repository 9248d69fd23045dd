import { scalarLike } from '../ops/constant.js';
import { add, div, mul, sqrt, sub } from '../ops/elementwise.js';
import {
  checkFlag,
  checkOption,
  decayOf,
  defineOptimizer,
  learningRateHyper,
  type CommonOptions,
  type Optimizer,
} from './optimizer.js';

export interface RmspropTfOptions extends CommonOptions {
  /** Decay of the mean square; timm's alpha. */
  readonly decay?: number;
  /** Default of the hyper `momentum`. */
  readonly momentum?: number;
  readonly epsilon?: number;
}

/**
 * RMSProp in TensorFlow's form, as timm's RMSpropTF, which EfficientNet was trained with. It differs
 * from PyTorch's: epsilon is inside the root, the mean square starts at ones, and the momentum
 * buffer holds steps with their learning rate (a change of rate does not rescale the past ones).
 * ms += (1 - decay) * (g^2 - ms); buf = momentum * buf + lr * g / sqrt(ms + epsilon); param -= buf.
 */
export function rmspropTf({
  learningRate = 0.01,
  decay = 0.9,
  momentum = 0.9,
  epsilon = 1e-3,
  weightDecay = 0,
  decoupledDecay = false,
}: RmspropTfOptions = {}): Optimizer {
  checkOption('rmspropTf', 'learningRate', learningRate);
  checkOption('rmspropTf', 'decay', decay, [0, 1]);
  checkOption('rmspropTf', 'momentum', momentum, [0, 1]);
  checkOption('rmspropTf', 'epsilon', epsilon);
  checkOption('rmspropTf', 'weightDecay', weightDecay);
  checkFlag('rmspropTf', 'decoupledDecay', decoupledDecay);
  return defineOptimizer({
    config: {
      kind: 'rmspropTf',
      learningRate,
      decay,
      momentum,
      epsilon,
      weightDecay,
      decoupledDecay,
    },
    decay: decayOf(weightDecay, decoupledDecay),
    hypers: {
      learning_rate: learningRateHyper(learningRate),
      momentum: { meaning: 'momentum', default: momentum },
    },
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
  });
}
