import type { MachineFacts } from '../../src/runtime/devices/diagnosis.js';

/** A Linux machine without a GPU, drivers or provider libraries. */
export const bareMachine: MachineFacts = {
  platform: 'linux',
  gpus: [],
  mayHaveGpu: false,
  vulkanDrivers: [],
  swiftshader: undefined,
  missingLibraries: [],
  cudaLibrary: { path: '/x/libonnxruntime_providers_cuda.so', installed: false, missing: [] },
  driverCuda: undefined,
};
