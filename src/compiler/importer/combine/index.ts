import { channelNorm } from './channelNorm.js';
import { classifierLayer } from './classifierLayer.js';
import type { Combination } from './combine.js';
import { convBnActLayer } from './convBnActLayer.js';
import { globalPool } from './globalPool.js';
import { mbConvLayer } from './mbConvLayer.js';
import { squeeze } from './squeeze.js';

/** Groups of calls that one layer stands for, in the order in which they are looked for. */
export const combinations: readonly Combination[] = [
  globalPool,
  channelNorm,
  squeeze,
  mbConvLayer,
  convBnActLayer,
  classifierLayer,
];
