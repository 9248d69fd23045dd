import { fuseArgMax } from '../../passes/fuseArgMax.js';
import type { Target } from '../target.js';
import { normRules } from './normRules.js';
import { overrideOf } from './rule.js';
import { otherRules } from './rules.js';

/**
 * onnxruntime's WebGPU provider. What it lacks would run on the CPU, with the state of training going
 * to and fro, so a graph of this target has no such node; sessions refuse a fallback.
 */
export const webgpuTarget: Target = {
  name: 'webgpu',
  overrides: [...normRules, ...otherRules].map((rule) => overrideOf(rule as never)),
  fuse: fuseArgMax,
  float32Only: 'its graphs are written for float32 only',
  staticBatchOnly: 'what is computed of a shape at run time would run on the CPU',
};
