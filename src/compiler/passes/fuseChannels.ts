import type { Graph, Value } from '../ir/graph.js';
import { viewOf, type ViewOf } from '../ir/op.js';
import { rewriteGraph, type OnDecline, type RewriteNode } from '../ir/rewrite.js';
import { expandLike, reduceSum } from '../ops/broadcast.js';
import { channelAffine, channelDot } from '../ops/channels.js';
import { add, mul } from '../ops/elementwise.js';
import { shapeEquals } from '../../support/shape.js';
import { eliminateDeadCode } from './dce.js';
import { countUses } from './uses.js';

/*
 * Squeeze-and-excitation multiplies a map by a number for each channel. Its gradients are a sum over
 * pixels of a product of maps, and the map's own gradient: a product by that number plus the pooled
 * branch's, spread over the map. Both are one pass over the map if a target can do them at once.
 */

/** Joins products and sums over channels' maps into channelDot and channelAffine. */
export function fuseChannels(graph: Graph, onDecline?: OnDecline): Graph {
  const uses = countUses(graph);
  const isShared = (value: Value | undefined): boolean =>
    value !== undefined && uses.get(value) !== 1;
  const rewrite: RewriteNode = (node, inputs) => {
    const sum = viewOf(reduceSum, node, inputs);
    if (sum) {
      const product = viewOf(mul, sum.inputs.x.producer);
      if (product === undefined) return undefined;
      return isShared(node.inputs[0]) ? 'its product has another reader' : fuseDot(sum, product);
    }
    const sides = viewOf(add, node, inputs)?.inputs;
    if (sides === undefined) return undefined;
    let declined: string | undefined;
    for (const [left, right] of [
      [sides.a, sides.b],
      [sides.b, sides.a],
    ] as const) {
      const product = viewOf(mul, left.producer);
      const spread = viewOf(expandLike, right.producer);
      if (product === undefined || spread === undefined) continue;
      if (node.inputs.some(isShared)) return 'its product or its term has another reader';
      const made = fuseAffine(product, spread);
      if (typeof made === 'object') return made;
      declined ??= made;
    }
    return declined;
  };
  return eliminateDeadCode(rewriteGraph(graph, rewrite, { onDecline }));
}

function fuseDot(
  { attrs: { axes, keepDims } }: ViewOf<typeof reduceSum>,
  { inputs: { a, b } }: ViewOf<typeof mul>,
): readonly Value[] | string {
  if (a.rank !== 4 || !shapeEquals(a.shape, b.shape)) return 'not a product of two maps';
  const overPixels = keepDims && axes.join() === '2,3';
  return overPixels ? [channelDot(a, b)] : 'not over the pixels of each channel';
}

function fuseAffine(
  { inputs: { a: x, b: scale } }: ViewOf<typeof mul>,
  { inputs: { x: shift }, attrs: { axes = [] } }: ViewOf<typeof expandLike>,
): readonly Value[] | string {
  const rows = [...x.shape.slice(0, 2), 1, 1];
  const fits =
    x.rank === 4 &&
    axes.length === 0 &&
    shapeEquals(scale.shape, rows) &&
    shapeEquals(shift.shape, rows);
  return fits
    ? [channelAffine(x, scale, shift)]
    : 'not a factor and a term for each channel of a map';
}
