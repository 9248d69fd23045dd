import type { Attributes, NodeTypes, Op, TensorType } from '../ir/graph.js';
import { fingerprint } from '../../support/hash.js';
import { formatShape } from '../../support/shape.js';

/** The machine that times were taken on; they hold for no other. */
export interface CostMachine {
  /** The processor's model. */
  readonly cpu: string;
  /** The version of onnxruntime. */
  readonly onnxruntime: string;
  readonly gradus: string;
  /** Channels of a block in its blocked layout. */
  readonly block: number;
  readonly cores: number;
  /** Threads of one operator; 0 if onnxruntime chooses. */
  readonly threads: number;
}

/** Microseconds of each lowering of a node, by the lowering's name; `portable` is the op's own. */
export type RuleCosts = Readonly<Record<string, number>>;

/** Measured costs of lowerings on one machine: plain data, so that it can lie in a file. */
export interface CostTable {
  readonly machine: CostMachine;
  /** Costs by `costKey`: of nodes, and of conversions from one layout to the other. */
  readonly costs: Readonly<Record<string, RuleCosts>>;
}

/** 32 hex digits that stand for a table: equal for tables from which the same is chosen. */
export function costTableHash({ machine, costs }: CostTable): string {
  return fingerprint(JSON.stringify([machine.block, sorted(costs, (own) => sorted(own, Number))]));
}

function sorted<T>(record: Readonly<Record<string, T>>, map: (value: T) => unknown): unknown[] {
  const entries = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, value]) => [key, map(value)]);
}

/** Key of everything that a node's costs depend on: `convKernelGrad float32[8,96,56,56] ... {"groups":1}`. */
export function costKey(
  { name }: Pick<Op, 'name'>,
  attrs: Attributes,
  { inputs }: Pick<NodeTypes, 'inputs'>,
): string {
  const operands = inputs.map((type) => (type === undefined ? '-' : typeKey(type)));
  return [name, ...operands, JSON.stringify(attrs)].join(' ');
}

/** Key of everything that the cost of converting a map depends on; its lowerings are the layouts. */
export function conversionKey(type: TensorType): string {
  return `convert ${typeKey(type)}`;
}

function typeKey({ dtype, shape }: TensorType): string {
  return `${dtype}${formatShape(shape)}`;
}
