import type { Role, TensorInfo } from './manifest.js';

/** What each step of a run is given anew. */
const givenRoles: ReadonlySet<Role> = new Set<Role>([
  'image',
  'target',
  'weight',
  'hyper',
  'noise',
]);

/** Whether an input of an artifact of several steps has an axis of steps in front. */
export function isGivenEachStep({ role }: Pick<TensorInfo, 'role'>): boolean {
  return givenRoles.has(role);
}

/** The symbol of the axis of steps where a run may have any number of them. */
export const stepsSymbol = 'K';
