import { listSupportedBackends } from 'onnxruntime-node';
import { onnx } from '../../generated/proto/onnx.js';
import { GradusError } from '../support/errors.js';
import { messageOf } from './fileErrors.js';
import { dataOf, Session, zeroTensor } from './session.js';

/** An execution provider, and whether it runs a model here. */
export interface Device {
  readonly name: string;
  /** Whether it is inside the npm package, not a separate download. */
  readonly bundled: boolean;
  readonly usable: boolean;
  /** Why it is not usable. */
  readonly reason?: string;
}

/** Tries every execution provider of this onnxruntime-node on a one-node model. */
export async function listDevices(): Promise<Device[]> {
  const devices: Device[] = [];
  for (const { name, bundled } of listSupportedBackends()) {
    const reason = await tryProvider(name);
    devices.push({ name, bundled, usable: reason === undefined, ...(reason && { reason }) });
  }
  return devices;
}

/** Why a provider cannot run a model, or undefined where it can. */
async function tryProvider(provider: string): Promise<string | undefined> {
  try {
    const session = await Session.create(identityModel(), { providers: [provider] });
    await session.run({ x: zeroTensor('float32', [1]) }, { y: zeroTensor('float32', [1]) });
    await session.release();
    return undefined;
  } catch (error) {
    const cause = error instanceof GradusError && error.cause !== undefined ? error.cause : error;
    return messageOf(cause).trim();
  }
}

/**
 * Channels in a block of onnxruntime's blocked layout on this machine: 16 with AVX-512, 8 with AVX2
 * or NEON; 0 where it has none. Asked of ReorderInput, by where it puts the second pixel.
 */
export async function probeBlock(): Promise<number> {
  const [channels, pixels] = [64, 2];
  const x = zeroTensor('float32', [1, channels, 1, pixels]);
  const y = zeroTensor('float32', [1, channels, 1, pixels]);
  const data = dataOf(x);
  // The number of the pixel.
  for (const i of data.keys()) data[i] = i % pixels;
  try {
    const session = await Session.create(reorderModel([1, channels, 1, pixels]));
    await session.run({ x }, { y });
    await session.release();
  } catch {
    return 0;
  }
  const block = Array.from(dataOf(y), Number).indexOf(1);
  return block === 8 || block === 16 ? block : 0;
}

function reorderModel(shape: readonly number[]): Uint8Array {
  const dim = shape.map((dimValue) => ({ dimValue }));
  const type = { tensorType: { elemType: 1, shape: { dim } } };
  const domain = 'com.microsoft.nchwc';
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [
      { domain: '', version: 17 },
      { domain, version: 1 },
    ],
    graph: {
      name: 'probe',
      node: [{ opType: 'ReorderInput', domain, input: ['x'], output: ['y'] }],
      input: [{ name: 'x', type }],
      output: [{ name: 'y', type }],
    },
  }).finish();
}

function identityModel(): Uint8Array {
  const type = { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }] } } };
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'probe',
      node: [{ opType: 'Identity', input: ['x'], output: ['y'] }],
      input: [{ name: 'x', type }],
      output: [{ name: 'y', type }],
    },
  }).finish();
}
