import { invariant } from '../../support/errors.js';
import { given } from './literals.js';
import { imageRef, mapRefs, ownRef, refsOf, type LayerCall, type Obstacle } from './network.js';
import { patterns } from './patterns/index.js';
import { recogniseGroups, type CoveringNode } from './patterns/pattern.js';
import type { PlainGraph, PlainValue } from './plainGraph.js';
import { importRules } from './rules/index.js';
import { NodeReader, Refusal, type Emit } from './rules/rule.js';

/** A call before it has a name. */
export type UnnamedCall = Omit<LayerCall, 'path'>;

export type Lifted =
  | {
      readonly network: { readonly calls: readonly UnnamedCall[]; readonly output: string };
      /** What was left out. */
      readonly notes: readonly string[];
    }
  | { readonly obstacles: readonly Obstacle[] };

/** Calls of the language's layers for each node of a graph; or all that stands in the way of it. */
export function lift(graph: PlainGraph): Lifted {
  const lifting = new Lifting(graph.input);
  const outputs = graph.obstacles.length > 0 ? unreadValues(graph) : graph.outputs;
  for (const node of recogniseGroups({ ...graph, outputs }, patterns)) lifting.add(node);
  const obstacles = [...lifting.obstacles, ...graph.obstacles];
  if (obstacles.length > 0) return { obstacles };
  const output = graph.outputs.find(({ shape }) => shape.length === 2) ?? graph.outputs[0];
  invariant(output !== undefined, 'a graph without obstacles has an output');
  const ref = lifting.refOf(output);
  const others = graph.outputs.filter((other) => other !== output).map(({ name }) => name);
  const notes =
    others.length === 0
      ? []
      : [`of the file's outputs the model has ${output.name}; it leaves out ${others.join(', ')}`];
  return { network: { calls: neededCalls(lifting.calls, ref), output: ref }, notes };
}

/** Values that no node reads: the ends of a graph that an obstacle cuts off. */
function unreadValues({ nodes }: PlainGraph): readonly PlainValue[] {
  const read = new Set(
    nodes.flatMap(({ operands }) =>
      operands.flatMap((operand) => (operand?.kind === 'value' ? [operand.value.name] : [])),
    ),
  );
  const made = nodes.flatMap(({ outputs }) => outputs.filter((output) => output !== undefined));
  return made.filter(({ name }) => !read.has(name));
}

/** The calls that an output depends on. */
function neededCalls(calls: readonly UnnamedCall[], output: string): readonly UnnamedCall[] {
  const read = new Set([output]);
  const needed = calls.toReversed().filter((call) => {
    if (!read.has(call.result)) return false;
    for (const ref of refsOf(call)) read.add(ref);
    return true;
  });
  return needed.toReversed();
}

class Lifting {
  readonly calls: UnnamedCall[] = [];
  readonly obstacles: Obstacle[] = [];
  /** The refs of values of the file. */
  private readonly refs = new Map<string, string>();

  constructor(input: PlainValue) {
    this.refs.set(input.name, imageRef);
  }

  refOf({ name }: PlainValue): string {
    const ref = this.refs.get(name);
    invariant(ref !== undefined, `${name} is made before it is read`);
    return ref;
  }

  add(node: CoveringNode): void {
    const rule = node.domain === '' ? importRules[node.op] : undefined;
    try {
      if (rule === undefined) throw new Refusal('no layer does what it does');
      this.applied(node, rule);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const op = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
      this.obstacles.push({ op, node: node.name, reason: error.message });
      // What reads its outputs is looked at all the same, so that everything is told at once.
      for (const output of node.outputs) if (output) this.refs.set(output.name, output.name);
    }
  }

  private applied(node: CoveringNode, rule: (typeof importRules)[string]): void {
    const calls: UnnamedCall[] = [];
    const emit: Emit = (layer, args, { options = {}, weights = [] } = {}) => {
      const result = ownRef(`${node.name}:${calls.length}`);
      calls.push({ layer, args, options: given(options), weights, result, nodes: node.covers });
      return { ref: result };
    };
    const results = rule(new NodeReader(node, (value) => this.refOf(value)), emit);
    const equals = 'each' in results ? results.each : [results];
    const renamed = new Map<string, PlainValue>();
    for (const [i, output] of node.outputs.entries()) {
      const equal = equals[i];
      if (output === undefined || equal === undefined) continue;
      invariant('ref' in equal, `${node.name}: the output ${output.name} is a value`);
      const own = calls.some(({ result }) => result === equal.ref) && !renamed.has(equal.ref);
      if (own) renamed.set(equal.ref, output);
      this.refs.set(output.name, own ? output.name : (renamed.get(equal.ref)?.name ?? equal.ref));
    }
    this.calls.push(...calls.map((call) => withNames(call, renamed)));
  }
}

/** A call whose result, and what it reads, have the names of the file's values that they equal. */
function withNames(call: UnnamedCall, names: ReadonlyMap<string, PlainValue>): UnnamedCall {
  const own = names.get(call.result);
  const args = call.args.map((arg) => mapRefs(arg, (ref) => names.get(ref)?.name ?? ref));
  return { ...call, args, result: own?.name ?? call.result, shape: own?.shape };
}
