import type { Attributes, NodeTypes, Op, TensorType } from '../../ir/graph.js';
import { viewOf, type NodeView } from '../../ir/op.js';
import { convInputGrad, convKernelGrad, type ConvKernelGradAttributes } from '../../ops/conv.js';
import { conversionKey, costKey, type CostTable } from '../costTable.js';
import { ruleName, type Layout, type Override } from '../target.js';
import { kernelShape, sizeOfMap, type MapSize } from './blocks.js';
import { ratesOf, type Rates } from './rates.js';
import { bandsOf } from './samples.js';

/*
 * The cost of a lowering is the time measured on the machine, if there is one, and otherwise an estimate
 * from the passes that it makes over maps, the products that it sums and the processor's rates. A node's lowerings are compared
 * by measurements only if all of them have one.
 */

/** Passes of a portable lowering of which its primitive says nothing. */
const usualPasses = 2;

/**
 * The kernel's gradient of a 1x1 convolution is best a convolution that takes pixels for channels: for
 * each sample on large maps (96 by 16 channels, 112x112: 6.6 ms, 8.8 as a product of matrices), over
 * all of them at once on small ones (672 by 112, 14x14: 3.5 against 4.7). Below so many pixels in
 * all it gains nothing (32 samples, 1152 by 192, 2x2: 1.35 against 1.1).
 */
const pixelsOfSample = 256;
const pixelsInAll = 384;

/**
 * Of products of matrices, one over the pixels of all samples takes up to five times as long as one
 * a sample on larger maps if the kernel is narrow (16 by 96 over 100,352 pixels: 8.9 against
 * 1.7 ms); on small ones the sum over samples takes longer than the product (192 by 1152 on 7x7).
 */
const pixelsAtOnce = 400;

/**
 * A depthwise convolution with a small kernel is bound by memory: weaving the phases of dx takes what
 * fewer products save (3x3: as long as with zeros between the pixels; 5x5: 20 to 30 % faster).
 */
const depthwiseTaps = 16;

/** Extra cost of a gradient's lowering on maps that it does not suit. */
const unsuited = 1.5;

/** Megabytes of a value; of a map with its channels padded to whole blocks. */
function megabytes(type: TensorType | undefined, block: number): number {
  const { batch, channels, height, width } = sizeOfMap(type);
  return (batch * Math.ceil(channels / block) * block * height * width * 4) / 1e6;
}

/** Subject and key of a look-up of costs. */
interface Facts {
  readonly block: number;
  readonly costs?: CostTable | undefined;
}

/** Microseconds of turning a map into the other layout. */
export function conversionCost(type: TensorType, to: Layout, { block, costs }: Facts): number {
  const measured = costs?.costs[conversionKey(type)]?.[to];
  return measured ?? 2 * megabytes(type, block) * ratesOf(block).pass;
}

/** Microseconds of a node in a lowering, as measured or as estimated. */
export function costOf(
  op: Op,
  rule: Override | undefined,
  attrs: Attributes,
  types: NodeTypes,
  { block, costs }: Facts,
): number {
  const measured = costs?.costs[costKey(op, attrs, types)];
  if (measured) return measured[ruleName(rule)] ?? Infinity;
  return estimate(op, rule, attrs, types, block);
}

/** True if `costOf` knows what a node costs here. */
export function isMeasured(op: Op, attrs: Attributes, types: NodeTypes, { costs }: Facts): boolean {
  return costs !== undefined && costKey(op, attrs, types) in costs.costs;
}

function estimate(
  op: Op,
  rule: Override | undefined,
  attrs: Attributes,
  types: NodeTypes,
  block: number,
): number {
  const maps = [...types.inputs, ...types.outputs].filter((type) => type?.shape.length === 4);
  const size = Math.max(0, ...maps.map((type) => megabytes(type, rule ? block : 1)));
  const passes = rule ? rule.passes(attrs) : (op.traits.passes?.(attrs) ?? usualPasses);
  const rates = ratesOf(block);
  const moved = passes * size * rates.pass;
  const misfit = !rule || suits(op, rule.name, attrs, types, block) ? 1 : unsuited;
  const kernelGrad = viewOf(convKernelGrad, { op, attrs }, types.inputs);
  if (kernelGrad === undefined || kernelGrad.attrs.groups > 1) return moved * misfit;
  const speed = speedOf(rule, kernelGrad.attrs, rates);
  const summed =
    kernelGradProducts(kernelGrad) * filling(rule, sizeOfMap(kernelGrad.inputs.dy), block);
  return (summed / speed + moved) * misfit;
}

/** Products a microsecond of a kernel's gradient. */
function speedOf(
  rule: Override | undefined,
  attrs: ConvKernelGradAttributes,
  rates: Rates,
): number {
  if (!rule && !isPointwise(attrs)) return rates.skinnyProducts;
  return rule?.name === 'blocked-shifted' ? rates.shiftedProducts : rates.products;
}

/** Products that a dense kernel's gradient over samples sums, zeros of unfilled blocks included, by those asked for. */
function filling(rule: Override | undefined, dy: MapSize, block: number): number {
  const name = rule?.name ?? '';
  const { batch, height } = dy;
  if (/^blocked-(samples|stem)$/.test(name)) return (Math.ceil(batch / block) * block) / batch;
  if (!name.endsWith('bands')) return 1;
  const { count, rows } = bandsOf(dy, block);
  return (count * rows) / height;
}

const isPointwise = ({ kernel, strides }: ConvKernelGradAttributes): boolean =>
  [...kernel, ...strides].every((v) => v === 1);

function kernelGradProducts({ inputs: { x, dy }, attrs: { kernel } }: KernelGrad): number {
  const { batch, channels, height, width } = sizeOfMap(dy);
  return batch * height * width * channels * sizeOfMap(x).channels * kernel[0] * kernel[1];
}

/** A kernel gradient, by the types of its operands. */
type KernelGrad = NodeView<readonly ['x', 'dy'], ConvKernelGradAttributes, TensorType>;

/** True if a blocked lowering of a gradient is the one for its maps. */
function suits(op: Op, rule: string, attrs: Attributes, types: NodeTypes, block: number): boolean {
  const inputGrad = viewOf(convInputGrad, { op, attrs }, types.inputs);
  if (inputGrad) {
    const { strides, groups } = inputGrad.attrs;
    const [, , kh, kw] = kernelShape(inputGrad.inputs.w);
    const few = groups > 1 && kh * kw < depthwiseTaps;
    return (rule === 'blocked-phases') === (strides.some((stride) => stride > 1) && !few);
  }
  const kernelGrad = viewOf(convKernelGrad, { op, attrs }, types.inputs);
  if (!kernelGrad?.attrs.kernel.every((v) => v === 1)) return true;
  return rule === pointwiseGradient(sizeOfMap(kernelGrad.inputs.dy), block);
}

/** The rule for a 1x1 kernel's gradient for a dy of some size. */
function pointwiseGradient({ batch, height, width }: MapSize, block: number): string {
  const pixels = height * width;
  if (pixels >= pixelsOfSample && pixels % block === 0) return 'blocked-conv-by-sample';
  if (batch * pixels >= pixelsInAll && (batch * pixels) % block === 0) return 'blocked-conv';
  return pixels <= pixelsAtOnce ? 'blocked-pixels' : 'blocked-rows';
}
