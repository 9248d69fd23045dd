import { devices } from '../devices/index.js';
import type { BuiltInDevice } from '../devices/lookup.js';

/** Stands for the fastest device that a machine has. */
export const autoDevice = 'auto';

/** A device, or `auto`. */
export type DeviceName = typeof autoDevice | BuiltInDevice;

/** Values of the option `device` in a call or a config. */
export const deviceNames: readonly DeviceName[] = [autoDevice, ...devices.map(({ name }) => name)];

/** The steps of a run if nothing else is asked for, in words: `16 on CUDA and 1 elsewhere`. */
export const usualStepsPerRun = [
  ...devices.flatMap(({ title, stepsPerRun: n }) => (n > 1 ? [`${n} on ${title}`] : [])),
  '1 elsewhere',
].join(' and ');

/** A device to run on, and why `auto` took it. */
export interface DeviceChoice {
  readonly device: BuiltInDevice;
  /** Reason for the choice of `auto`; a device asked for by name needs none. */
  readonly why?: string;
}

/** `device auto takes cpu: no GPU was found`; undefined for a device asked for by name. */
export function deviceNote({ device, why }: DeviceChoice): string | undefined {
  return why === undefined ? undefined : `device ${autoDevice} takes ${device}: ${why}`;
}
