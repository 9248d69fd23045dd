/** What `--device` and a config's `device` can say; `auto` is the best that there is. */
export const deviceNames = ['auto', 'cpu', 'webgpu', 'cuda'] as const;

/** A device, or `auto` for the fastest that is there. */
export type DeviceName = (typeof deviceNames)[number];

/** Devices that this version compiles for. */
export const builtInDevices = ['cpu', 'webgpu', 'cuda'] as const satisfies readonly DeviceName[];

/** A device that networks run on. */
export type BuiltInDevice = (typeof builtInDevices)[number];

/** A device to run on, and why `auto` took it. */
export interface DeviceChoice {
  readonly device: BuiltInDevice;
  /** Of `auto`; a device asked for by name needs no reason. */
  readonly why?: string;
}

/** `--device auto takes cpu: no GPU was found`; undefined for a device asked for by name. */
export function deviceNote({ device, why }: DeviceChoice): string | undefined {
  return why === undefined ? undefined : `--device auto takes ${device}: ${why}`;
}
