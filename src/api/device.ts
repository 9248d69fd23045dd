import { DeviceError } from '../support/errors.js';

/** What `--device` and a config's `device` can say; `auto` is the best that there is. */
export const deviceNames = ['auto', 'cpu', 'webgpu', 'cuda'] as const;

export type DeviceName = (typeof deviceNames)[number];

/** Devices that this version compiles for. */
export const builtInDevices = ['cpu'] as const satisfies readonly DeviceName[];

export type BuiltInDevice = (typeof builtInDevices)[number];

/**
 * The device that a name stands for. Throws a DeviceError for one that this version does not
 * compile for; nothing is silently replaced by the CPU.
 */
export function resolveDevice(name: DeviceName = 'auto'): BuiltInDevice {
  if (name === 'auto') return 'cpu';
  const found = builtInDevices.find((device) => device === name);
  if (found !== undefined) return found;
  throw new DeviceError(`${name} is not built into this version of gradus`, {
    code: 'device-not-built-in',
    where: '--device',
    hint: `use one of: auto, ${builtInDevices.join(', ')}; \`gradus devices\` tells what onnxruntime offers on this machine`,
  });
}
