import type { Attributes, NodeTypes, Op } from '../../ir/op.js';
import type { TensorType } from '../../ir/graph.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { portable, type Layout, type LayoutSystem, type Override, type Target } from '../target.js';
import { fuseChannels } from '../../passes/fuseChannels.js';
import { pointwiseMoments } from '../../passes/pointwiseMoments.js';
import { convKernelGrad } from '../../ops/conv.js';
import { Blocks, sizeOfMap } from './blocks.js';
import { convRules } from './convRules.js';
import { mapRules } from './mapRules.js';
import { normRules } from './normRules.js';
import { overrideOf } from './rule.js';

/** What the CPU target knows of a machine. */
export interface CpuFacts {
  /** Channels of a block in onnxruntime's blocked layout: 16 with AVX-512, 8 with AVX2 or NEON; 0 where there is none. */
  readonly block: number;
}

/** onnxruntime's CPU provider on a machine: blocked layout, its own contributed operators. */
export function cpuTarget({ block }: CpuFacts): Target {
  const overrides: Override[] =
    block === 0
      ? []
      : [
          ...convRules.map((rule) => overrideOf(rule as never, block)),
          ...normRules.map((rule) => overrideOf(rule as never, block)),
          ...mapRules.map((rule) => overrideOf(rule as never, block)),
        ];
  return {
    name: 'cpu',
    overrides,
    prepare: pointwiseMoments,
    fuse: fuseChannels,
    constantWeights: portable,
    ...(block > 0 && { block, layouts: blockedLayouts(block) }),
    staticBatchOnly:
      'its convolutions treat samples as channels, so their number is part of the graph',
  };
}

function blockedLayouts(block: number): LayoutSystem {
  return {
    convert: (b, value, type, to) => convert(new Blocks(b, block), value, type, to),
    conversionCost: (type) => 2 * megabytes(type, block) * microseconds,
    cost: (op, spelling, attrs, types) => costOf(op, spelling, attrs, types, block),
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

/** Of one pass over a megabyte that reads or writes, at the memory bandwidth of the machine. */
const microseconds = 40;

function megabytes(type: TensorType | undefined, block: number): number {
  const { batch, channels, height, width } = sizeOfMap(type);
  return (batch * Math.ceil(channels / block) * block * height * width * 4) / 1e6;
}

/** Passes over the larger map of a node, by operator: in the portable spelling, and over blocked maps. */
const passes: Readonly<Record<string, readonly [plain: number, blocked: number]>> = {
  batchNormTrain: [9, 6],
  batchNormGrad: [14, 8],
  conv: [2, 2],
  convInputGrad: [2, 2],
  convKernelGrad: [3, 5],
  channelMoments: [4, 5],
  channelDot: [4, 2],
  reduceMean: [1, 1],
  reduceSum: [1, 1],
};
const depthwisePasses: typeof passes = {
  conv: [8, 3],
  convInputGrad: [8, 3],
  convKernelGrad: [16, 3],
};

/** Products a microsecond of a convolution or matrix product, and of one with nine columns. */
const products = 1e5;
const skinnyProducts = 1e4;

const isPointwise = (attrs: Attributes): boolean =>
  [attrs['kernel'], attrs['strides']].flat().every((v) => v === 1);

function kernelGradProducts(attrs: Attributes, { inputs }: NodeTypes): number {
  const [kh = 1, kw = 1] = attrs['kernel'] as readonly number[];
  const dy = sizeOfMap(inputs[1]);
  const pixels = dy.batch * dy.height * dy.width;
  return pixels * dy.channels * sizeOfMap(inputs[0]).channels * kh * kw;
}

function costOf(
  op: Op,
  spelling: string,
  attrs: Attributes,
  types: NodeTypes,
  block: number,
): number {
  const maps = [...types.inputs, ...types.outputs].filter((type) => type?.shape.length === 4);
  const isPlain = spelling === 'portable';
  const size = Math.max(0, ...maps.map((type) => megabytes(type, isPlain ? 1 : block)));
  const table = Number(attrs['groups'] ?? 1) > 1 ? depthwisePasses : passes;
  const [plain, blocked] = table[op.name] ?? [2, 2];
  if (op === convKernelGrad && table === passes) {
    const speed = isPlain && !isPointwise(attrs) ? skinnyProducts : products;
    return (
      kernelGradProducts(attrs, types) / speed + (isPlain ? plain : blocked) * size * microseconds
    );
  }
  return (isPlain ? plain : blocked) * size * microseconds;
}
