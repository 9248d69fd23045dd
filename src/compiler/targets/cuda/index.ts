import { normRules } from '../gpu/normRules.js';
import type { Target } from '../target.js';
import { kernelGradRules } from './kernelGradRules.js';

/*
 * CUDA's graphs are held against a list. No GPU was at hand: `test/compiler/targets/cuda/kernels.ts` has the
 * kernels that the provider registers, by version and type, and a test finds no node outside it, in the table
 * of primitives and in whole steps. `targets/gpu` has what its rules share with WebGPU's: neither provider has
 * batch norm in training mode. None of it has run on CUDA.
 */

/**
 * onnxruntime's CUDA provider, in NCHW. What it lacks would run on the CPU, with maps going to and fro;
 * test/targets/cuda holds the graphs against the list of its kernels. It has never run on a GPU.
 */
export const cudaTarget: Target = {
  name: 'cuda',
  overrides: [...normRules, ...kernelGradRules],
  // A guess: a kernel's launch takes as long as the work on so many numbers.
  joinBelow: 2 ** 16,
  opset: {
    version: 18,
    reason:
      'kernels are looked up by exact operator version, and the provider has Pad and Equal only up to opset 18',
  },
  refusesHalf: {
    bfloat16:
      'the provider has its convolution only from opset 22 on, and there lacks transposed convolution, Pad and MaxPool; use float16',
  },
  staticBatchOnly: 'statistics are divided by the number of pixels, which is fixed in the graph',
};
