import type { Graph } from '../ir/graph.js';
import { rewriteGraph } from '../ir/rewrite.js';
import { argMax, sameArgMax } from '../ops/reduce.js';
import { equal } from '../ops/shape.js';
import { eliminateDeadCode } from './dce.js';

/** Joins comparisons of two indices of largest elements into sameArgMax, which has no 64-bit integers. */
export function fuseArgMax(graph: Graph): Graph {
  const fused = rewriteGraph(graph, ({ op }, inputs) => {
    if (op !== equal) return undefined;
    const [a, b] = inputs.map((input) =>
      input?.producer?.op === argMax ? input.producer.inputs[0] : undefined,
    );
    return a && b && [sameArgMax(a, b)];
  });
  return eliminateDeadCode(fused);
}
