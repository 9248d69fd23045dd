import type { Gpu, ProviderLibrary, VulkanDriver } from './graphics.js';
import type { Device } from './probe.js';

/** What decides whether a provider can be used. */
export interface MachineFacts {
  readonly platform: string;
  readonly gpus: readonly Gpu[];
  /** Whether there is a device file of a GPU, or no way to tell. */
  readonly mayHaveGpu: boolean;
  readonly vulkanDrivers: readonly VulkanDriver[];
  /** Where SwiftShader lies, in use or not. */
  readonly swiftshader: string | undefined;
  /** Libraries that the system's loader does not find, of those that doctor looks for. */
  readonly missingLibraries: readonly string[];
  readonly cudaLibrary: ProviderLibrary;
  /** The newest CUDA that NVIDIA's driver can run. */
  readonly driverCuda: string | undefined;
}

/** Libraries by which a GPU is reached, that doctor looks for. */
export const gpuLibraries = [
  'libvulkan.so.1',
  'libcuda.so.1',
  'libcudart.so.12',
  'libcudart.so.13',
  'libcudnn.so.9',
] as const;

/** What there is to say of a provider on a machine. */
export interface Diagnosis {
  /** What it runs on, or why it cannot. */
  readonly what: string;
  /** What to do so that it can. */
  readonly next?: string | undefined;
  /** Whether it computes on the CPU, whatever it is called. */
  readonly software?: boolean;
}

/** Says why a provider can or cannot be used, and what to do about it. */
export function diagnose(device: Device, facts: MachineFacts): Diagnosis {
  switch (device.name) {
    case 'webgpu':
      return device.usable ? usableWebgpu(device, facts) : unusableWebgpu(device, facts);
    case 'cuda':
      return device.usable ? { what: gpuNames(facts, /nvidia/i) } : unusableCuda(device, facts);
    default:
      return { what: device.usable ? 'runs a model' : plainReason(device.reason) };
  }
}

function gpuNames({ gpus }: MachineFacts, pattern = /./): string {
  const names = gpus.filter(({ name, driver = '' }) => pattern.test(name + driver));
  return `runs on ${names.map(({ name }) => name).join(', ') || 'a GPU'}`;
}

function usableWebgpu({ float16 }: Device, facts: MachineFacts): Diagnosis {
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

function unusableWebgpu({ reason }: Device, facts: MachineFacts): Diagnosis {
  if (facts.platform !== 'linux')
    return { what: plainReason(reason), next: "update the GPU's driver" };
  const noGpu = facts.mayHaveGpu ? '' : ', and no GPU was found';
  if (facts.missingLibraries.includes('libvulkan.so.1'))
    return {
      what: `the Vulkan loader libvulkan.so.1 is missing${noGpu}`,
      next: 'install it: apt-get install libvulkan1 (Debian, Ubuntu), dnf install vulkan-loader (Fedora)',
    };
  const hardware = facts.vulkanDrivers.filter(({ software }) => !software);
  if (!facts.mayHaveGpu)
    return {
      what: 'no GPU was found',
      next:
        facts.swiftshader === undefined
          ? 'train on the CPU; in a container, pass the GPU in (docker run --gpus all, or --device /dev/dri)'
          : `to try it without one: VK_ICD_FILENAMES=${facts.swiftshader} XDG_RUNTIME_DIR=/tmp`,
    };
  if (hardware.length === 0)
    return {
      what: `there is a GPU, but no Vulkan driver for it${facts.vulkanDrivers.length > 0 ? '; lavapipe is refused' : ''}`,
      next: "install it: NVIDIA's driver package, or apt-get install mesa-vulkan-drivers for AMD and Intel",
    };
  return {
    what: `${plainReason(reason)} (Vulkan drivers: ${hardware.map(({ library }) => library).join(', ')})`,
    next: 'look at `vulkaninfo --summary`, and whether you may read /dev/dri (group render or video)',
  };
}

/** Who has a library that CUDA's provider needs. */
const libraryOwners: readonly (readonly [RegExp, string])[] = [
  [/^libcuda\.so/, "NVIDIA's driver (nvidia-smi must work)"],
  [
    /^libcudnn/,
    'cuDNN 9 for that CUDA: apt-get install cudnn9-cuda-12, or pip install nvidia-cudnn-cu12',
  ],
  [/^lib(cublas|cudart|curand|cufft|nvrtc)/, 'the CUDA toolkit of that version'],
];

function unusableCuda(device: Device, facts: MachineFacts): Diagnosis {
  const hasNvidia = facts.gpus.some(({ name }) =>
    /nvidia|geforce|quadro|tesla|rtx|gtx/i.test(name),
  );
  const { installed, missing, cuda } = facts.cudaLibrary;
  if (facts.platform !== 'linux')
    return { what: 'onnxruntime-node has it for Linux only: --device webgpu reaches the GPU' };
  const noGpu = hasNvidia ? '' : ', and no NVIDIA GPU was found';
  if (!installed)
    return {
      what: `onnxruntime's CUDA library is not installed${noGpu}`,
      ...(hasNvidia && {
        next: 'install it: ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js',
      }),
    };
  if (Number(cuda) > Number.parseInt(facts.driverCuda ?? 'none', 10))
    return {
      what: `NVIDIA's driver runs CUDA up to ${facts.driverCuda}, onnxruntime's library needs CUDA ${cuda}`,
      next: "update NVIDIA's driver",
    };
  const named = /(lib[\w.-]+\.so[\w.]*): cannot open shared object/.exec(device.log)?.[1];
  const wanted = [...new Set([...missing, ...(named === undefined ? [] : [named])])];
  if (wanted.length > 0) {
    const owners = wanted.flatMap(
      (name) => libraryOwners.find(([pattern]) => pattern.test(name))?.[1] ?? [],
    );
    return {
      what: `${wanted.join(', ')} cannot be found`,
      next: `install ${[...new Set(owners)].join('; ') || wanted.join(', ')}, or say where it is in LD_LIBRARY_PATH`,
    };
  }
  if (!hasNvidia) return { what: 'no NVIDIA GPU was found', next: undefined };
  return {
    what: plainReason(device.reason),
    next: 'see that nvidia-smi works here; in a container, docker run --gpus all',
  };
}

/** The first line of onnxruntime's message, without the place in its own sources. */
function plainReason(text = ''): string {
  const [line = ''] = text.split('\n');
  return line.replace(/^\/onnxruntime_src\/.* was false\. /, '');
}
