import type { Graph } from '../ir/graph.js';
import { viewOf } from '../ir/op.js';
import { rewriteGraph, type OnDecline, type RewriteNode } from '../ir/rewrite.js';
import { argMax, sameArgMax } from '../ops/reduce.js';
import { equal } from '../ops/shape.js';
import { eliminateDeadCode } from './dce.js';

/** Joins comparisons of two indices of largest elements into sameArgMax, which has no 64-bit integers. */
export function fuseArgMax(graph: Graph, onDecline?: OnDecline): Graph {
  const rewrite: RewriteNode = (node, inputs) => {
    const compared = viewOf(equal, node, inputs)?.inputs;
    if (compared === undefined) return undefined;
    const a = viewOf(argMax, compared.a.producer);
    const b = viewOf(argMax, compared.b.producer);
    return a && b
      ? [sameArgMax(a.inputs.x, b.inputs.x)]
      : 'it does not compare two indices of argMax';
  };
  return eliminateDeadCode(rewriteGraph(graph, rewrite, { onDecline }));
}
