import type { TensorType } from '../../ir/graph.js';
import type { Attributes, NodeTypes, Op } from '../../ir/op.js';
import { convKernelGrad } from '../../ops/conv.js';
import { conversionKey, costKey, type CostTable } from '../costTable.js';
import type { Layout } from '../target.js';
import { sizeOfMap } from './blocks.js';

/*
 * What a spelling costs is what was measured on the machine, where it was; else an estimate by the
 * passes that it makes over maps and the products that it sums. A node's spellings are compared by
 * measurements only where all of them have one.
 */

/** Microseconds of one pass over a megabyte that reads or writes, at the memory bandwidth of the machine. */
const passMicroseconds = 40;

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

/**
 * Up to this many pixels of a map the kernel's gradient of a 1x1 convolution is best one product over
 * the pixels of all samples. On larger maps it takes up to five times as long where the kernel is
 * narrow (16 by 96 over 100,352 pixels: 8.9 against 1.7 ms); on small ones the sum over samples
 * takes longer than the product (192 by 1152 on 7x7).
 */
const pixelsAtOnce = 400;

/** What a spelling of the kernel's gradient takes more than its rivals on maps that it does not suit. */
const unsuited = 1.5;

/** Megabytes of a value; of a map with its channels padded to whole blocks. */
function megabytes(type: TensorType | undefined, block: number): number {
  const { batch, channels, height, width } = sizeOfMap(type);
  return (batch * Math.ceil(channels / block) * block * height * width * 4) / 1e6;
}

/** What costs are looked up for and by. */
interface Facts {
  readonly block: number;
  readonly costs?: CostTable | undefined;
}

/** Microseconds of turning a map into the other layout. */
export function conversionCost(type: TensorType, to: Layout, { block, costs }: Facts): number {
  const measured = costs?.costs[conversionKey(type)]?.[to];
  return measured ?? 2 * megabytes(type, block) * passMicroseconds;
}

/** Microseconds of a node in a spelling, as measured or as estimated. */
export function costOf(
  op: Op,
  spelling: string,
  attrs: Attributes,
  types: NodeTypes,
  { block, costs }: Facts,
): number {
  const measured = costs?.costs[costKey(op, attrs, types)];
  if (measured) return measured[spelling] ?? Infinity;
  return estimate(op, spelling, attrs, types, block);
}

function estimate(
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
  const moved = (isPlain ? plain : blocked) * size * passMicroseconds;
  if (op !== convKernelGrad || table !== passes) return moved;
  const speed = isPlain && !isPointwise(attrs) ? skinnyProducts : products;
  const computed = kernelGradProducts(attrs, types) / speed + moved;
  return isPlain || suits(spelling, attrs, types) ? computed : computed * unsuited;
}

const isPointwise = (attrs: Attributes): boolean =>
  [attrs['kernel'], attrs['strides']].flat().every((v) => v === 1);

function kernelGradProducts(attrs: Attributes, { inputs }: NodeTypes): number {
  const [kh = 1, kw = 1] = attrs['kernel'] as readonly number[];
  const dy = sizeOfMap(inputs[1]);
  const pixels = dy.batch * dy.height * dy.width;
  return pixels * dy.channels * sizeOfMap(inputs[0]).channels * kh * kw;
}

/** Whether a spelling of the gradient of a dense kernel is the one for its maps. */
function suits(spelling: string, attrs: Attributes, { inputs }: NodeTypes): boolean {
  const oneTap = [attrs['kernel']].flat().every((v) => v === 1);
  const { height, width } = sizeOfMap(inputs[1]);
  if (!oneTap) return true;
  return spelling === (height * width <= pixelsAtOnce ? 'blocked-pixels' : 'blocked-rows');
}
