import type { Graph, Value } from '../ir/graph.js';
import type { Traced } from '../trace/traceModel.js';
import { invariant } from '../../support/errors.js';

/**
 * A traced network behind a pass: the values that its record names, found again in the new graph.
 * Inputs keep their names; the rest travels as outputs, which are taken off again.
 */
export function rewriteTraced(traced: Traced, pass: (graph: Graph) => Graph): Traced {
  const { graph, logits, buffers } = traced;
  invariant(graph.outputs.length === 0, 'a traced network has no outputs yet');
  graph.output('logits', logits);
  for (const { name, updated } of buffers) if (updated) graph.output(name, updated);
  const rewritten = pass(graph);
  const outputs = new Map(rewritten.outputs.map(({ name, value }) => [name, value]));
  graph.outputs.length = 0;
  rewritten.outputs.length = 0;
  const names = new Map(graph.inputs.map(({ name, value }) => [value, name]));
  const input = (value: Value): Value => {
    const name = names.get(value) ?? '';
    const found = rewritten.findInput(name);
    invariant(found, `the pass ${pass.name} dropped input ${name}`);
    return found;
  };
  const outputOf = (name: string): Value => {
    const found = outputs.get(name);
    invariant(found, `the pass ${pass.name} dropped output ${name}`);
    return found;
  };
  return {
    ...traced,
    graph: rewritten,
    image: input(traced.image),
    logits: outputOf('logits'),
    params: traced.params.map((param) => ({ ...param, value: input(param.value) })),
    buffers: buffers.map(({ updated, ...buffer }) => ({
      ...buffer,
      value: input(buffer.value),
      ...(updated && { updated: outputOf(buffer.name) }),
    })),
    noise: traced.noise.map((noise) => ({ ...noise, value: input(noise.value) })),
  };
}
