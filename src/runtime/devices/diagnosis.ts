/** A graphics processor, as far as its driver tells. */
export interface Gpu {
  readonly name: string;
  readonly driver?: string | undefined;
  readonly memoryBytes?: number | undefined;
}

/** A Vulkan driver that the loader would find. */
export interface VulkanDriver {
  /** Its manifest. */
  readonly file: string;
  readonly library: string;
  /** True if it computes on the CPU. */
  readonly software: boolean;
}

/** The library of an execution provider that is a separate download, and what it needs in vain. */
export interface ProviderLibrary {
  readonly path: string;
  readonly installed: boolean;
  readonly missing: readonly string[];
  /** The CUDA that it is built for, such as `13`, as far as it is known. */
  readonly cuda?: string | undefined;
}

/** Facts that decide whether a provider can be used. */
export interface MachineFacts {
  readonly platform: string;
  readonly gpus: readonly Gpu[];
  /** True if there is a device file of a GPU, or no way to tell. */
  readonly mayHaveGpu: boolean;
  readonly vulkanDrivers: readonly VulkanDriver[];
  /** Path of SwiftShader, in use or not. */
  readonly swiftshader: string | undefined;
  /** Libraries that the system's loader does not find, of those that doctor looks for. */
  readonly missingLibraries: readonly string[];
  readonly cudaLibrary: ProviderLibrary;
  /** The newest CUDA that NVIDIA's driver can run. */
  readonly driverCuda: string | undefined;
}

/** An execution provider, and whether it runs a model here. */
export interface ProbedDevice {
  readonly name: string;
  /** True if it is inside the npm package, not a separate download. */
  readonly bundled: boolean;
  readonly usable: boolean;
  /** Why it is not usable. */
  readonly reason?: string;
  /** True if it computes with 16-bit floats. */
  readonly float16: boolean;
  /** Output of the provider and its driver. */
  readonly log: string;
}

/** Verdict on a provider on a machine. */
export interface Diagnosis {
  /** Hardware that it runs on, or the reason why it cannot. */
  readonly what: string;
  /** Advice on how to make it usable. */
  readonly next?: string | undefined;
  /** True if it computes on the CPU, whatever its name. */
  readonly software?: boolean;
}

/** Verdict on a provider about which nothing but its probe is known. */
export function plainDiagnosis({ usable, reason }: ProbedDevice): Diagnosis {
  return { what: usable ? 'runs a model' : plainReason(reason) };
}

/** The GPUs that a provider runs on, as far as they are known. */
export function gpuNames({ gpus }: MachineFacts, pattern = /./): string {
  const names = gpus.filter(({ name, driver = '' }) => pattern.test(name + driver));
  return `runs on ${names.map(({ name }) => name).join(', ') || 'a GPU'}`;
}

/** The first line of onnxruntime's message, without the place in its own sources. */
export function plainReason(text = ''): string {
  const [line = ''] = text.split('\n');
  return line.replace(/^\/onnxruntime_src\/.* was false\. /, '');
}
