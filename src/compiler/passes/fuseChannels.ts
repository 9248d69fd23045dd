import type { Graph, Node, Op, Value } from '../ir/graph.js';
import { rewriteGraph, type MappedInputs } from '../ir/rewrite.js';
import {
  expandLike,
  reduceSum,
  type ExpandAttributes,
  type ReduceAttributes,
} from '../ops/broadcast.js';
import { channelAffine, channelDot } from '../ops/channels.js';
import { add, mul } from '../ops/elementwise.js';
import { shapeEquals } from '../../support/shape.js';
import { eliminateDeadCode } from './dce.js';
import { countUses } from './uses.js';

/*
 * Squeeze-and-excitation multiplies a map by a number for each channel. Its gradients are a sum over
 * pixels of a product of maps, and the map's own gradient: a product by that number plus the pooled
 * branch's, spread over the map. Both are one pass over the map where a target can do them at once.
 */

/** Joins products and sums over channels' maps into channelDot and channelAffine. */
export function fuseChannels(graph: Graph): Graph {
  const uses = countUses(graph);
  /** The operands of the one reader's producer. */
  const operands = (old: Value | undefined, made: Value | undefined, op: Op): MappedInputs =>
    old && uses.get(old) === 1 && made?.producer?.op === op ? made.producer.inputs : [];
  const fused = rewriteGraph(graph, (node, inputs) => {
    if (node.op === reduceSum) return fuseDot(node, operands(node.inputs[0], inputs[0], mul));
    if (node.op !== add) return undefined;
    for (const [i, j] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const product = operands(node.inputs[i], inputs[i], mul);
      const spread = operands(node.inputs[j], inputs[j], expandLike);
      const made = fuseAffine(product, spread[0], inputs[j]?.producer);
      if (made) return [made];
    }
    return undefined;
  });
  return eliminateDeadCode(fused);
}

function fuseDot({ attrs }: Node, [a, b]: MappedInputs): readonly Value[] | undefined {
  const { axes, keepDims } = attrs as unknown as ReduceAttributes;
  const fits = a?.rank === 4 && b && shapeEquals(a.shape, b.shape);
  return fits && keepDims && axes.join() === '2,3' ? [channelDot(a, b)] : undefined;
}

function fuseAffine(
  [x, scale]: MappedInputs,
  shift: Value | undefined,
  spread: Node | undefined,
): Value | undefined {
  const { axes = [] } = (spread?.attrs ?? {}) as ExpandAttributes;
  if (x?.rank !== 4 || !scale || !shift || axes.length > 0) return undefined;
  const rows = [...x.shape.slice(0, 2), 1, 1];
  const fits = shapeEquals(scale.shape, rows) && shapeEquals(shift.shape, rows);
  return fits ? channelAffine(x, scale, shift) : undefined;
}
