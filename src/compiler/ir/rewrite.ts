import { InternalError, invariant } from '../../support/errors.js';
import { formatShape, shapeEquals } from '../../support/shape.js';
import { Graph, type Node, type TensorType, type Value } from './graph.js';

/** The operands of a node as they are in the new graph. */
export type MappedInputs = readonly (Value | undefined)[];

/**
 * Replaces a node by values of the new graph, one per output and of its type. Returning undefined copies
 * the node; so does a text, the reason why a rewrite meant for such nodes does not apply to this one.
 */
export type RewriteNode = (
  node: Node,
  inputs: MappedInputs,
  target: Graph,
) => readonly Value[] | string | undefined;

/** Told which node a rewrite that is meant for its like left alone, and why; `--explain` prints these. */
export type OnDecline = (node: Node, reason: string) => void;

export interface RewriteOptions {
  /** Nodes that are not dropped (default: all). */
  readonly keep?: (node: Node) => boolean;
  readonly onDecline?: OnDecline | undefined;
}

/**
 * Copies nodes in order, through `rewrite`; linear in the graph's size.
 * Inputs, also unused ones, and the names and order of outputs stay; so do origins.
 */
export function rewriteGraph(
  graph: Graph,
  rewrite: RewriteNode,
  options: RewriteOptions = {},
): Graph {
  const { target, find } = copyNodes(graph, rewrite, options);
  for (const { name, value } of graph.outputs) target.output(name, find(value));
  return target;
}

/** A graph that grows on, with values of it by name. */
export interface Continued {
  readonly graph: Graph;
  readonly results: ReadonlyMap<string, Value>;
}

/** A copy of a graph to go on with: what the graph puts out are values of the copy, by name. */
export function continueGraph(graph: Graph): Continued {
  const { target, find } = copyNodes(graph, () => undefined);
  const results = graph.outputs.map(({ name, value }) => [name, find(value)] as const);
  return { graph: target, results: new Map(results) };
}

function copyNodes(
  graph: Graph,
  rewrite: RewriteNode,
  { keep = () => true, onDecline }: RewriteOptions = {},
): { readonly target: Graph; readonly find: (value: Value) => Value } {
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
    if (!keep(node)) continue;
    const inputs = node.inputs.map((input) => input && find(input));
    target.origin = node.origin;
    const offered = rewrite(node, inputs, target);
    if (typeof offered === 'string') onDecline?.(node, offered);
    const made = typeof offered === 'object' ? offered : target.copy(node, inputs);
    for (const [i, old] of node.outputs.entries()) {
      const value = made[i];
      if (value === undefined || !sameType(old.type, value.type)) throw mismatch(node, old, value);
      mapped.set(old, value);
    }
  }
  target.origin = graph.origin;
  return { target, find };
}

/** True if element type and shape agree. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return a === b || (a.dtype === b.dtype && shapeEquals(a.shape, b.shape));
}

function mismatch(node: Node, old: Value, made: Value | undefined): InternalError {
  const format = ({ dtype, shape }: Value): string => dtype + formatShape(shape);
  return new InternalError(
    `the rewrite of ${node.op.name} puts ${made ? format(made) : 'nothing'} in the place of ${format(old)}`,
    { code: 'internal' },
  );
}
