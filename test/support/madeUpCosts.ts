import { costMachine } from '../../src/training/build/costFile.js';
import { machineBlock } from '../../src/training/build/target.js';
import { tracedStep, type TuneOptions } from '../../src/tools/measure/tune/tuneModel.js';
import { workloadsOf } from '../../src/tools/measure/tune/workloads.js';
import type { Model } from '../../src/language/nn/index.js';
import { fnv1a32 } from '../../src/support/hash.js';
import type { CostTable } from '../../src/compiler/targets/costTable.js';
import { cpuTarget } from '../../src/compiler/targets/cpu/index.js';

/** A table for a model's training step that says anything at all: by chance, but the same for a seed. */
export async function madeUpCosts(
  model: Model,
  seed: number,
  options: TuneOptions = {},
): Promise<CostTable> {
  const block = await machineBlock();
  const { graphs } = await tracedStep(model, options, 'estimated');
  const workloads = workloadsOf([...graphs.values()], cpuTarget({ block }));
  const costs = workloads.map(({ key, lowerings }) => {
    const own = lowerings.map(({ name }) => [name, 1 + (fnv1a32(`${seed} ${key} ${name}`) % 100)]);
    return [key, Object.fromEntries(own) as Readonly<Record<string, number>>] as const;
  });
  return { machine: costMachine(block), costs: Object.fromEntries(costs) };
}
