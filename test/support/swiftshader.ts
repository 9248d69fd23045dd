import { existsSync } from 'node:fs';
import type { InferenceSession } from 'onnxruntime-node';

/** A software Vulkan that onnxruntime's WebGPU provider accepts; Debian's chromium brings it. */
const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** What must be set before onnxruntime first asks for Vulkan, also in processes that a test starts. */
export const swiftshaderEnvironment = { VK_ICD_FILENAMES: driver, XDG_RUNTIME_DIR: '/tmp' };

/** Why WebGPU cannot be tested here, or undefined where it can; then this process uses SwiftShader. */
export const noWebgpu = ((): string | undefined => {
  if (!existsSync(driver))
    return `no SwiftShader: ${driver} is missing; apt-get install chromium libvulkan1`;
  Object.assign(process.env, swiftshaderEnvironment);
  return undefined;
})();

/** A title that says why its tests are skipped, where they are. */
export function onWebgpu(title: string): string {
  return noWebgpu === undefined ? title : `${title} (skipped: ${noWebgpu})`;
}

/** The WebGPU provider, where a node that it lacks is an error. */
export const webgpuOnly: InferenceSession.SessionOptions = {
  executionProviders: ['webgpu'],
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 4,
  extra: { session: { disable_cpu_ep_fallback: '1' } },
};
