import { devices as known } from '../src/runtime/devices/index.js';
import type { DeviceName } from '../src/runtime/machine/deviceNames.js';
import { describeDevices, type DevicesSummary } from '../src/runtime/machine/devices.js';
import { findSwiftshader, listGpus, mayHaveGpu } from '../src/runtime/machine/graphics.js';

/** A device that a benchmark can run on. */
export interface BenchDevice {
  readonly name: DeviceName;
  readonly detail: string;
  /** Whether it computes with 16-bit floats. */
  readonly float16: boolean;
}

/** Makes WebGPU use SwiftShader where there is no GPU and nothing else is said. */
export function useSwiftshader(): void {
  const driver = findSwiftshader();
  if (mayHaveGpu() || driver === undefined) return;
  process.env['VK_ICD_FILENAMES'] ??= driver;
  process.env['XDG_RUNTIME_DIR'] ??= '/tmp';
}

/** The GPUs, the devices that run on them, and why the others do not; software drivers where they are wanted. */
export async function benchDevices({ software }: { readonly software: boolean }) {
  if (software) useSwiftshader();
  const summary = await describeDevices();
  const devices: BenchDevice[] = [];
  const reasons: string[] = [];
  for (const { name, state } of known) {
    if (state === 'host') continue;
    const found = summary.devices.find((device) => device.name === name);
    const detail = found?.detail ?? 'not a provider of this onnxruntime-node';
    if (found && isUsable(found, software)) devices.push({ name, detail, float16: found.float16 });
    else reasons.push(`${name}: ${detail}${found?.hint === undefined ? '' : ` (${found.hint})`}`);
  }
  return { gpus: await listGpus(), devices, reasons };
}

function isUsable(device: DevicesSummary['devices'][number], software: boolean): boolean {
  return device.available && device.builtIn && (software || !device.software);
}
