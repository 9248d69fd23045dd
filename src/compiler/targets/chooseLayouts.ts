import type { Graph, Node, NodeTypes, Value } from '../ir/graph.js';
import { MinCut } from './minCut.js';
import type { Layout, LayoutSystem, Override } from './target.js';

/*
 * A target can lay values out in its own way. `targets/cpu` writes onnxruntime's blocked layout by hand,
 * [N,C/16,H,W,16], because onnxruntime's optimiser uses it for constant weights only, so never in training.
 * Layout belongs to the graph, not to a layer: each rule says in which layout it takes and returns its
 * operands, and a minimum cut parts the nodes into blocked and plain ones, so that kernels and conversions
 * together cost least. `lower` inserts a conversion where a value is wanted in the other layout, once. The block
 * size is the machine's: `runtime/machine/probe` asks onnxruntime, and the manifest records it.
 */

/** The two lowerings of a node between which its layout decides. */
export interface LayoutCandidates {
  readonly node: Node;
  readonly types: NodeTypes;
  /** Works on plain values only; undefined is the portable lowering. */
  readonly plain: Override | undefined;
  /** Takes or gives blocked values. */
  readonly blocked: Override | undefined;
}

/** More than any sum of costs, and still a number to reckon with. */
const never = 1e12;

/*
 * Each node is plain or blocked. It costs what its lowering costs, and a value whose producer and
 * consumers disagree costs one conversion, however many of them want it. The cheapest assignment is
 * a minimum cut (Greig, Porteous and Seheult, J. R. Stat. Soc. B 51, 1989): blocked nodes are on the
 * source's side. A value has two helpers, so that its conversion is paid once: `out` is cut where
 * a blocked producer has a plain consumer, `back` where a plain producer has a blocked consumer.
 */

/** The nodes to lower in their blocked candidate so that the whole graph costs least. */
export function chooseLayouts(
  graph: Graph,
  candidates: readonly LayoutCandidates[],
  system: LayoutSystem,
): ReadonlySet<Node> {
  const cut = new MinCut();
  const [source, sink] = [cut.node(), cut.node()];
  const open = new Map<Node, { readonly id: number; readonly blocked: Override }>();
  for (const { node, types, plain, blocked } of candidates) {
    if (blocked === undefined) continue;
    const id = cut.node();
    open.set(node, { id, blocked });
    cut.edge(source, id, system.cost(node.op, plain, node.attrs, types));
    cut.edge(id, sink, system.cost(node.op, blocked, node.attrs, types));
  }
  /** The node of the network whose side is that of a value's producer or of one of its readers. */
  const sideOf = (
    node: Node | undefined,
    index: number,
    end: 'inputs' | 'outputs',
  ): number | undefined => {
    const found = node && open.get(node);
    const layout = layoutOf(found?.blocked, end, index);
    return layout === 'any' ? undefined : found && layout === 'blocked' ? found.id : sink;
  };
  for (const [value, readers] of readersOf(graph)) {
    const producer = sideOf(value.producer, value.outputIndex, 'outputs') ?? sink;
    const wanted = readers.map(({ node, index }) => sideOf(node, index, 'inputs'));
    const sides = new Set(wanted.filter((side) => side !== undefined));
    if (producer === sink && [...sides].every((side) => side === sink)) continue;
    if (producer !== sink) {
      const out = cut.node();
      cut.edge(producer, out, system.conversionCost(value.type, 'plain'));
      for (const side of sides) cut.edge(out, side, never);
    }
    const back = cut.node();
    cut.edge(back, producer, system.conversionCost(value.type, 'blocked'));
    for (const side of sides) if (side !== sink) cut.edge(side, back, never);
  }
  const chosen = cut.solve(source, sink);
  return new Set([...open].flatMap(([node, { id }]) => (chosen.has(id) ? [node] : [])));
}

/** The layout of an operand or result in a lowering. */
export function layoutOf(
  lowering: Override | undefined,
  end: 'inputs' | 'outputs',
  index: number,
): Layout | 'any' {
  return lowering?.layouts?.[end]?.[index] ?? 'plain';
}

interface Reader {
  /** undefined for an output of the graph. */
  readonly node: Node | undefined;
  readonly index: number;
}

function readersOf(graph: Graph): Map<Value, Reader[]> {
  const readers = new Map<Value, Reader[]>();
  const read = (value: Value | undefined, reader: Reader): void => {
    if (value?.rank !== 4) return;
    const list = readers.get(value);
    if (list) list.push(reader);
    else readers.set(value, [reader]);
  };
  for (const node of graph.nodes)
    node.inputs.forEach((value, index) => read(value, { node, index }));
  for (const { value } of graph.outputs) read(value, { node: undefined, index: 0 });
  return readers;
}
