import type { Graph, Node, Value } from '../ir/graph.js';
import { rewriteGraph, type MappedInputs, type OnDecline } from '../ir/rewrite.js';
import { after } from '../ops/after.js';
import { invariant } from '../../support/errors.js';
import { staticDim, type Shape } from '../../support/shape.js';

/*
 * Gradient checkpointing (arXiv 1604.06174): the forward pass keeps the maps at the borders of
 * segments, and the backward pass computes those inside a segment again when it comes to it. A border
 * is where one map alone is alive, as between the blocks of a network. The last segment is kept, since the
 * backward pass starts with it. What is computed again is the same to the last bit; small values, such as batch statistics, are kept.
 *
 * A runtime is free to compute the copies early, and then nothing is won. So the map at the border
 * goes through `after`, with the gradient that the backward pass has reached as token.
 *
 * Recomputation is forced by data. With `checkpointing` this pass copies forward nodes into the backward pass,
 * behind an op `after` that makes a map wait for a gradient (by its shape alone), so that no runtime computes
 * the copies early.
 */

/** Makes the backward pass compute the maps inside segments of the forward pass again; after autodiff. */
export function recomputeBlocks(graph: Graph, onDecline?: OnDecline): Graph {
  const segments = segmentsOf(graph, onDecline);
  const made = new Map<Value, Value>();
  const copies = new Map<Value, Value>();
  const tokens = new Map<number, Value>();
  const find = (value: Value): Value => {
    const found = made.get(value);
    invariant(found, 'a value is used before it is made');
    return found;
  };

  /** A value of the forward pass as the backward pass reads it. */
  const again = (value: Value, token: Value): Value => {
    const { producer } = value;
    if (producer === undefined || !segments.has(value)) return find(value);
    const known = copies.get(value);
    if (known !== undefined) return known;
    const segment = segments.get(value);
    const inputs = producer.inputs.map((input) => {
      if (input === undefined) return undefined;
      if (segments.has(input) && segments.get(input) === segment) return again(input, token);
      return isMap(input.shape) ? after(find(input), token) : find(input);
    });
    const results = token.graph.copy(producer, inputs);
    producer.outputs.forEach((output, i) => {
      const copy = results[i];
      if (copy && isMap(output.shape)) copies.set(output, copy);
    });
    return copies.get(value) ?? find(value);
  };

  return rewriteGraph(graph, (node, inputs, target) => {
    if (made.size === 0)
      graph.inputs.forEach(({ value }, i) => made.set(value, target.inputs[i]?.value ?? value));
    const operands = isForward(node) ? inputs : readAgain(node, inputs);
    const results = target.copy(node, operands);
    node.outputs.forEach((output, i) => made.set(output, results[i] ?? output));
    return results;
  });

  function readAgain(node: Node, inputs: MappedInputs): MappedInputs {
    const reached = inputs.findLast((_, i) => {
      const producer = node.inputs[i]?.producer;
      return producer && !isForward(producer) && (node.inputs[i]?.rank ?? 0) > 0;
    });
    return inputs.map((input, i) => {
      const segment = segments.get(node.inputs[i] as Value);
      if (segment === undefined) return input;
      if (reached && !tokens.has(segment)) tokens.set(segment, reached);
      const token = tokens.get(segment);
      return token ? again(node.inputs[i] as Value, token) : input;
    });
  }
}

const isForward = ({ origin }: Node): boolean => origin.phase === 'forward';

/** True if a value has more than one number for each channel of a sample. */
function isMap(shape: Shape): boolean {
  return shape.length > 2 && shape.slice(2).some((dim) => typeof dim !== 'number' || dim > 1);
}

/** Numbers of a map, for one sample. */
const sizeOfSample = ({ shape }: Value): number =>
  shape.slice(1).reduce<number>((size, dim) => size * staticDim(dim), 1);

/** The segment of each map inside one, counted from 0; without the last segment and the borders. */
function segmentsOf(graph: Graph, onDecline?: OnDecline): Map<Value, number> {
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const nodes = graph.nodes.filter(isForward);
  const maps = nodes.map(({ outputs }) =>
    outputs.filter((value) => isMap(value.shape) && read.has(value)),
  );
  const ends = new Set(chooseBorders(bordersOf(nodes, maps), maps));
  const segments = new Map<Value, number>();
  let own: Value[] = [];
  let segment = 0;
  const keep = ({ producer }: Value, reason: string): void => {
    if (producer) onDecline?.(producer, reason);
  };
  for (const map of maps.flat()) {
    if (!ends.has(map)) {
      own.push(map);
      continue;
    }
    for (const inner of own) segments.set(inner, segment);
    keep(map, 'it is a border, from which a segment is computed again');
    segment++;
    own = [];
  }
  for (const map of own)
    keep(map, 'it is in the last segment, with which the backward pass begins');
  return segments;
}

/**
 * The borders to keep: about as many as the root of their number, so far apart that each segment has
 * a like share of the numbers, and of those in reach the smallest, such as the narrow end of a block.
 */
function chooseBorders(borders: ReadonlySet<Value>, maps: readonly (readonly Value[])[]): Value[] {
  const sizes = maps.flat().map((map) => ({ map, size: sizeOfSample(map) }));
  const total = sizes.reduce((sum, { size }) => sum + size, 0);
  const share = total / Math.max(2, Math.round(Math.sqrt(borders.size)));
  const chosen: Value[] = [];
  let [made, start] = [0, 0];
  let best: { readonly map: Value; readonly size: number; readonly end: number } | undefined;
  for (const { map, size } of sizes) {
    made += size;
    const inside = made - start;
    if (borders.has(map) && inside >= share / 2 && (best === undefined || size <= best.size))
      best = { map, size, end: made };
    if (best === undefined || inside < share) continue;
    chosen.push(best.map);
    start = best.end;
    best = undefined;
  }
  return chosen;
}

/** Maps after which none but them is alive. */
function bordersOf(nodes: readonly Node[], maps: readonly (readonly Value[])[]): Set<Value> {
  const lastUse = new Map<Value, number>();
  nodes.forEach(({ inputs }, i) => {
    for (const input of inputs) if (input) lastUse.set(input, i);
  });
  const alive = new Set<Value>();
  const borders = new Set<Value>();
  for (const [i, outputs] of maps.entries()) {
    for (const map of outputs) if ((lastUse.get(map) ?? -1) > i) alive.add(map);
    for (const map of alive) if ((lastUse.get(map) ?? -1) <= i) alive.delete(map);
    const [only] = alive;
    if (alive.size === 1 && only !== undefined && outputs.includes(only)) borders.add(only);
  }
  return borders;
}
