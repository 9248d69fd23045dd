import { invariant } from '../support/errors.js';
import { formatShape, shapeEquals } from '../support/shape.js';
import { Graph, type Node, type TensorType, type Value } from './graph.js';

/** The operands of a node as they are in the new graph. */
export type MappedInputs = readonly (Value | undefined)[];

/**
 * What takes a node's place: values of the new graph, one for each output and of its type.
 * undefined copies the node; an empty list drops it, which is right only where nothing uses it.
 */
export type RewriteNode = (
  node: Node,
  inputs: MappedInputs,
  target: Graph,
) => readonly Value[] | undefined;

/**
 * Copies a graph node by node in order, through `rewrite`; linear in its size. Inputs and the names
 * and order of outputs stay, also where nothing uses an input any more; so do origins.
 */
export function rewriteGraph(graph: Graph, rewrite: RewriteNode): Graph {
  const target = new Graph(graph.name);
  const mapped = new Map<Value, Value>();
  const find = (value: Value): Value => {
    const found = mapped.get(value);
    invariant(found, `a dropped value of ${value.producer?.op.name ?? 'an input'} is still used`);
    return found;
  };
  for (const { name, value } of graph.inputs) {
    target.origin = value.origin;
    mapped.set(value, target.input(name, value.dtype, value.shape));
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => input && find(input));
    target.origin = node.origin;
    const made = rewrite(node, inputs, target) ?? target.add(node.op, inputs, node.attrs);
    for (const [i, value] of made.entries()) {
      const old = node.outputs[i];
      invariant(old && sameType(old.type, value.type), mismatch(node, old, value));
      mapped.set(old, value);
    }
  }
  target.origin = graph.origin;
  for (const { name, value } of graph.outputs) target.output(name, find(value));
  return target;
}

/** Whether element type and shape agree. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return a === b || (a.dtype === b.dtype && shapeEquals(a.shape, b.shape));
}

function mismatch(node: Node, old: Value | undefined, made: Value): string {
  const before = old === undefined ? 'no output' : `${old.dtype}${formatShape(old.shape)}`;
  return `the rewrite of ${node.op.name} puts ${made.dtype}${formatShape(made.shape)} in the place of ${before}`;
}
