import { chooseMaker, type FilledOptions, type GivenOptions } from '../../support/options.js';
import type { Loss } from './loss.js';
import * as losses from './losses.js';

export type { Loss, LossRows } from './loss.js';
export { losses };

export type LossName = keyof typeof losses;

/** The names, for messages and completion. */
export const lossNames = Object.keys(losses) as readonly LossName[];

/** A loss and its options as an object, such as `{ kind: 'focal', gamma: 2 }`. */
export type LossConfig<K extends LossName = LossName> = {
  [N in K]: { readonly kind: N } & GivenOptions<(typeof losses)[N]['options']>;
}[K];

/** The same with its defaults filled in. */
export type FilledLoss<K extends LossName = LossName> = {
  [N in K]: { readonly kind: N } & FilledOptions<(typeof losses)[N]['options']>;
}[K];

/** A loss by its name, or with options. */
export type LossChoice = LossName | LossConfig;

/** Makes a loss of a choice; throws a ConfigError. */
export function createLoss(choice: LossChoice): Loss {
  const { kind, ...given } = typeof choice === 'string' ? { kind: choice } : choice;
  return makerOf(kind, given)(given);
}

/** True if a loss is linear in the target. */
export function isLinear(choice: LossChoice): boolean {
  return makerOf(typeof choice === 'string' ? choice : choice.kind).linear;
}

function makerOf(kind: string, given: object = {}) {
  return chooseMaker(Object.values(losses), { kind, ...given }, 'loss', 'criterion');
}
