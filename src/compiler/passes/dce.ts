import type { Graph, Node, Value } from '../ir/graph.js';
import { rewriteGraph } from '../ir/rewrite.js';

/** Drops the nodes that no output needs. Inputs stay: they are the artifact's interface. */
export function eliminateDeadCode(graph: Graph): Graph {
  const live = liveNodes(graph);
  return rewriteGraph(graph, () => undefined, { keep: (node) => live.has(node) });
}

/** Backwards over the nodes: when one is reached, all its users have been. */
function liveNodes(graph: Graph): ReadonlySet<Node> {
  const live = new Set<Node>();
  const need = (value: Value | undefined): void => {
    if (value?.producer !== undefined) live.add(value.producer);
  };
  for (const { value } of graph.outputs) need(value);
  for (const node of graph.nodes.toReversed()) if (live.has(node)) node.inputs.forEach(need);
  return live;
}
