import { probeBlock } from '../runtime/probe.js';
import { cpuTarget } from '../targets/cpu/index.js';
import { portable, type Target } from '../targets/target.js';
import { webgpuTarget } from '../targets/webgpu/index.js';

/** What graphs can be spelled for: any runtime, or a provider of onnxruntime; its CPU provider's on this machine. */
export const targetNames = ['portable', 'cpu', 'webgpu'] as const;

export type TargetName = (typeof targetNames)[number];

let block: Promise<number> | undefined;

/** The target of a name, with what it must know of this machine. */
export async function resolveTarget(name: TargetName): Promise<Target> {
  if (name === 'portable') return portable;
  if (name === 'webgpu') return webgpuTarget;
  block ??= probeBlock();
  return cpuTarget({ block: await block });
}
