import type { Combination } from './combine.js';

/** flatten(globalAvgPool(x, { keepDims: true })) is the pool without kept axes. */
export const globalPool: Combination = (last, calls) => {
  if (last.layer !== 'flatten') return undefined;
  const pool = calls.only(last, 0, 'globalAvgPool', 'globalMaxPool');
  if (pool?.options['keepDims'] !== true) return undefined;
  return {
    call: { ...last, layer: pool.layer, args: pool.args, options: {} },
    instead: [pool, last],
  };
};
