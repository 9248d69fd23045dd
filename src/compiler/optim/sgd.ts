import { add, mul, sub } from '../ops/elementwise.js';
import { ConfigError } from '../../support/errors.js';
import {
  checkFlag,
  checkOption,
  decayOf,
  defineOptimizer,
  learningRateHyper,
  type CommonOptions,
  type Optimizer,
} from './optimizer.js';

export interface SgdOptions extends CommonOptions {
  /** Default of the hyper `momentum`; at 0 there is no momentum buffer. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent as torch.optim.SGD with dampening 0: buf = momentum * buf + g, then
 * param -= lr * buf, or lr * (g + momentum * buf) with Nesterov's momentum.
 */
export function sgd({
  learningRate = 0.1,
  momentum = 0.9,
  nesterov = false,
  weightDecay = 0,
  decoupledDecay = false,
}: SgdOptions = {}): Optimizer {
  checkOption('sgd', 'learningRate', learningRate);
  checkOption('sgd', 'momentum', momentum, [0, 1]);
  checkOption('sgd', 'weightDecay', weightDecay);
  checkFlag('sgd', 'nesterov', nesterov);
  checkFlag('sgd', 'decoupledDecay', decoupledDecay);
  if (nesterov && momentum === 0)
    throw new ConfigError('nesterov of the optimizer sgd needs momentum', {
      code: 'optimizer-option',
      where: 'optimizer.nesterov',
      hint: 'give a momentum above 0, or leave nesterov out',
    });
  const config = { kind: 'sgd', learningRate, momentum, nesterov, weightDecay, decoupledDecay };
  const learning_rate = learningRateHyper(learningRate);
  const common = { config, decay: decayOf(weightDecay, decoupledDecay) };
  if (momentum === 0)
    return defineOptimizer({
      ...common,
      hypers: { learning_rate },
      slots: {},
      update: ({ param, grad, hypers }) => ({
        param: sub(param, mul(grad, hypers.learning_rate)),
        slots: {},
      }),
    });
  return defineOptimizer({
    ...common,
    hypers: { learning_rate, momentum: { meaning: 'momentum', default: momentum } },
    slots: { momentum: 'zeros' },
    update: ({ param, grad, slots, hypers }) => {
      const buffer = add(mul(slots.momentum, hypers.momentum), grad);
      const direction = nesterov ? add(grad, mul(buffer, hypers.momentum)) : buffer;
      return {
        param: sub(param, mul(direction, hypers.learning_rate)),
        slots: { momentum: buffer },
      };
    },
  });
}
