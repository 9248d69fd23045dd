import type { Device } from './device.js';
import { devices } from './index.js';

/** The name of a device that networks run on. */
export type BuiltInDevice = (typeof devices)[number]['name'];

/** The device of a name; undefined for an execution provider that no device stands for. */
export function deviceNamed(name: BuiltInDevice): Device;
export function deviceNamed(name: string): Device | undefined;
export function deviceNamed(name: string): Device | undefined {
  return devices.find((device) => device.name === name);
}

/** True if all given execution providers (default: the CPU's) compute in the host's memory. */
export function onHost({ providers = [] }: { readonly providers?: readonly string[] }): boolean {
  return providers.every((name) => deviceNamed(name)?.state === 'host');
}

/** True if values can stay on the device between runs of sessions with these providers. */
export function staysOnDevice({ providers = [] }: { readonly providers?: readonly string[] }) {
  return providers.slice(0, 1).some((name) => deviceNamed(name)?.state === 'device');
}
