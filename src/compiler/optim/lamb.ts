import type { Value } from '../ir/graph.js';
import { select } from '../ops/choose.js';
import { scalarLike } from '../ops/constant.js';
import { add, div, minimum, mul, sqrt, sub } from '../ops/elementwise.js';
import { equal } from '../ops/shape.js';
import { biasCorrection } from './biasCorrection.js';
import { globalNorm } from './clip.js';
import { mix } from './mix.js';
import {
  average,
  defineOptimizer,
  learningRate,
  rate,
  updateRule,
  weightDecay,
} from './optimizer.js';

/**
 * Adam for large batches, as timm's Lamb (arXiv 1904.00962): the step of each parameter, its weight decay
 * included, is scaled to the parameter's own norm. As in timm, only parameters that decay are, unless
 * `alwaysAdapt`. timm's own clipping to a global norm of 1 is `clipNorm` here.
 */
export const lamb = defineOptimizer({
  kind: 'lamb',
  meaning: 'Adam whose steps are scaled to the norm of each parameter, for large batches.',
  options: {
    learningRate: learningRate(1e-3),
    beta1: average('Decay of the running mean of gradients.', 0.9),
    beta2: average('Decay of the running mean of squared gradients.', 0.999),
    epsilon: rate('Added to the square root of that mean.', 1e-6),
    weightDecay: weightDecay(0.01),
    alwaysAdapt: {
      type: 'flag',
      meaning: 'Scale the steps of parameters without weight decay, too.',
      default: false,
    },
    trustClip: {
      type: 'flag',
      meaning: 'Scale no step up: the ratio of the norms is at most 1.',
      default: false,
    },
  },
  rule: ({ beta1, beta2, epsilon, weightDecay: rate, alwaysAdapt, trustClip }) =>
    updateRule({
      hypers: {
        bias_correction1: biasCorrection(beta1, 'bias correction of the first moment'),
        bias_correction2: biasCorrection(beta2, 'bias correction of the second moment'),
      },
      slots: { exp_avg: 'zeros', exp_avg_sq: 'zeros' },
      ownDecay: 'weight decay, added to the step as weight_decay * param before it is scaled',
      seesWhole: ({ decays }) => alwaysAdapt || (decays && rate !== 0),
      update: ({ param, grad, slots, hypers, weightDecay: decay }) => {
        const mean = mix(slots.exp_avg, grad, beta1);
        const square = mix(slots.exp_avg_sq, mul(grad, grad), beta2);
        const root = div(sqrt(square), sqrt(hypers.bias_correction2));
        const direction = div(
          div(mean, hypers.bias_correction1),
          add(root, scalarLike(grad, epsilon)),
        );
        const step = decay ? add(direction, mul(param, decay)) : direction;
        const size =
          alwaysAdapt || decay
            ? mul(trustRatio(param, step, trustClip), hypers.learning_rate)
            : hypers.learning_rate;
        return {
          param: sub(param, mul(step, size)),
          slots: { exp_avg: mean, exp_avg_sq: square },
        };
      },
    }),
});

/** |param| / |step|, and 1 where either is 0. */
function trustRatio(param: Value, step: Value, clip: boolean): Value {
  const [own, made] = [globalNorm([param]), globalNorm([step])];
  const [zero, one] = [scalarLike(own, 0), scalarLike(own, 1)];
  const moving = select(equal(made, zero), one, div(own, made));
  const ratio = select(equal(own, zero), one, moving);
  return clip ? minimum(ratio, one) : ratio;
}
