import { devices } from '../devices/index.js';
import { deviceNamed } from '../devices/lookup.js';
import {
  plainDiagnosis,
  type Diagnosis,
  type MachineFacts,
  type ProbedDevice,
} from '../devices/diagnosis.js';
import {
  cudaLibrary,
  driverCuda,
  findSwiftshader,
  listGpus,
  mayHaveGpu,
  missingLibraries,
  vulkanDrivers,
} from './graphics.js';

/** Describes what this machine has beside its CPU. */
export async function machineFacts(): Promise<MachineFacts> {
  return {
    platform: process.platform,
    gpus: await listGpus(),
    mayHaveGpu: mayHaveGpu(),
    vulkanDrivers: vulkanDrivers(),
    swiftshader: findSwiftshader(),
    missingLibraries: await missingLibraries(devices.flatMap(({ libraries }) => libraries)),
    cudaLibrary: await cudaLibrary(),
    driverCuda: await driverCuda(),
  };
}

/** Says why a provider can or cannot be used, and what to do about it. */
export function diagnose(probed: ProbedDevice, facts: MachineFacts): Diagnosis {
  const device = deviceNamed(probed.name);
  return device ? device.diagnose(probed, facts) : plainDiagnosis(probed);
}
