import { chooseMaker, type FilledOptions, type GivenOptions } from '../../support/options.js';
import type { Optimizer, OptimizerRecord } from './optimizer.js';
import * as optimizers from './optimizers.js';

export type * from './optimizer.js';
export { buildUpdate } from './update.js';
export type { UpdateParam, UpdateRequest, UpdateResult, Updated } from './update.js';
export * from './optimizers.js';
export { optimizers };

export type OptimizerName = keyof typeof optimizers;

/** The names, for messages and completion. */
export const optimizerNames = Object.keys(optimizers) as readonly OptimizerName[];

/** An optimizer and its options as an object, such as `{ kind: 'sgd', momentum: 0.9 }`. */
export type OptimizerConfig<K extends OptimizerName = OptimizerName> = {
  [N in K]: { readonly kind: N } & GivenOptions<(typeof optimizers)[N]['options']>;
}[K];

/** The same with its defaults filled in. */
export type FilledOptimizer<K extends OptimizerName = OptimizerName> = {
  [N in K]: { readonly kind: N } & FilledOptions<(typeof optimizers)[N]['options']>;
}[K];

/** An optimizer as its function makes it, `sgd({ momentum: 0.9 })`, or as an object. */
export type OptimizerChoice = OptimizerConfig | Optimizer;

/** Makes an optimizer of a choice; throws a ConfigError. */
export function createOptimizer(choice: OptimizerChoice | OptimizerRecord): Optimizer {
  // One that a function made counts as what it was made from.
  const { kind, ...given } = isOptimizer(choice) ? choice.config : choice;
  return chooseMaker(Object.values(optimizers), { kind, ...given }, 'optimizer')(given);
}

function isOptimizer(choice: OptimizerChoice | OptimizerRecord): choice is Optimizer {
  return typeof choice === 'object' && 'update' in choice;
}
