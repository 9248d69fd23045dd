import type { InferencePrecision, Precision } from '../../contract/precisions.js';
import { mayHaveGpu } from './graphics.js';
import { probeDevice } from './probe.js';
import type { SessionOptions } from '../executors/onnxruntimeNode.js';
import { ConfigError, DeviceError } from '../../support/errors.js';
import { option, phrase, type OptionPath } from '../../support/phrase.js';
import type { Device } from '../devices/device.js';
import type { Diagnosis, ProbedDevice } from '../devices/diagnosis.js';
import { devices, hostDevice } from '../devices/index.js';
import { deviceNamed, type BuiltInDevice } from '../devices/lookup.js';
import { autoDevice, type DeviceChoice, type DeviceName } from './deviceNames.js';
import { diagnose, machineFacts } from './diagnose.js';

/**
 * The device that a name stands for, to train in `precision`. Throws a DeviceError that tells why and what
 * to do for one that cannot be used here, or not in that; nothing is silently replaced by the CPU.
 */
export async function chooseDevice(
  name: DeviceName = 'auto',
  precision: Precision = 'float32',
): Promise<DeviceChoice> {
  const choice = await choiceOf(name);
  if (precision === 'float16') await requireFloat16(deviceNamed(choice.device));
  return choice;
}

/** Throws a DeviceError for a device that needs something for it that this machine lacks. */
async function requireFloat16({ name, halves }: Device): Promise<void> {
  if (halves.machineNeeds === undefined) return;
  const { float16, what } = await examine(name);
  if (float16) return;
  throw new DeviceError(`${name} cannot compute in float16 here: it ${what}`, {
    code: 'no-float16',
    option: ['precision'],
    hint: phrase`leave ${option('precision')} out, or ${halves.machineNeeds}; \`gradus doctor\` shows whether it does`,
  });
}

async function choiceOf(name: DeviceName): Promise<DeviceChoice> {
  if (name === hostDevice.name) return { device: name };
  if (name === autoDevice) return chooseBest();
  const { usable, what, next } = await examine(name);
  if (usable) return { device: name };
  throw new DeviceError(`${name} cannot be used here: ${what}`, {
    code: 'device-unusable',
    option: ['device'],
    hint: phrase`${next === undefined ? '' : `${next}; `}${option('device', hostDevice.name)} always works; run \`gradus doctor\` for details`,
  });
}

/** A device on a GPU, else the CPU: a software driver computes on the CPU, too, and slower. */
async function chooseBest(): Promise<DeviceChoice> {
  const device = hostDevice.name;
  if (!mayHaveGpu()) return { device, why: 'no GPU was found' };
  const reasons: string[] = [];
  for (const name of triedByAuto()) {
    const { usable, what, software = false } = await examine(name);
    if (usable && !software) return { device: name, why: `it ${what}` };
    reasons.push(`${name} ${usable ? what : `cannot be used: ${what}`}`);
  }
  return { device, why: reasons.join('; ') };
}

function triedByAuto(): BuiltInDevice[] {
  return devices
    .flatMap(({ name, autoRank }) => (autoRank === undefined ? [] : [{ name, autoRank }]))
    .sort((a, b) => a.autoRank - b.autoRank)
    .map(({ name }) => name);
}

type Examination = Diagnosis & Pick<ProbedDevice, 'usable' | 'float16'>;

const examined = new Map<string, Promise<Examination>>();

/** Tries a device, once in a process. */
function examine(device: string): Promise<Examination> {
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

/** Session settings for compiled graphs on a device. */
export function sessionOn(device: BuiltInDevice): Pick<SessionOptions, 'providers' | 'strict'> {
  return { providers: [device], strict: deviceNamed(device).strict };
}

/**
 * Throws a ConfigError for labelling in 16 bits on a device that refuses it; `asked` is the option that asks for it.
 */
export function requireLabelPrecision(
  device: BuiltInDevice,
  precision: InferencePrecision | undefined,
  asked: OptionPath,
): void {
  const { title, halves } = deviceNamed(device);
  if (halves.refusesLabels === undefined || precision !== 'float16') return;
  throw new ConfigError(`${title} cannot label in ${precision}`, {
    code: 'precision',
    option: asked,
    hint: `leave the precision out, or label on a GPU: ${halves.refusesLabels}`,
  });
}

/**
 * Batches to make ahead of a step if a run does several: those of the next run, which the loader makes
 * while this one goes on. Undefined if a run is a step, for which the loader's own number serves.
 */
export function batchesAhead(
  device: BuiltInDevice,
  stepsPerRun = deviceNamed(device).stepsPerRun,
): number | undefined {
  return stepsPerRun > 1 ? stepsPerRun : undefined;
}
