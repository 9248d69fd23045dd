import type { InferencePrecision, Precision } from '../../contract/precisions.js';
import {
  cudaLibrary,
  driverCuda,
  findSwiftshader,
  listGpus,
  mayHaveGpu,
  missingLibraries,
  vulkanDrivers,
} from './graphics.js';
import { probeDevice, type Device } from './probe.js';
import type { SessionOptions } from '../executors/session.js';
import { ConfigError, DeviceError } from '../../support/errors.js';
import type { BuiltInDevice, DeviceChoice, DeviceName } from './deviceNames.js';
import { diagnose, gpuLibraries, type Diagnosis, type MachineFacts } from './diagnose.js';

/** What this machine has beside its CPU. */
export async function machineFacts(): Promise<MachineFacts> {
  return {
    platform: process.platform,
    gpus: await listGpus(),
    mayHaveGpu: mayHaveGpu(),
    vulkanDrivers: vulkanDrivers(),
    swiftshader: findSwiftshader(),
    missingLibraries: await missingLibraries(gpuLibraries),
    cudaLibrary: await cudaLibrary(),
    driverCuda: await driverCuda(),
  };
}

/** What `auto` tries, the fastest first; the CPU where none of them can be used. */
const accelerators = ['cuda', 'webgpu'] as const satisfies readonly BuiltInDevice[];

type Accelerator = (typeof accelerators)[number];

/**
 * The device that a name stands for, to train in `precision`. Throws a DeviceError that tells why and what
 * to do for one that cannot be used here, or not in that; nothing is silently replaced by the CPU.
 */
export async function chooseDevice(
  name: DeviceName = 'auto',
  precision: Precision = 'float32',
): Promise<DeviceChoice> {
  const choice = await choiceOf(name);
  if (precision === 'float16' && choice.device === 'webgpu') await requireShaderF16();
  return choice;
}

/** Without the feature its graphs load, and fail at the first node, after all the compiling. */
async function requireShaderF16(): Promise<void> {
  const { float16, what } = await examine('webgpu');
  if (float16) return;
  throw new DeviceError(`webgpu cannot compute in float16 here: it ${what}`, {
    code: 'no-float16',
    where: 'precision',
    hint: "leave precision out, or update the GPU's driver: it must offer shader-f16; `gradus doctor` tells whether it does",
  });
}

async function choiceOf(name: DeviceName): Promise<DeviceChoice> {
  if (name === 'cpu') return { device: name };
  if (name === 'auto') return chooseBest();
  const { usable, what, next } = await examine(name);
  if (usable) return { device: name };
  throw new DeviceError(`${name} cannot be used here: ${what}`, {
    code: 'device-unusable',
    where: '--device',
    hint: `${next === undefined ? '' : `${next}; `}--device cpu always can; \`gradus doctor\` tells more`,
  });
}

/** A device on a GPU, else the CPU: a software driver computes on the CPU, too, and slower. */
async function chooseBest(): Promise<DeviceChoice> {
  if (!mayHaveGpu()) return { device: 'cpu', why: 'no GPU was found' };
  const reasons: string[] = [];
  for (const device of accelerators) {
    const { usable, what, software = false } = await examine(device);
    if (usable && !software) return { device, why: `it ${what}` };
    reasons.push(`${device} ${usable ? what : `cannot be used: ${what}`}`);
  }
  return { device: 'cpu', why: reasons.join('; ') };
}

type Examination = Diagnosis & Pick<Device, 'usable' | 'float16'>;

const examined = new Map<Accelerator, Promise<Examination>>();

/** Tries a device, once in a process. */
function examine(device: Accelerator): Promise<Examination> {
  const before = examined.get(device);
  if (before) return before;
  const examination = (async () => {
    const probed = await probeDevice(device);
    const { usable, float16 } = probed;
    return { ...diagnose(probed, await machineFacts()), usable, float16 };
  })();
  examined.set(device, examination);
  return examination;
}

/**
 * How sessions of compiled graphs run on a device. CUDA leaves what is computed of shapes to the host, as
 * it should, so there a node on the CPU is no fault.
 */
export function sessionOn(device: BuiltInDevice): Pick<SessionOptions, 'providers' | 'strict'> {
  return device === 'cpu' ? {} : { providers: [device], strict: device === 'webgpu' };
}

/**
 * Throws a ConfigError for labelling in 16 bits on the CPU, whose provider computes so by casts around each
 * node, slower than in float32; `where` names what asks for it.
 */
export function requireLabelPrecision(
  device: BuiltInDevice,
  precision: InferencePrecision | undefined,
  where: string,
): void {
  if (device !== 'cpu' || precision === undefined || precision === 'float32') return;
  throw new ConfigError(`the CPU does not label in ${precision}`, {
    code: 'precision',
    where,
    hint: 'it has no kernels of 16 bits: leave the precision out, or label on a GPU',
  });
}

/**
 * Steps of a run on CUDA, where all state passes through the host around each run: that of EfficientNet-B0,
 * 85 MB each way, takes about 3 % of 16 steps of 100 ms at a rate of 4 GB/s. A guess: it was never measured.
 */
const stepsOnCuda = 16;

/** Training steps that one run does on a device, where nothing else is asked for. */
export function stepsPerRunOn(device: BuiltInDevice): number {
  return device === 'cuda' ? stepsOnCuda : 1;
}

/**
 * Batches to make ahead of a step where a run does several: those of the next run, which the loader makes
 * while this one goes on. Undefined where a run is a step, for which the loader's own number serves.
 */
export function batchesAhead(
  device: BuiltInDevice,
  stepsPerRun = stepsPerRunOn(device),
): number | undefined {
  return stepsPerRun > 1 ? stepsPerRun : undefined;
}
