import type { Manifest, Role, TensorInfo } from './manifest.js';

/** Roles of inputs that each step of a run is given anew. */
const givenRoles: ReadonlySet<Role> = new Set<Role>([
  'image',
  'target',
  'weight',
  'hyper',
  'noise',
]);

/** True if an input of an artifact of several steps has a leading axis of steps. */
export function isGivenEachStep({ role }: Pick<TensorInfo, 'role'>): boolean {
  return givenRoles.has(role);
}

/** Training steps that one run does; 1 if nothing is trained. */
export function stepsPerRunOf({ artifacts }: Pick<Manifest, 'artifacts'>): number {
  return artifacts.train?.steps ?? 1;
}

/** The symbol of the axis of steps if a run may have any number of them. */
export const stepsSymbol = 'K';
