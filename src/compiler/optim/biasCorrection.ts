import type { HyperSpec } from './optimizer.js';

/** A hyper that is 1 - base^t at optimizer step t, counted from 1. */
export function biasCorrection(base: number, what: string): Omit<HyperSpec, 'name'> {
  return {
    meaning: `${what}, 1 - ${base}^t at optimizer step t from 1`,
    default: 1 - base,
    formula: { kind: 'biasCorrection', base },
  };
}
