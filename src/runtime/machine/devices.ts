import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, totalmem } from 'node:os';
import { cuda } from '../devices/cuda.js';
import type { Gpu, MachineFacts, ProbedDevice, VulkanDriver } from '../devices/diagnosis.js';
import { deviceNamed } from '../devices/lookup.js';
import { vulkanLoader } from '../devices/webgpu.js';
import { listDevices } from './probe.js';
import { chooseDevice } from './device.js';
import { autoDevice } from './deviceNames.js';
import { diagnose, machineFacts } from './diagnose.js';

/** A place where a network might run. */
export interface DeviceReport {
  readonly name: string;
  readonly available: boolean;
  /** Hardware that it runs on, or the reason why it cannot be used. */
  readonly detail: string;
  /** Advice on how to make it usable. */
  readonly hint?: string | undefined;
  /** True if it computes with 16-bit floats. */
  readonly float16: boolean;
  /** True if a driver that computes on the CPU stands in for a GPU. */
  readonly software: boolean;
  /** True if this version compiles for it. */
  readonly builtIn: boolean;
}

/** Devices of a machine that can run networks. */
export interface DevicesSummary {
  /** Versions. */
  readonly node: string;
  readonly onnxruntime: string;
  readonly platform: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly devices: readonly DeviceReport[];
  /** Choice of the device `auto`, and the reason. */
  readonly auto: string;
  readonly autoWhy: string;
}

/** The same with all that decides it. */
export interface DoctorSummary extends DevicesSummary {
  readonly gpus: readonly Gpu[];
  readonly vulkan: {
    /** True if the system's loader is there; on Linux only. */
    readonly loader: boolean;
    readonly drivers: readonly VulkanDriver[];
    /** SwiftShader's manifest, whether it is in use or not. */
    readonly swiftshader: string | undefined;
  };
  readonly cuda: {
    /** True if onnxruntime's library for it is beside the binding. */
    readonly installed: boolean;
    /** Shared libraries that it needs in vain. */
    readonly missing: readonly string[];
    /** The newest CUDA that the driver can run. */
    readonly driver: string | undefined;
    /** Libraries of CUDA 12 and 13 and cuDNN 9 that the system's loader finds. */
    readonly found: readonly string[];
  };
  /** Next steps, the most useful first. */
  readonly next: readonly string[];
}

/** Tries every execution provider of the installed onnxruntime, and describes the machine. */
export async function describeDevices(): Promise<DevicesSummary> {
  return summarise(await listDevices(), await machineFacts());
}

/** Finds out why each provider can or cannot be used, and what to do about it. */
export async function examineMachine(): Promise<DoctorSummary> {
  const facts = await machineFacts();
  const summary = await summarise(await listDevices(), facts);
  const { installed, missing } = facts.cudaLibrary;
  return {
    ...summary,
    gpus: facts.gpus,
    vulkan: {
      loader: !facts.missingLibraries.includes(vulkanLoader),
      drivers: facts.vulkanDrivers,
      swiftshader: facts.swiftshader,
    },
    cuda: {
      installed,
      missing,
      driver: facts.driverCuda,
      found: facts.platform === 'linux' ? cudaLibrariesOf(facts) : [],
    },
    next: repairsOf(summary.devices),
  };
}

function cudaLibrariesOf({ missingLibraries }: MachineFacts): string[] {
  return cuda.libraries.filter((name) => !missingLibraries.includes(name));
}

async function summarise(
  devices: readonly ProbedDevice[],
  facts: MachineFacts,
): Promise<DevicesSummary> {
  const { device: auto, why: autoWhy = '' } = await chooseDevice(autoDevice);
  return {
    node: process.versions.node,
    onnxruntime: onnxruntimeVersion(),
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    devices: devices.map((device) => report(device, facts)),
    auto,
    autoWhy,
  };
}

function report(device: ProbedDevice, facts: MachineFacts): DeviceReport {
  const { name, bundled, usable, float16 } = device;
  const place = bundled ? 'in the npm package' : 'a separate download';
  const { what, next, software = false } = diagnose(device, facts);
  const builtIn = deviceNamed(name) !== undefined;
  const untrained = usable && !builtIn ? '; no target compiles for it' : '';
  const detail = `${place}; ${what}${untrained}`;
  return { name, available: usable, detail, hint: next, float16, software, builtIn };
}

function repairsOf(devices: DevicesSummary['devices']): string[] {
  return devices.flatMap(({ name, available, hint }) =>
    !available && hint !== undefined ? [`${name}: ${hint}`] : [],
  );
}

function onnxruntimeVersion(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown };
  return String(version);
}
