import { ConfigError } from '../../support/errors.js';
import { adamw, type AdamwOptions } from './adamw.js';
import type { Optimizer, OptimizerRecord } from './optimizer.js';
import { rmspropTf, type RmspropTfOptions } from './rmspropTf.js';
import { sgd, type SgdOptions } from './sgd.js';

export type * from './optimizer.js';
export { buildUpdate } from './update.js';
export type { UpdateParam, UpdateRequest, UpdateResult, Updated } from './update.js';
export { adamw, rmspropTf, sgd };
export type { AdamwOptions, RmspropTfOptions, SgdOptions };

/** Every optimizer by its name. */
export const optimizers = { adamw, rmspropTf, sgd };

export type OptimizerName = keyof typeof optimizers;

/** The names, for messages and completion. */
export const optimizerNames = Object.keys(optimizers) as readonly OptimizerName[];

/** An optimizer and its options as an object, such as `{ kind: 'sgd', momentum: 0.9 }`. */
export type OptimizerConfig = SgdConfig | RmspropTfConfig | AdamwConfig;

/** The options of `sgd`, as an object with its name. */
export interface SgdConfig extends SgdOptions {
  readonly kind: 'sgd';
}

/** The options of `rmspropTf`, as an object with its name. */
export interface RmspropTfConfig extends RmspropTfOptions {
  readonly kind: 'rmspropTf';
}

/** The options of `adamw`, as an object with its name. */
export interface AdamwConfig extends AdamwOptions {
  readonly kind: 'adamw';
}

/** An optimizer as its function makes it, `sgd({ momentum: 0.9 })`, or as an object. */
export type OptimizerChoice = OptimizerConfig | Optimizer;

/** Makes an optimizer of a choice; throws a ConfigError. */
export function createOptimizer(choice: OptimizerChoice | OptimizerRecord): Optimizer {
  // One that a function made counts as what it was made from.
  const { kind, ...options } = isOptimizer(choice) ? choice.config : choice;
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

function isOptimizer(choice: OptimizerChoice | OptimizerRecord): choice is Optimizer {
  return typeof choice === 'object' && 'update' in choice;
}
