import { defineDevice } from './device.js';
import {
  gpuNames,
  plainReason,
  type Diagnosis,
  type MachineFacts,
  type ProbedDevice,
} from './diagnosis.js';

/**
 * An NVIDIA GPU by CUDA. Of the provider's options the Node binding hands on the number of the device
 * alone, so TF32 is on (NVIDIA_TF32_OVERRIDE=0 in the environment turns it off) and cuDNN tries all its
 * algorithms for each convolution.
 */
export const cuda = defineDevice({
  name: 'cuda',
  title: 'CUDA',
  target: 'cuda',
  autoRank: 1,
  state: 'carried',
  // It leaves what is computed of shapes to the host, as it should: there a node on the CPU is no fault.
  strict: false,
  /*
   * That of EfficientNet-B0, 85 MB each way, takes about 3 % of 16 steps of 100 ms at a rate of 4 GB/s.
   * A guess: it was never measured.
   */
  stepsPerRun: 16,
  session: {},
  halves: {},
  loadFailure: /CUDA/,
  libraries: ['libcuda.so.1', 'libcudart.so.12', 'libcudart.so.13', 'libcudnn.so.9'],
  diagnose: (probed, facts) =>
    probed.usable ? { what: gpuNames(facts, /nvidia/i) } : unusable(probed, facts),
});

/** Packages that contain a library which CUDA's provider needs. */
const libraryOwners: readonly (readonly [RegExp, string])[] = [
  [/^libcuda\.so/, "NVIDIA's driver (check that nvidia-smi works)"],
  [
    /^libcudnn/,
    'cuDNN 9 for that CUDA: apt-get install cudnn9-cuda-12, or pip install nvidia-cudnn-cu12',
  ],
  [/^lib(cublas|cudart|curand|cufft|nvrtc)/, 'the CUDA toolkit of that version'],
];

function unusable(probed: ProbedDevice, facts: MachineFacts): Diagnosis {
  const hasNvidia = facts.gpus.some(({ name }) =>
    /nvidia|geforce|quadro|tesla|rtx|gtx/i.test(name),
  );
  const { installed, missing, cuda } = facts.cudaLibrary;
  if (facts.platform !== 'linux')
    return { what: 'onnxruntime-node supports it on Linux only; use webgpu for this GPU' };
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
  const named = /(lib[\w.-]+\.so[\w.]*): cannot open shared object/.exec(probed.log)?.[1];
  const wanted = [...new Set([...missing, ...(named === undefined ? [] : [named])])];
  if (wanted.length > 0) {
    const owners = wanted.flatMap(
      (name) => libraryOwners.find(([pattern]) => pattern.test(name))?.[1] ?? [],
    );
    return {
      what: `${wanted.join(', ')} cannot be found in the library path`,
      next: `install ${[...new Set(owners)].join('; ') || wanted.join(', ')}, or add its folder to LD_LIBRARY_PATH`,
    };
  }
  if (!hasNvidia) return { what: 'no NVIDIA GPU was found', next: undefined };
  return {
    what: plainReason(probed.reason),
    next: 'check that nvidia-smi works here; in a container, start it with docker run --gpus all',
  };
}
