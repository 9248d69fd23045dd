import { describe, expect, it } from 'vitest';
import type {
  MachineFacts,
  ProbedDevice as Device,
} from '../../../src/runtime/devices/diagnosis.js';
import { diagnose } from '../../../src/runtime/machine/diagnose.js';
import { bareMachine as bare } from '../../support/bareMachine.js';

const nvidia: MachineFacts = {
  ...bare,
  gpus: [{ name: 'NVIDIA L4', driver: 'NVIDIA 550.54', memoryBytes: 24e9 }],
  mayHaveGpu: true,
  driverCuda: '12.4',
};

const webgpu = (reason?: string, float16 = false): Device => {
  return {
    name: 'webgpu',
    bundled: true,
    usable: reason === undefined,
    ...(reason !== undefined && { reason }),
    float16,
    log: '',
  };
};

const cuda = (log: string): Device => {
  return { name: 'cuda', bundled: false, usable: false, reason: 'failed', float16: false, log };
};

const installed = (...missing: string[]): MachineFacts => {
  return { ...nvidia, cudaLibrary: { ...bare.cudaLibrary, installed: true, missing } };
};

const radv = { file: '/usr/share/vulkan/icd.d/radeon_icd.json', library: 'libvulkan_radeon.so' };
const lavapipe = { file: '/usr/share/vulkan/icd.d/lvp_icd.json', library: 'libvulkan_lvp.so' };
const swiftshader = { file: '/usr/lib/chromium/vk_swiftshader_icd.json', library: './libvk.so' };
const noAdapter =
  '/onnxruntime_src/x.cc:100 y() a.status == b was false. Failed to get a WebGPU adapter: none';

describe('a provider that cannot be used', () => {
  it.each<[string, Device, MachineFacts, string, string | undefined]>([
    ['no GPU', webgpu(noAdapter), bare, 'no GPU was found', 'train on the CPU'],
    [
      'no GPU, but SwiftShader',
      webgpu(noAdapter),
      { ...bare, swiftshader: '/s.json' },
      'no GPU was found',
      'to try it without one: VK_ICD_FILENAMES=/s.json XDG_RUNTIME_DIR=/tmp',
    ],
    [
      'no Vulkan loader',
      webgpu(noAdapter),
      { ...nvidia, missingLibraries: ['libvulkan.so.1'] },
      'the Vulkan loader libvulkan.so.1 is missing',
      'apt-get install libvulkan1',
    ],
    [
      'a software driver alone',
      webgpu(noAdapter),
      { ...nvidia, vulkanDrivers: [{ ...lavapipe, software: true }] },
      'a GPU was found, but no Vulkan driver for it; lavapipe is refused',
      "NVIDIA's driver package",
    ],
    [
      'a driver that gives no adapter',
      webgpu(noAdapter),
      { ...nvidia, vulkanDrivers: [{ ...radv, software: false }] },
      'Failed to get a WebGPU adapter: none (Vulkan drivers: libvulkan_radeon.so)',
      'vulkaninfo',
    ],
    [
      'no CUDA library of onnxruntime',
      cuda(''),
      nvidia,
      "onnxruntime's CUDA library is not installed",
      'ONNXRUNTIME_NODE_INSTALL=cuda12',
    ],
    [
      'no NVIDIA GPU',
      cuda(''),
      bare,
      "onnxruntime's CUDA library is not installed, and no NVIDIA GPU was found",
      undefined,
    ],
    [
      'a driver for the library',
      cuda(''),
      { ...nvidia, cudaLibrary: { ...bare.cudaLibrary, installed: true, missing: [], cuda: '13' } },
      "NVIDIA's driver runs CUDA up to 12.4, onnxruntime's library needs CUDA 13",
      "update NVIDIA's driver",
    ],
    [
      'a build for this system',
      cuda(''),
      { ...nvidia, platform: 'win32' },
      'onnxruntime-node supports it on Linux only; use webgpu for this GPU',
      undefined,
    ],
    [
      'no cuDNN',
      cuda(''),
      installed('libcudnn.so.9'),
      'libcudnn.so.9 cannot be found in the library path',
      'cuDNN 9 for that CUDA',
    ],
    [
      'a library that only the log names',
      cuda('Failed to load ...: libcublasLt.so.13: cannot open shared object file: No such file'),
      installed(),
      'libcublasLt.so.13 cannot be found in the library path',
      'the CUDA toolkit of that version',
    ],
  ])('for want of %s tells so, and what to do', (_, device, facts, what, next) => {
    const diagnosis = diagnose(device, facts);
    expect(diagnosis.what).toBe(what);
    if (next === undefined) expect(diagnosis.next).toBeUndefined();
    else expect(diagnosis.next).toContain(next);
  });
});

describe('WebGPU that can be used', () => {
  it('names the GPU', () => {
    const facts = { ...nvidia, vulkanDrivers: [{ ...radv, software: false }] };
    expect(diagnose(webgpu(undefined, true), facts)).toEqual({
      what: 'runs on NVIDIA L4; 16-bit floats',
    });
  });

  it('is told apart from a software driver', () => {
    const facts = { ...nvidia, vulkanDrivers: [{ ...swiftshader, software: true }] };
    for (const known of [facts, { ...facts, mayHaveGpu: false }])
      expect(diagnose(webgpu(), known)).toEqual({
        what: 'runs on the CPU, by SwiftShader: for tests, not for training; no 16-bit floats',
        software: true,
      });
    const basic = { ...bare, platform: 'win32', mayHaveGpu: true };
    const gpus = [{ name: 'Microsoft Basic Render Driver' }];
    expect(diagnose(webgpu(), { ...basic, gpus }).software).toBe(true);
  });
});
