import type { Graph, Value } from '../../src/compiler/ir/graph.js';
import { invariant } from '../../src/support/errors.js';

/** An input or a result of a graph. */
export function namedValue(graph: Graph, name: string): Value {
  const output = graph.outputs.find((own) => own.name === name);
  const found = graph.findInput(name) ?? output?.value;
  invariant(found, `${graph.name} has no ${name}`);
  return found;
}
