import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, totalmem } from 'node:os';
import { listDevices, type Device } from '../runtime/probe.js';
import { builtInDevices, resolveDevice } from './device.js';

/** A place where a network might run. */
export interface DeviceReport {
  readonly name: string;
  readonly available: boolean;
  /** What it is, or why it cannot be used. */
  readonly detail: string;
  readonly hint?: string | undefined;
}

/** What a machine has to run networks on. */
export interface DevicesSummary {
  /** Versions. */
  readonly node: string;
  readonly onnxruntime: string;
  readonly platform: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly devices: readonly DeviceReport[];
  /** What the device `auto` stands for. */
  readonly auto: string;
}

/** Tries every execution provider of the installed onnxruntime, and describes the machine. */
export async function describeDevices(): Promise<DevicesSummary> {
  return {
    node: process.versions.node,
    onnxruntime: onnxruntimeVersion(),
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    devices: (await listDevices()).map(report),
    auto: resolveDevice('auto'),
  };
}

function report({ name, bundled, usable, reason }: Device): DeviceReport {
  const place = bundled ? 'in the npm package' : 'a separate download';
  if (!usable) return { name, available: false, detail: `${place}; ${plainReason(reason ?? '')}` };
  const detail = trained.has(name) ? place : `${place}; runs a session, no target compiles for it`;
  return { name, available: true, detail };
}

/** Providers that a target compiles for. */
const trained: ReadonlySet<string> = new Set(builtInDevices);

/** The first line of onnxruntime's message, without the place in its own sources. */
function plainReason(text: string): string {
  const [line = ''] = text.split('\n');
  return line.replace(/^\/onnxruntime_src\/.* was false\. /, '');
}

function onnxruntimeVersion(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown };
  return String(version);
}
