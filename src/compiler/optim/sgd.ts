import { add, mul, sub } from '../ops/elementwise.js';
import { ConfigError } from '../../support/errors.js';
import { decay, defineOptimizer, learningRate, momentum, updateRule } from './optimizer.js';

/**
 * Stochastic gradient descent as torch.optim.SGD with dampening 0: buf = momentum * buf + g, then
 * param -= lr * buf, or lr * (g + momentum * buf) with Nesterov's momentum. At momentum 0 there is no buffer.
 */
export const sgd = defineOptimizer({
  kind: 'sgd',
  meaning: 'Stochastic gradient descent with momentum.',
  options: {
    learningRate: learningRate(0.1),
    momentum,
    nesterov: { type: 'flag', meaning: 'Use Nesterov momentum.', default: false },
    ...decay(0, { decoupled: false }),
  },
  rule: ({ momentum, nesterov }) => {
    if (nesterov && momentum === 0)
      throw new ConfigError('the optimizer sgd cannot use nesterov without momentum', {
        code: 'optimizer-option',
        option: ['optimizer', 'nesterov'],
        hint: 'set a momentum above 0, or leave nesterov out',
      });
    if (momentum === 0)
      return updateRule({
        hypers: {},
        slots: {},
        update: ({ param, grad, hypers }) => ({
          param: sub(param, mul(grad, hypers.learning_rate)),
          slots: {},
        }),
      });
    return updateRule({
      hypers: { momentum: { meaning: 'momentum', default: momentum } },
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
  },
});
