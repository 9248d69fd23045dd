import { fuseArgMax } from '../../passes/fuseArgMax.js';
import type { Target } from '../target.js';
import { normRules } from '../gpu/normRules.js';
import { halfRules } from './halfRules.js';
import { otherRules } from './rules.js';

/**
 * onnxruntime's WebGPU provider. What it lacks would run on the CPU, with the state of training going
 * to and fro, so a graph of this target has no such node; sessions refuse a fallback.
 */
export const webgpuTarget: Target = {
  name: 'webgpu',
  overrides: [...halfRules, ...normRules, ...otherRules],
  fuse: fuseArgMax,
  refusesHalf: {
    bfloat16: 'the provider does not support the type; use float16',
  },
  staticBatchOnly: 'shapes computed at run time would be computed on the CPU',
};
