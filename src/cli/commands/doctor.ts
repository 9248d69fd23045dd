import type { DoctorSummary } from '../../runtime/machine/devices.js';
import type { CompiledCache } from '../../training/build/compiledCache.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { formatBytes, formatCount } from '../table.js';
import { deviceTable, machineLine } from './devices.js';

const examineMachine = library(
  async () => (await import('../../runtime/machine/devices.js')).examineMachine,
);
const describeCompiledCache = library(
  async () => (await import('../../training/build/compiledCache.js')).describeCompiledCache,
);

export default defineCommand({
  usage: 'doctor',
  describe: 'Find out why a GPU can or cannot be used, and what to do next',
  examples: [
    ['doctor', 'after an installation, or if --device webgpu is refused'],
    ['doctor --json', 'for a bug report'],
  ],
  options: (parser) => parser,
  async run() {
    const summary = await examineMachine();
    const train = `train: gradus train training.config.ts (--device auto takes ${summary.auto})`;
    const cache = await describeCompiledCache();
    const whole = { ...summary, cache, next: [...summary.next, train] };
    return { json: whole, text: textOf(whole) };
  },
});

function textOf(summary: DoctorSummary & { readonly cache: CompiledCache }): string {
  const { gpus, vulkan, cuda, auto, autoWhy, cache, next } = summary;
  const facts: [string, string][] = [
    ['GPU', gpus.map(describeGpu).join('; ') || 'none found'],
    ...vulkanFacts(summary.platform, vulkan),
    ['CUDA', describeCuda(cuda)],
    ['auto', `--device auto takes ${auto}: ${autoWhy}`],
    ['cache', describeCache(cache)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    machineLine(summary),
    '',
    deviceTable(summary),
    '',
    ...facts.map(([name, text]) => `${name.padEnd(width)}  ${text}`),
    '',
    'next',
    ...next.map((step) => `  ${step}`),
  ].join('\n');
}

/** It holds nothing that is not made again, so whoever wants the room just removes the folder. */
function describeCache({ folder, entries, bytes, mostBytes, off }: CompiledCache): string {
  if (off) return 'off (GRADUS_CACHE=off)';
  const size = `${formatBytes(bytes)} of at most ${formatBytes(mostBytes)}`;
  return `${formatCount(entries)} compiled networks, ${size}, in ${folder}; remove that folder to empty it`;
}

function describeGpu({ name, driver, memoryBytes }: DoctorSummary['gpus'][number]): string {
  const parts = [driver, memoryBytes === undefined ? undefined : formatBytes(memoryBytes)];
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? name : `${name} (${known.join(', ')})`;
}

/** Vulkan is how WebGPU reaches a GPU on Linux; Metal and Direct3D are parts of their systems. */
function vulkanFacts(
  platform: string,
  { loader, drivers, swiftshader }: DoctorSummary['vulkan'],
): [string, string][] {
  if (platform.startsWith('darwin')) return [['Metal', 'part of macOS']];
  if (platform.startsWith('win32')) return [['Direct3D', 'part of Windows']];
  const names = drivers.map(({ library, software }) =>
    software ? `${library} (software)` : library,
  );
  return [
    [
      'Vulkan',
      `${loader ? 'libvulkan.so.1' : 'libvulkan.so.1 is missing'}; ${names.join(', ') || 'no driver'}`,
    ],
    ['SwiftShader', swiftshader ?? 'not installed'],
  ];
}

function describeCuda({ installed, missing, driver, found }: DoctorSummary['cuda']): string {
  const library = installed ? 'installed' : 'not installed';
  return [
    driver === undefined ? 'no driver' : `driver for CUDA up to ${driver}`,
    `onnxruntime's library ${library}`,
    ...(found.length > 0 ? [`found ${found.join(', ')}`] : []),
    ...(missing.length > 0 ? [`missing ${missing.join(', ')}`] : []),
  ].join('; ');
}
