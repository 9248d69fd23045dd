/** Devices of a machine beside its CPU, and the libraries by which they are reached. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Gpu, ProviderLibrary, VulkanDriver } from '../devices/diagnosis.js';

/** Output of a program; undefined if it cannot be run. */
function outputOf(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 20_000 }, (error, stdout) => {
      resolve(error ? undefined : stdout);
    });
  });
}

const entriesOf = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** True if Linux shows a device file of a GPU; always true elsewhere, for want of a quick check. */
export function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  return (
    entriesOf('/dev/dri').some((name) => name.startsWith('renderD')) ||
    existsSync('/dev/nvidia0') ||
    existsSync('/dev/dxg')
  );
}

/** The graphics processors, by NVIDIA's tool if there is one, else by what the system tells. */
export async function listGpus(): Promise<Gpu[]> {
  const nvidia = await nvidiaGpus();
  const others = await systemGpus();
  return nvidia.length > 0
    ? [...nvidia, ...others.filter(({ name }) => !/nvidia/i.test(name))]
    : others;
}

async function nvidiaGpus(): Promise<Gpu[]> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits'];
  const text = (await outputOf('nvidia-smi', query)) ?? '';
  return text.split('\n').flatMap((line) => {
    const [name = '', driver, mebibytes] = line.split(',').map((part) => part.trim());
    if (name === '' || driver === undefined) return [];
    return [{ name, driver: `NVIDIA ${driver}`, memoryBytes: Number(mebibytes) * 2 ** 20 }];
  });
}

function systemGpus(): Promise<Gpu[]> {
  if (process.platform === 'darwin') return macGpus();
  if (process.platform === 'win32') return windowsGpus();
  return Promise.resolve(linuxGpus());
}

const vendors: Readonly<Record<string, string>> = {
  '0x10de': 'NVIDIA',
  '0x1002': 'AMD',
  '0x8086': 'Intel',
  '0x1af4': 'virtio',
};

/** GPUs by PCI numbers: names would need a table of thousands. */
function linuxGpus(): Gpu[] {
  const cards = entriesOf('/sys/class/drm').filter((name) => /^card\d+$/.test(name));
  const found = cards.flatMap((card) => {
    const folder = join('/sys/class/drm', card, 'device');
    if (!existsSync(join(folder, 'vendor'))) return [];
    const [vendor = '', device = ''] = ['vendor', 'device'].map((name) =>
      readFileSync(join(folder, name), 'utf8').trim(),
    );
    const link = join(folder, 'driver');
    const driver = existsSync(link) ? basename(readlinkSync(link)) : undefined;
    const name = `${vendors[vendor] ?? vendor} GPU ${vendor}:${device}`;
    // AMD's driver has this file; Intel's GPUs share the machine's memory.
    const memory = join(folder, 'mem_info_vram_total');
    const memoryBytes = existsSync(memory) ? Number(readFileSync(memory, 'utf8')) : undefined;
    return [{ name, driver, memoryBytes }];
  });
  return existsSync('/dev/dxg') ? [...found, { name: 'GPU of the Windows host (WSL)' }] : found;
}

async function macGpus(): Promise<Gpu[]> {
  const text = (await outputOf('system_profiler', ['SPDisplaysDataType'])) ?? '';
  return [...text.matchAll(/Chipset Model: (.+)/g)].map(([, name = '']) => ({
    name,
    driver: 'Metal',
  }));
}

async function windowsGpus(): Promise<Gpu[]> {
  const command =
    'Get-CimInstance Win32_VideoController | ForEach-Object { $_.Name + "|" + $_.DriverVersion }';
  const text = (await outputOf('powershell', ['-NoProfile', '-Command', command])) ?? '';
  return text.split('\n').flatMap((line) => {
    const [name = '', driver] = line.trim().split('|');
    return name === '' ? [] : [{ name, driver }];
  });
}

const isSoftware = (text: string): boolean => /swiftshader|lvp_icd|lavapipe|llvmpipe/i.test(text);

/** The Vulkan drivers of Linux, where the loader looks for them; elsewhere none. */
export function vulkanDrivers(): VulkanDriver[] {
  if (process.platform !== 'linux') return [];
  return [...new Set(vulkanManifests())].flatMap((file) => {
    const library = libraryOf(file);
    return library === undefined ? [] : [{ file, library, software: isSoftware(file + library) }];
  });
}

function vulkanManifests(): string[] {
  const split = (name: string, fallback = ''): string[] =>
    (process.env[name] ?? fallback).split(':').filter((part) => part !== '');
  const only = [...split('VK_DRIVER_FILES'), ...split('VK_ICD_FILENAMES')];
  const added = split('VK_ADD_DRIVER_FILES');
  if (only.length > 0) return [...only, ...added];
  const folders = [
    ...split('XDG_CONFIG_HOME', join(homedir(), '.config')),
    ...split('XDG_CONFIG_DIRS', '/etc/xdg'),
    '/etc',
    ...split('XDG_DATA_HOME', join(homedir(), '.local/share')),
    ...split('XDG_DATA_DIRS', '/usr/local/share:/usr/share'),
  ].map((folder) => join(folder, 'vulkan/icd.d'));
  const found = folders.flatMap((folder) => entriesOf(folder).map((name) => join(folder, name)));
  return [...found.filter((name) => name.endsWith('.json')), ...added];
}

function libraryOf(manifest: string): string | undefined {
  try {
    const { ICD } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      ICD?: { library_path?: unknown };
    };
    return typeof ICD?.library_path === 'string' ? ICD.library_path : undefined;
  } catch {
    return undefined;
  }
}

/** Folders in which browsers keep SwiftShader, a software Vulkan that WebGPU accepts. */
const swiftshaderPlaces = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
];

/** SwiftShader's manifest, whether it is in use or not. */
export function findSwiftshader(): string | undefined {
  return swiftshaderPlaces.find((path) => existsSync(path));
}

/** Finds which shared libraries Linux's loader lacks; none elsewhere. */
export async function missingLibraries(names: readonly string[]): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const text =
    (await outputOf('ldconfig', ['-p'])) ?? (await outputOf('/sbin/ldconfig', ['-p'])) ?? '';
  const folders = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((part) => part !== '');
  return names.filter(
    (name) => !text.includes(name) && !folders.some((folder) => existsSync(join(folder, name))),
  );
}

/** The newest CUDA that NVIDIA's driver can run, such as `12.4`; undefined without one. */
export async function driverCuda(): Promise<string | undefined> {
  return /CUDA Version:\s*([\d.]+)/.exec((await outputOf('nvidia-smi', [])) ?? '')?.[1];
}

/** Looks at onnxruntime's library for CUDA beside its binding. */
export async function cudaLibrary(): Promise<ProviderLibrary> {
  const package_ = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const folder = join(package_, 'bin/napi-v6', process.platform, process.arch);
  const windows = process.platform === 'win32';
  const path = join(
    folder,
    windows ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so',
  );
  const installed = existsSync(path);
  const needs = installed ? ((await outputOf('ldd', [path])) ?? '') : '';
  const missing = [...needs.matchAll(/^\s*(\S+) => not found/gm)].map(([, name = '']) => name);
  const cuda = /libcudart\.so\.(\d+)/.exec(needs)?.[1];
  return { path, installed, missing, cuda };
}
