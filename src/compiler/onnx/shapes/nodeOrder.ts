import type { OnnxGraph, OnnxNode } from '../model.js';

/**
 * Nodes after the nodes whose results they read, otherwise in the order of the file: some converters
 * append theirs. The nodes of a cycle, which no valid model has, keep their order.
 */
export function inOrder(nodes: readonly OnnxNode[]): OnnxNode[] {
  const makers = new Map<string, OnnxNode>();
  for (const node of nodes)
    for (const output of node.outputs) if (output !== '') makers.set(output, node);
  const ordered = new Set<OnnxNode>();
  const begun = new Set<OnnxNode>();
  // A stack of its own: a model in reverse order is as deep as it has nodes.
  const stack = nodes.toReversed();
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    const before = begun.has(node)
      ? []
      : readBy(node)
          .map((name) => makers.get(name))
          .filter((maker) => maker !== undefined && !begun.has(maker));
    begun.add(node);
    if (before.length > 0) {
      for (const maker of before.toReversed()) if (maker) stack.push(maker);
      continue;
    }
    stack.pop();
    ordered.add(node);
  }
  return [...ordered];
}

/** Names of the values that a node reads, those that its bodies take from around them included. */
export function readBy(node: OnnxNode): string[] {
  const inner = graphsOf(node).flatMap(readFromOutside);
  return [...node.inputs, ...inner].filter((name) => name !== '');
}

/** The graphs among a node's attributes. */
export function graphsOf(node: OnnxNode): OnnxGraph[] {
  return [...node.attributes.values()].flatMap((attribute) =>
    attribute.type === 'graph' ? [attribute.value] : [],
  );
}

function readFromOutside(graph: OnnxGraph): string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const read = [...graph.nodes.flatMap(readBy), ...graph.outputs.map(({ name }) => name)];
  return read.filter((name) => !own.has(name));
}
