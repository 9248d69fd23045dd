import { describe, expect, it, vi } from 'vitest';
import type * as index from '../../../src/runtime/devices/index.js';
import { defineDevice } from '../../../src/runtime/devices/device.js';
import type { ProbedDevice } from '../../../src/runtime/devices/diagnosis.js';
import { deviceNamed, onHost, staysOnDevice } from '../../../src/runtime/devices/lookup.js';
import {
  batchesAhead,
  chooseDevice,
  requireLabelPrecision,
  sessionOn,
} from '../../../src/runtime/machine/device.js';
import { deviceNames, type DeviceName } from '../../../src/runtime/machine/deviceNames.js';
import { describeDevices } from '../../../src/runtime/machine/devices.js';
import { trainingSchema } from '../../../src/training/config/config.js';
import { flags } from '../../../src/cli/options.js';

/** A line more in the index is all that another device takes beside its own definition. */
vi.mock('../../../src/runtime/devices/index.js', async (original) => {
  const actual = await original<typeof index>();
  return { ...actual, devices: [...actual.devices, npu()] };
});

vi.mock('../../../src/runtime/machine/graphics.js', async (original) => {
  return { ...(await original<object>()), mayHaveGpu: () => true };
});

vi.mock('../../../src/runtime/machine/probe.js', async (original) => {
  const probeDevice = async (name: string): Promise<ProbedDevice> => {
    const usable = name === 'npu';
    return { name, bundled: true, usable, reason: 'not here', float16: false, log: '' };
  };
  const listDevices = () => Promise.all(['cpu', 'npu', 'tensorrt'].map(probeDevice));
  return { ...(await original<object>()), probeDevice, listDevices };
});

function npu() {
  return defineDevice({
    name: 'npu',
    title: 'the NPU',
    target: 'portable',
    autoRank: 0,
    state: 'device',
    strict: true,
    stepsPerRun: 4,
    session: { provider: { flags: 'fast' } },
    halves: { machineNeeds: 'find a newer one', refusesLabels: 'it counts on its fingers' },
    libraries: [],
    diagnose: ({ usable }) => ({ what: usable ? 'thinks' : 'sleeps' }),
  });
}

// A device that is not in this version's index has a name that its types do not know.
const name: string = 'npu';
const isKnown = (text: string): text is Exclude<DeviceName, 'auto'> =>
  deviceNamed(text) !== undefined;

function known() {
  if (!isKnown(name)) throw new Error('the fourth device is not listed');
  return name;
}

describe('a device that is added', () => {
  it('can be asked for in a config and on the command line', () => {
    expect(deviceNames).toEqual(['auto', 'cpu', 'webgpu', 'cuda', 'npu']);
    expect(flags.device.choices).toBe(deviceNames);
    const { device, stepsPerRun } = trainingSchema.shape;
    expect(device.parse('npu')).toBe('npu');
    expect(stepsPerRun.description).toContain('16 on CUDA and 4 on the NPU and 1 elsewhere');
  });

  it('is chosen by its name, and by `auto` at its rank', async () => {
    expect(await chooseDevice(known())).toEqual({ device: 'npu' });
    expect(await chooseDevice()).toEqual({ device: 'npu', why: 'it thinks' });
  });

  it('is listed with its diagnosis', async () => {
    const { auto, devices } = await describeDevices();
    expect(auto).toBe('npu');
    expect(devices.map(({ name: listed, builtIn }) => [listed, builtIn])).toEqual([
      ['cpu', true],
      ['npu', true],
      ['tensorrt', false],
    ]);
    expect(devices[1]?.detail).toBe('in the npm package; thinks');
  });

  it('says how its sessions run', () => {
    expect(sessionOn(known())).toEqual({ providers: ['npu'], strict: true });
    expect(staysOnDevice({ providers: [name] })).toBe(true);
    expect(onHost({ providers: [name] })).toBe(false);
    expect(batchesAhead(known())).toBe(4);
  });

  it('refuses 16 bits in its own words', async () => {
    await expect(chooseDevice(known(), 'float16')).rejects.toMatchObject({
      message: 'npu cannot compute in float16 here: it thinks',
      hint: 'leave precision out, or find a newer one; `gradus doctor` shows whether it does',
    });
    expect(() => requireLabelPrecision(known(), 'float16', ['precision'])).toThrow(
      'the NPU cannot label in float16',
    );
  });
});
