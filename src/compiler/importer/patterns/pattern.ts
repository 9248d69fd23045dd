import { numbersOf } from '../../../support/tensor.js';
import { singleNumber } from '../rules/rule.js';
import type { Operand, PlainGraph, PlainNode, PlainValue } from '../plainGraph.js';

/** A node, and the names of the nodes that it stands for. */
export interface CoveringNode extends PlainNode {
  readonly covers: readonly string[];
}

/** What several nodes together are: an operator of a newer version, which has the last one's output. */
export interface Recognised {
  readonly op: string;
  readonly operands: readonly (Operand | undefined)[];
  readonly attributes?: PlainNode['attributes'];
  /** The nodes that it stands for beside the last. */
  readonly inner: readonly PlainNode[];
}

/** Looks whether a node is the last of a known group. */
export interface Pattern {
  /** Operators of the group's last node. */
  readonly ends: readonly string[];
  readonly match: (last: PlainNode, graph: Surroundings) => Recognised | undefined;
}

/** Finds what makes a value and how often it is read. */
export class Surroundings {
  private readonly makers = new Map<string, PlainNode>();
  private readonly uses = new Map<string, number>();

  constructor(nodes: readonly PlainNode[], outputs: readonly PlainValue[]) {
    for (const node of nodes) {
      for (const output of node.outputs) if (output) this.makers.set(output.name, node);
      for (const operand of node.operands)
        if (operand?.kind === 'value') this.count(operand.value.name);
    }
    for (const { name } of outputs) this.count(name);
  }

  private count(name: string): void {
    this.uses.set(name, (this.uses.get(name) ?? 0) + 1);
  }

  /** The node of one of some operators that makes an operand. */
  maker(operand: Operand | undefined, ...ops: readonly string[]): PlainNode | undefined {
    if (operand?.kind !== 'value') return undefined;
    const node = this.makers.get(operand.value.name);
    return node !== undefined && node.domain === '' && ops.includes(node.op) ? node : undefined;
  }

  /** How many operands and outputs of the graph are this value. */
  usesOf(operand: Operand | undefined): number {
    return operand?.kind === 'value' ? (this.uses.get(operand.value.name) ?? 0) : 0;
  }

  /** Nodes that make a value, those of its operands' and so on, as far as `within`. */
  isOnlyUsedBy(node: PlainNode, uses: number): boolean {
    const [output] = node.outputs;
    return output !== undefined && (this.uses.get(output.name) ?? 0) === uses;
  }
}

export function sameOperand(a: Operand | undefined, b: Operand | undefined): boolean {
  return a?.kind === 'value' && b?.kind === 'value' && a.value.name === b.value.name;
}

/** The number that a constant operand of one element holds. */
export function numberOf(operand: Operand | undefined): number | undefined {
  return operand?.kind === 'constant' ? singleNumber(operand.constant.tensor) : undefined;
}

/** All numbers of a constant operand. */
export function numbersIn(operand: Operand | undefined): readonly number[] | undefined {
  return operand?.kind === 'constant' ? [...numbersOf(operand.constant.tensor)] : undefined;
}

/** True if a constant operand is this number, but for the rounding of float32. */
export function isNumber(operand: Operand | undefined, wanted: number): boolean {
  const found = numberOf(operand);
  return found !== undefined && Math.abs(found - wanted) <= 1e-6 * Math.abs(wanted);
}

/** The two operands of a commutative node with the one that satisfies a condition first. */
export function arranged(
  { operands: [a, b] }: PlainNode,
  isFirst: (operand: Operand | undefined) => boolean,
): readonly [Operand | undefined, Operand | undefined] | undefined {
  if (isFirst(a)) return [a, b];
  return isFirst(b) ? [b, a] : undefined;
}

/** A graph's nodes with each known group as one node, and without the nodes that only groups needed. */
export function recogniseGroups(
  { nodes, outputs }: Pick<PlainGraph, 'nodes' | 'outputs'>,
  patterns: readonly Pattern[],
): readonly CoveringNode[] {
  let found: readonly CoveringNode[] = nodes.map((node) => ({ ...node, covers: [node.name] }));
  for (const pattern of patterns)
    found = withoutUnread(recognise(found, outputs, pattern), outputs);
  return found;
}

function recognise(
  nodes: readonly CoveringNode[],
  outputs: readonly PlainValue[],
  { ends, match }: Pattern,
): readonly CoveringNode[] {
  const graph = new Surroundings(nodes, outputs);
  const coversOf = new Map<PlainNode, readonly string[]>(nodes.map((node) => [node, node.covers]));
  return nodes.map((node) => {
    if (node.domain !== '' || !ends.includes(node.op)) return node;
    const group = match(node, graph);
    if (group === undefined) return node;
    const { op, operands, attributes = new Map(), inner } = group;
    const covers = [...inner.flatMap((one) => coversOf.get(one) ?? []), ...node.covers];
    return { ...node, op, operands, attributes, covers };
  });
}

function withoutUnread(
  nodes: readonly CoveringNode[],
  outputs: readonly PlainValue[],
): readonly CoveringNode[] {
  const read = new Set(outputs.map(({ name }) => name));
  const kept: CoveringNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => output && read.has(output.name))) continue;
    kept.push(node);
    for (const operand of node.operands)
      if (operand?.kind === 'value') read.add(operand.value.name);
  }
  return kept.toReversed();
}
