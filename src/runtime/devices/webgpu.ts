import { defineDevice } from './device.js';
import {
  gpuNames,
  plainReason,
  type Diagnosis,
  type MachineFacts,
  type ProbedDevice,
} from './diagnosis.js';

/** Vulkan's loader, by which it reaches a GPU on Linux. */
export const vulkanLoader = 'libvulkan.so.1';

/** A GPU by Vulkan, Direct3D or Metal. */
export const webgpu = defineDevice({
  name: 'webgpu',
  title: 'WebGPU',
  target: 'webgpu',
  autoRank: 2,
  state: 'device',
  // State on the device would go to and fro around each node that runs on the CPU.
  strict: true,
  stepsPerRun: 1,
  session: {
    /*
     * The provider prefers NHWC, for which it transposes around each convolution: in a step of a small
     * MBConv net, 428 of 2,324 kernels and a quarter of the time.
     */
    provider: { preferredLayout: 'NCHW' },
    /*
     * A convolution must not swallow the activation behind it: onnxruntime 1.29 keeps shaders for the whole
     * process, by a key that leaves the activation out (mended after it by microsoft/onnxruntime#32048), so
     * that the last convolution of squeeze and excitation got the shader of a training session, without its
     * sigmoid.
     */
    disabledOptimizers: ['ConvActivationFusion'],
  },
  // Without the feature float16 graphs load, and fail at the first node, after all the compiling.
  halves: { machineNeeds: "update the GPU's driver to one that offers shader-f16" },
  loadFailure: /WebGpuContext|webgpu_context/,
  libraries: [vulkanLoader],
  diagnose: (probed, facts) => (probed.usable ? usable(probed, facts) : unusable(probed, facts)),
});

function usable({ float16 }: ProbedDevice, facts: MachineFacts): Diagnosis {
  const halves = float16 ? '16-bit floats' : 'no 16-bit floats';
  const { vulkanDrivers, gpus } = facts;
  const drawnByCpu =
    !facts.mayHaveGpu ||
    (vulkanDrivers.length > 0 && vulkanDrivers.every(({ software }) => software)) ||
    (gpus.length > 0 && gpus.every(({ name }) => /microsoft basic/i.test(name)));
  if (!drawnByCpu) return { what: `${gpuNames(facts)}; ${halves}` };
  const name = vulkanDrivers.some(({ file }) => /swiftshader/i.test(file))
    ? 'SwiftShader'
    : 'software';
  return {
    what: `runs on the CPU, by ${name}: for tests, not for training; ${halves}`,
    software: true,
  };
}

function unusable({ reason }: ProbedDevice, facts: MachineFacts): Diagnosis {
  if (facts.platform !== 'linux')
    return { what: plainReason(reason), next: "update the GPU's driver" };
  const noGpu = facts.mayHaveGpu ? '' : ', and no GPU was found';
  if (facts.missingLibraries.includes(vulkanLoader))
    return {
      what: `the Vulkan loader ${vulkanLoader} is missing${noGpu}`,
      next: 'install it: apt-get install libvulkan1 (Debian, Ubuntu), dnf install vulkan-loader (Fedora)',
    };
  const hardware = facts.vulkanDrivers.filter(({ software }) => !software);
  if (!facts.mayHaveGpu)
    return {
      what: 'no GPU was found',
      next:
        facts.swiftshader === undefined
          ? 'train on the CPU; in a container, pass the GPU through (docker run --gpus all, or --device /dev/dri)'
          : `to try it without one: VK_ICD_FILENAMES=${facts.swiftshader} XDG_RUNTIME_DIR=/tmp`,
    };
  if (hardware.length === 0)
    return {
      what: `a GPU was found, but no Vulkan driver for it${facts.vulkanDrivers.length > 0 ? '; lavapipe is refused' : ''}`,
      next: "install it: NVIDIA's driver package, or apt-get install mesa-vulkan-drivers for AMD and Intel",
    };
  return {
    what: `${plainReason(reason)} (Vulkan drivers: ${hardware.map(({ library }) => library).join(', ')})`,
    next: 'check `vulkaninfo --summary`, and that you may read /dev/dri (group render or video)',
  };
}
