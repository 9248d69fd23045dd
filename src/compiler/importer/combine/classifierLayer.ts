import type { Combination } from './combine.js';

/** A global pool and the last linear layer are a classifier, which also takes a rate of dropout. */
export const classifierLayer: Combination = (last, calls) => {
  if (last.layer !== 'linear' || last.options['bias'] === false || !calls.isOutput(last))
    return undefined;
  const pool = calls.only(last, 0, 'globalAvgPool');
  if (pool === undefined || pool.options['keepDims'] === true) return undefined;
  const options = { classes: { named: 'classes' }, dropout: { named: 'drop' } };
  return {
    call: { ...last, layer: 'classifier', args: pool.args, options },
    instead: [pool, last],
  };
};
