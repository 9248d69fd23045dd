import { geluByErf, hardSigmoidByClip, hardSwish, hardSwishByClip, mish, swish } from './gated.js';
import { geluTanh } from './geluTanh.js';
import { layerNormalization } from './layerNormalization.js';
import { linearBias } from './linearBias.js';
import type { Pattern } from './pattern.js';

/** Groups of nodes that are known, in the order in which they are looked for. */
export const patterns: readonly Pattern[] = [
  swish,
  hardSwishByClip,
  hardSwish,
  hardSigmoidByClip,
  mish,
  geluByErf,
  geluTanh,
  layerNormalization,
  linearBias,
];
