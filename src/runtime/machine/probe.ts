import { execFile, type ExecFileException } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProbedDevice } from '../devices/diagnosis.js';
import { env, listSupportedBackends } from '../executors/onnxruntime.js';
import { onnx } from '../../../generated/proto/onnx.js';
import { onnxruntimeNode } from '../executors/onnxruntimeNode.js';
import { zeroTensor } from '../../support/tensor.js';
import { workerUrl } from '../../support/workerUrl.js';

/*
 * A device is tried elsewhere. A probe runs a model on each provider in a process of its own; `diagnose`, which
 * is pure, turns that and the machine's facts into what to say and what to do. `doctor` prints it, a refused
 * `--device` throws it, and `auto` chooses by it.
 */

/** Tries every execution provider of this onnxruntime-node on a one-node model. */
export function listDevices(): Promise<ProbedDevice[]> {
  return Promise.all(listSupportedBackends().map(({ name }) => probeDevice(name)));
}

/** The version of the onnxruntime that runs graphs here. */
export function onnxruntimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}

/** Longest that a provider may take to start: a first use may compile shaders or load libraries. */
const patience = 60_000;

/** Tries one execution provider, in a process of its own. */
export async function probeDevice(name: string): Promise<ProbedDevice> {
  const bundled = listSupportedBackends().find((known) => known.name === name)?.bundled ?? false;
  const { output, log, ended } = await runProbe(name);
  const { reason, float16 } = output ?? { reason: ended, float16: false };
  const usable = reason === undefined;
  return { name, bundled, usable, ...(!usable && { reason }), float16, log };
}

interface Probe {
  readonly output: { readonly reason?: string; readonly float16: boolean } | undefined;
  readonly log: string;
  /** Way in which the process ended if it gave no answer. */
  readonly ended: string;
}

/** A driver that crashes or hangs takes its process with it, not this one. */
function runProbe(name: string): Promise<Probe> {
  const path = fileURLToPath(workerUrl(import.meta.url, 'probeWorker'));
  return new Promise((resolve) => {
    execFile(process.execPath, [path, name], { timeout: patience }, (error, stdout, stderr) => {
      resolve({ output: answerOf(stdout), log: stderr, ended: howEnded(error) });
    });
  });
}

function howEnded(error: ExecFileException | null): string {
  if (error?.killed) return `it did not answer within ${patience / 1000} s`;
  if (error?.signal) return `the process that tried it was killed by ${error.signal}`;
  return `the process that tried it ended with code ${error?.code ?? 0} without an answer`;
}

function answerOf(stdout: string): Probe['output'] {
  try {
    return JSON.parse(stdout) as Probe['output'];
  } catch {
    return undefined;
  }
}

/**
 * Channels in a block of onnxruntime's blocked layout on this machine: 16 with AVX-512, 8 with AVX2
 * or NEON; 0 if it has none. Asked of ReorderInput, by where it puts the second pixel.
 */
export async function probeBlock(): Promise<number> {
  const [channels, pixels] = [64, 2];
  const x = zeroTensor('float32', [1, channels, 1, pixels]);
  const y = zeroTensor('float32', [1, channels, 1, pixels]);
  // The number of the pixel.
  for (const i of x.data.keys()) x.data[i] = i % pixels;
  try {
    const session = await onnxruntimeNode().create(reorderModel([1, channels, 1, pixels]));
    await session.run({ x }, { y });
    await session.release();
  } catch {
    return 0;
  }
  const block = Array.from(y.data, Number).indexOf(1);
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
