import type { TensorType } from '../../ir/graph.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { portable, type Layout, type LayoutSystem, type Target } from '../target.js';
import { fuseChannels } from '../../passes/fuseChannels.js';
import { pointwiseMoments } from '../../passes/pointwiseMoments.js';
import { Blocks, sizeOfMap } from './blocks.js';
import { costTableHash, type CostTable } from '../costTable.js';
import { convRules } from './convRules.js';
import { conversionCost, costOf, isMeasured } from './costs.js';
import { kernelGradRules } from './kernelGradRules.js';
import { mapRules } from './mapRules.js';
import { normRules } from './normRules.js';

/** Facts of a machine that the CPU target depends on. */
export interface CpuFacts {
  /** Channels of a block in onnxruntime's blocked layout: 16 with AVX-512, 8 with AVX2 or NEON; 0 if there is none. */
  readonly block: number;
  /** Times of lowerings there; estimates serve if it is missing or has none. */
  readonly costs?: CostTable | undefined;
}

/** onnxruntime's CPU provider on a machine: blocked layout, its own contributed operators. */
export function cpuTarget(facts: CpuFacts): Target {
  const { block } = facts;
  const rules = [...convRules, ...kernelGradRules, ...normRules, ...mapRules];
  const overrides = block === 0 ? [] : rules.map((rule) => rule(block));
  return {
    name: 'cpu',
    overrides,
    prepare: pointwiseMoments,
    fuse: fuseChannels,
    joinBelow: 2 ** 14,
    constantWeights: portable,
    ...(block > 0 && { block, layouts: blockedLayouts(facts) }),
    ...(block > 0 && facts.costs && { costs: costTableHash(facts.costs) }),
    refusesHalf: { float16: noHalves, bfloat16: noHalves },
    staticBatchOnly:
      'its convolutions treat samples as channels, so the batch size is part of the graph',
  };
}

const noHalves =
  'onnxruntime has no 16-bit convolution on the CPU and would insert casts around each';

function blockedLayouts(facts: CpuFacts): LayoutSystem {
  const { block } = facts;
  return {
    convert: (b, value, type, to) => convert(new Blocks(b, block), value, type, to),
    conversionCost: (type, to) => conversionCost(type, to, facts),
    cost: (op, rule, attrs, types) => costOf(op, rule, attrs, types, facts),
    measured: (op, attrs, types) => isMeasured(op, attrs, types, facts),
  };
}

function convert(k: Blocks, value: OnnxValue, type: TensorType, to: Layout): OnnxValue {
  const { channels } = sizeOfMap(type);
  if (to === 'plain') return k.b.nchwc.ReorderOutput(value, { channels });
  // The operator takes channels by fours.
  const extra = (4 - (channels % 4)) % 4;
  const fours = extra === 0 ? value : k.b.Pad(value, k.b.ints(0, 0, 0, 0, 0, extra, 0, 0));
  return k.b.nchwc.ReorderInput(fours);
}
