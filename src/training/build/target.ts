import { probeBlock } from '../../runtime/machine/probe.js';
import { cpuTarget } from '../../compiler/targets/cpu/index.js';
import { cudaTarget } from '../../compiler/targets/cuda/index.js';
import type { Manifest } from '../../contract/manifest.js';
import type { TargetName } from '../../contract/targets.js';
import { portable, type Target } from '../../compiler/targets/target.js';
import { webgpuTarget } from '../../compiler/targets/webgpu/index.js';
import { costMachine, readTunedCosts, type Costs } from './costFile.js';

/** Facts by which a target chooses. */
export interface TargetFacts {
  /** Costs of the CPU's lowerings (default: those tuned on this machine, or else estimates). */
  readonly costs?: Costs | undefined;
  /** Threads of one operator, for which costs are measured (default: onnxruntime's choice). */
  readonly threads?: number | undefined;
}

let probed: Promise<number> | undefined;

/** Channels of a block on this machine; 0 if there are none. */
export function machineBlock(): Promise<number> {
  probed ??= probeBlock();
  return probed;
}

const targets: Readonly<Record<TargetName, (facts: TargetFacts) => Target | Promise<Target>>> = {
  portable: () => portable,
  cpu: cpuOfMachine,
  webgpu: () => webgpuTarget,
  cuda: () => cudaTarget,
};

/** The target of a name, with what it must know of this machine. */
export async function resolveTarget(name: TargetName, facts: TargetFacts = {}): Promise<Target> {
  return targets[name](facts);
}

async function cpuOfMachine(facts: TargetFacts): Promise<Target> {
  const block = await machineBlock();
  const costs = facts.costs ?? readTunedCosts(costMachine(block, facts.threads));
  // Times of another layout say nothing of this one.
  if (costs === undefined || costs === 'estimated' || costs.machine.block !== block)
    return cpuTarget({ block });
  return cpuTarget({ block, costs });
}

/**
 * Notes about a run whose lowerings were chosen by rates of other processors: those that the CPU target ships
 * with are of x64 with AVX2 and with AVX-512.
 */
export function costNotes(
  { block, costs }: Pick<Manifest, 'block' | 'costs'>,
  architecture: string = process.arch,
): string[] {
  // Blocks are those of the CPU's layout alone.
  const isCounted = block !== undefined && costs === undefined;
  if (!isCounted || architecture === 'x64') return [];
  return [
    `no speeds of ${architecture} processors are known: lowerings are chosen as for one with AVX2; \`gradus tune\` measures them on this machine, for runs that begin afterwards`,
  ];
}

/** The costs by which a run that begins now chooses its lowerings. */
export async function currentCosts(threads: number | undefined): Promise<Costs> {
  return readTunedCosts(costMachine(await machineBlock(), threads)) ?? 'estimated';
}
