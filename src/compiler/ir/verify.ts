import { InternalError } from '../../support/errors.js';
import { formatShape } from '../../support/shape.js';
import type { Graph, Node, TensorType, Value } from './graph.js';
import { formatSite } from './origin.js';
import { sameType } from './rewrite.js';

/**
 * Checks that a graph is a program: every value is defined once and before it is used, belongs to
 * this graph, and has the type that its op infers; names of inputs and of outputs are unique, and
 * outputs are defined. Throws an InternalError that names the node.
 */
export function verifyGraph(graph: Graph): void {
  const defined = new Set<Value>();
  const ids = new Set<number>();
  const define = (value: Value, what: string): void => {
    if (value.graph !== graph) fail(graph, `${what} belongs to another graph`);
    if (defined.has(value) || ids.has(value.id)) fail(graph, `${what} is defined twice`);
    defined.add(value);
    ids.add(value.id);
  };
  const names = new Set<string>();
  for (const { name, value } of graph.inputs) {
    if (names.has(name)) fail(graph, `input ${name} is declared twice`);
    names.add(name);
    if (value.producer !== undefined) fail(graph, `input ${name} is computed by a node`);
    define(value, `input ${name}`);
  }
  for (const [at, node] of graph.nodes.entries()) {
    const what = describeNode(node, at);
    for (const [i, input] of node.inputs.entries()) {
      if (input === undefined) continue;
      const operand = `${what}: operand ${node.op.inputName(i)}`;
      if (input.graph !== graph) fail(graph, `${operand} belongs to another graph`);
      if (!defined.has(input)) fail(graph, `${operand} is used before it is defined`);
    }
    checkTypes(graph, node, what);
    for (const [i, output] of node.outputs.entries()) {
      if (output.producer !== node || output.outputIndex !== i)
        fail(graph, `${what}: output ${i} names another producer`);
      define(output, `${what}: output ${i}`);
    }
  }
  checkOutputs(graph, defined);
}

function checkTypes(graph: Graph, node: Node, what: string): void {
  const types = inferTypes(graph, node, what);
  if (types.length !== node.outputs.length)
    fail(graph, `${what}: has ${node.outputs.length} outputs, its op gives ${types.length}`);
  for (const [i, type] of types.entries()) {
    const held = node.outputs[i]?.type;
    if (held === undefined || !sameType(held, type))
      fail(
        graph,
        `${what}: output ${i} is ${held ? format(held) : 'missing'}, not ${format(type)}`,
      );
  }
}

function inferTypes(graph: Graph, node: Node, what: string): TensorType[] {
  try {
    return node.op.inferTypes(
      node.inputs.map((input) => input?.type),
      node.attrs,
    );
  } catch (error) {
    return fail(graph, `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function checkOutputs(graph: Graph, defined: ReadonlySet<Value>): void {
  const names = new Set<string>();
  for (const { name, value } of graph.outputs) {
    if (names.has(name)) fail(graph, `output ${name} is named twice`);
    names.add(name);
    if (!defined.has(value)) fail(graph, `output ${name} is not defined`);
  }
}

/** `node 12, conv (blocks.0.conv_pw, my.model.ts:31:14)` */
function describeNode(node: Node, at: number): string {
  const { scope, site } = node.origin;
  const from = [scope, site === undefined ? '' : formatSite(site)].filter((part) => part !== '');
  return `node ${at}, ${node.op.name}${from.length === 0 ? '' : ` (${from.join(', ')})`}`;
}

function format({ dtype, shape }: TensorType): string {
  return dtype + formatShape(shape);
}

function fail(graph: Graph, message: string, cause?: unknown): never {
  throw new InternalError(`graph ${graph.name}: ${message}`, { code: 'invalid-graph', cause });
}
