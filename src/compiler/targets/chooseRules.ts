import type { Graph, Node, NodeTypes } from '../ir/graph.js';
import { groupBy } from '../../support/groupBy.js';
import { chooseLayouts } from './chooseLayouts.js';
import { ruleName, type Override, type Target } from './target.js';

/** A node with the lowerings that could take it. */
export interface Candidates {
  readonly node: Node;
  readonly types: NodeTypes;
  /** Lowerings of plain values only; undefined is the op's own, portable lowering, the last. */
  readonly plain: readonly (Override | undefined)[];
  /** Lowerings that take or give blocked values. */
  readonly blocked: readonly Override[];
  /** Why others cannot take it. */
  readonly declined: readonly string[];
}

/** The lowering of a node. */
export interface ChosenRule {
  readonly node: Node;
  readonly types: NodeTypes;
  /** undefined for the op's own, portable lowering. */
  readonly override: Override | undefined;
  /** Why others were not chosen. */
  readonly declined: readonly string[];
}

/** The lowerings of each node that a target accepts. */
export function candidatesOf(graph: Graph, target: Target): Candidates[] {
  const overrides = groupBy(target.overrides, ({ op }) => op);
  return graph.nodes.map((node) => accept(node, overrides.get(node.op) ?? []));
}

/**
 * One lowering for each node: the first that takes it, or, if values may lie in more than one
 * way, those that cost least for the whole graph.
 */
export function chooseRules(graph: Graph, target: Target): ChosenRule[] {
  const system = target.layouts;
  const open = candidatesOf(graph, target).map((candidates) => {
    const { node, types } = candidates;
    const cost = (override: Override | undefined): number =>
      system?.cost(node.op, override, node.attrs, types) ?? 0;
    return {
      candidates,
      cost,
      node,
      types,
      plain: cheapest(candidates.plain, cost),
      blocked: cheapest(candidates.blocked, cost),
    };
  });
  const inBlocks = system && chooseLayouts(graph, open, system);
  return open.map(({ candidates, cost, node, types, plain, blocked }) => {
    const override = inBlocks?.has(node) === true ? blocked : plain;
    const rivals = [...candidates.blocked, ...candidates.plain].filter((own) => own !== override);
    const how = system?.measured(node.op, node.attrs, types) === true ? 'measured' : 'estimated';
    const beaten = system
      ? rivals.map((other) => dearer(other, override, { cost, how }))
      : rivals.flatMap((other) => (other ? `${ruleName(other)} comes later` : []));
    return { node, types, override, declined: [...candidates.declined, ...beaten] };
  });
}

/** The first of those that cost least. */
function cheapest<T>(options: readonly T[], cost: (option: T) => number): T | undefined {
  const costs = options.length > 1 ? options.map(cost) : [0];
  return options[costs.indexOf(Math.min(...costs))];
}

/** Costs by which the lowerings of a node are compared. */
interface Weighing {
  readonly cost: (override: Override | undefined) => number;
  readonly how: 'measured' | 'estimated';
}

/** Why a lowering that could take a node was not chosen. */
function dearer(
  other: Override | undefined,
  chosen: Override | undefined,
  { cost, how }: Weighing,
): string {
  const name = ruleName(other);
  const [own, least] = [Math.round(cost(other)), Math.round(cost(chosen))];
  if (own === Infinity) return `${name}: not measured`;
  return own > least
    ? `${name}: ${own} microseconds, not ${least}, as ${how}`
    : `${name} would cost more here than it saves`;
}

/** The overrides that take a node, with the reasons of those that do not. */
function accept(node: Node, overrides: readonly Override[]): Candidates {
  const types: NodeTypes = {
    inputs: node.inputs.map((input) => input?.type),
    outputs: node.outputs.map((output) => output.type),
  };
  const declined: string[] = [];
  const accepted = overrides.filter((override) => {
    const reason = override.declines(node.attrs, types);
    if (reason !== undefined) declined.push(`${override.name}: ${reason}`);
    return reason === undefined;
  });
  const plain = accepted.filter(({ layouts }) => layouts === undefined);
  const blocked = accepted.filter(({ layouts }) => layouts !== undefined);
  return { node, types, plain: [...plain, undefined], blocked, declined };
}
