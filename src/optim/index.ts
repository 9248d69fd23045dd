import { ConfigError } from '../support/errors.js';
import { adamw } from './adamw.js';
import type { Optimizer, OptimizerConfig } from './optimizer.js';
import { rmspropTf } from './rmspropTf.js';
import { sgd } from './sgd.js';

export type * from './optimizer.js';
export { buildUpdate } from './update.js';
export type { UpdateParam, UpdateRequest, UpdateResult, Updated } from './update.js';
export { adamw, rmspropTf, sgd };

/** Every optimizer by its name. */
export const optimizers = { adamw, rmspropTf, sgd };

export type OptimizerName = keyof typeof optimizers;

/** The names, for messages and completion. */
export const optimizerNames = Object.keys(optimizers) as readonly OptimizerName[];

/** Makes an optimizer from its config, `{ kind: 'sgd', momentum: 0.9 }`; throws a ConfigError. */
export function createOptimizer({ kind, ...options }: OptimizerConfig): Optimizer {
  const make = Object.entries<(options: Readonly<Record<string, unknown>>) => Optimizer>(
    optimizers,
  ).find(([name]) => name === kind)?.[1];
  if (make === undefined)
    throw new ConfigError(`there is no optimizer ${kind}`, {
      code: 'unknown-optimizer',
      where: 'optimizer.kind',
      hint: `allowed: ${optimizerNames.join(', ')}`,
    });
  const optimizer = make(options);
  // What an optimizer keeps in its config are all the options that it takes.
  const unknown = Object.keys(options).filter((key) => !(key in optimizer.config));
  if (unknown.length === 0) return optimizer;
  throw new ConfigError(`the optimizer ${kind} has no option ${unknown.join(', ')}`, {
    code: 'unknown-key',
    where: `optimizer.${unknown[0] ?? ''}`,
    hint: `allowed: ${Object.keys(optimizer.config)
      .filter((key) => key !== 'kind')
      .join(', ')}`,
  });
}
