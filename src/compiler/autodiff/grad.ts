import type { Graph, Node, Value } from '../ir/graph.js';
import { add } from '../ops/elementwise.js';
import { expandLike } from '../ops/broadcast.js';
import { scalarLike } from '../ops/constant.js';
import { dtypes } from '../../support/dtype.js';
import { InternalError } from '../../support/errors.js';

/**
 * Reverse-mode differentiation: adds nodes that compute the gradient of `loss` (the sum of its
 * elements) with respect to each of `wrt`, and returns those values in order; undefined if the
 * loss does not depend on one. Only nodes between `wrt` and the loss get gradient nodes, so a
 * frozen parameter costs nothing. Each node keeps the origin of the forward node it belongs to.
 */
export function grad(graph: Graph, loss: Value, wrt: readonly Value[]): (Value | undefined)[] {
  const dependent = dependentValues(graph, wrt);
  const grads = new Map<Value, Value>();
  if (dependent.has(loss)) grads.set(loss, expandLike(scalarLike(loss, 1), loss, {}));
  // The tape is fixed before the sweep, which itself appends nodes.
  const tape = graph.nodes.slice();
  for (const node of tape.reverse()) {
    const outputGrads = node.outputs.map((output) => grads.get(output));
    if (outputGrads.every((g) => g === undefined)) continue;
    if (!node.inputs.some((input) => input && dependent.has(input))) continue;
    graph.within({ ...node.origin, phase: 'backward' }, () => {
      sweep(node, outputGrads, dependent, grads);
    });
  }
  return wrt.map((value) => grads.get(value));
}

function sweep(
  node: Node,
  outputGrads: readonly (Value | undefined)[],
  dependent: ReadonlySet<Value>,
  grads: Map<Value, Value>,
): void {
  if (node.op.gradient === undefined)
    throw new InternalError(`${node.op.name} has no gradient rule, and the loss depends on it`, {
      code: 'no-gradient',
    });
  node.op.gradient(node, outputGrads).forEach((inputGrad, i) => {
    const input = node.inputs[i];
    if (inputGrad === undefined || input === undefined || !dependent.has(input)) return;
    const sum = grads.get(input);
    grads.set(input, sum === undefined ? inputGrad : add(sum, inputGrad));
  });
}

/** Values of a floating type that depend on any of `wrt`. */
function dependentValues(graph: Graph, wrt: readonly Value[]): Set<Value> {
  const dependent = new Set(wrt);
  for (const node of graph.nodes)
    if (node.inputs.some((input) => input && dependent.has(input)))
      for (const output of node.outputs) if (dtypes[output.dtype].floating) dependent.add(output);
  return dependent;
}
