import type { OnnxNode } from '../../../compiler/onnx/model.js';

/**
 * The order in which onnxruntime executes nodes: depth first from the nodes whose results no other
 * node reads, the last of them in the file first, and of a node's producers the last first.
 */
export function executionOrder(nodes: readonly OnnxNode[]): OnnxNode[] {
  const producers = producersOf(nodes);
  const read = new Set(producers.flat());
  const stack = nodes.flatMap((_, i) => (read.has(i) ? [] : [{ node: i, leave: false }]));
  const seen = new Set<number>();
  const order: OnnxNode[] = [];
  for (let entry; (entry = stack.pop());) {
    const { node, leave } = entry;
    const own = nodes[node];
    if (leave && own) order.push(own);
    if (leave || seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, leave: true });
    for (const producer of producers[node] ?? [])
      if (!seen.has(producer)) stack.push({ node: producer, leave: false });
  }
  return order;
}

/** Indices of the nodes whose results each node reads, ascending. */
function producersOf(nodes: readonly OnnxNode[]): number[][] {
  const makers = new Map<string, number>();
  nodes.forEach(({ outputs }, i) => {
    for (const output of outputs) makers.set(output, i);
  });
  return nodes.map(({ inputs }) => {
    const found = inputs.flatMap((input) => makers.get(input) ?? []);
    return [...new Set(found)].sort((a, b) => a - b);
  });
}
