import type { Attributes, NodeTypes, Op } from '../ir/op.js';
import type { TensorType } from '../ir/graph.js';
import { formatShape } from '../support/shape.js';

/** What times were taken on; they hold for no other machine. */
export interface CostMachine {
  /** The processor's model. */
  readonly cpu: string;
  /** The version of onnxruntime. */
  readonly onnxruntime: string;
  /** Channels of a block in its blocked layout. */
  readonly block: number;
  /** Threads of one operator. */
  readonly threads: number;
}

/** Microseconds of each spelling of a node, by the spelling's name; `portable` is the op's own. */
export type SpellingCosts = Readonly<Record<string, number>>;

/** Measured costs of spellings on one machine: plain data, so that it can lie in a file. */
export interface CostTable {
  readonly machine: CostMachine;
  /** By `costKey`: of nodes, and of conversions from one layout to the other. */
  readonly costs: Readonly<Record<string, SpellingCosts>>;
}

/** What the costs of a node depend on: `convKernelGrad float32[8,96,56,56] ... {"groups":1}`. */
export function costKey(
  { name }: Pick<Op, 'name'>,
  attrs: Attributes,
  { inputs }: Pick<NodeTypes, 'inputs'>,
): string {
  const operands = inputs.map((type) => (type === undefined ? '-' : typeKey(type)));
  return [name, ...operands, JSON.stringify(attrs)].join(' ');
}

/** What the costs of turning a map into another layout depend on; its spellings are the layouts. */
export function conversionKey(type: TensorType): string {
  return `convert ${typeKey(type)}`;
}

function typeKey({ dtype, shape }: TensorType): string {
  return `${dtype}${formatShape(shape)}`;
}
