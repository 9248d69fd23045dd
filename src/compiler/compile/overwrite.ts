import type { Graph, Node, Value } from '../ir/graph.js';

/*
 * Optimizer state is overwritten in place if the graph proves that all its other readers come first; the
 * manifest says so of each output (`inPlace`).
 */

/**
 * Names of the outputs that may be written over the input that they replace: an element-wise node
 * computes them, and whoever else reads the input comes before it, whatever order a runtime takes,
 * since that node depends on it. So optimizer state and moving averages need one tensor, not two.
 * A parameter does not qualify: nothing makes its update wait for the backward pass of its layer.
 */
export function overwritable(
  graph: Graph,
  replaced: (output: string) => string | undefined,
): ReadonlySet<string> {
  const readers = readersOfInputs(graph);
  const names = graph.outputs.flatMap(({ name, value }) => {
    const input = graph.findInput(replaced(name) ?? '');
    const last = value.producer;
    if (input === undefined || last === undefined || !last.op.traits.elementwise) return [];
    const before = updatesBefore(last);
    return (readers.get(input) ?? []).every((node) => before.has(node)) ? [name] : [];
  });
  return new Set(names);
}

/** A node and those of the update that it depends on; there are a dozen for each parameter. */
function updatesBefore(last: Node): ReadonlySet<Node> {
  const found = new Set([last]);
  for (const node of found)
    for (const input of node.inputs) {
      const producer = input?.producer;
      if (producer?.origin.phase === 'update') found.add(producer);
    }
  return found;
}

function readersOfInputs(graph: Graph): ReadonlyMap<Value, Node[]> {
  const readers = new Map<Value, Node[]>(graph.inputs.map(({ value }) => [value, []]));
  for (const node of graph.nodes)
    for (const input of node.inputs) if (input) readers.get(input)?.push(node);
  return readers;
}
