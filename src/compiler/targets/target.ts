import type { Attributes, Graph, NodeTypes, Op, TensorType } from '../ir/graph.js';
import type { OnDecline } from '../ir/rewrite.js';
import type { Opset, OpsetVersion } from '../../../generated/onnx/index.js';
import type { HalfType } from '../../support/dtype.js';
import type { OnnxValue } from '../../support/onnxValue.js';

/**
 * How a value lies in memory: `plain` as its shape says, or `blocked`, a map [N,C,H,W] as
 * [N,C/block,H,W,block] with its channels padded to whole blocks.
 */
export type Layout = 'plain' | 'blocked';

/**
 * The layouts in which a lowering takes its operands and gives its results; plain if one is
 * missing. `any` is an operand of which only the shape counts.
 */
export interface Layouts {
  readonly inputs?: readonly (Layout | 'any')[];
  readonly outputs?: readonly Layout[];
}

/**
 * Another lowering of a primitive on one target, by position as `lower` uses it; what it does not take falls
 * to the portable one. `override` makes it.
 */
export interface Override {
  readonly op: Op;
  /** Name in `--explain` and cost tables. */
  readonly name: string;
  readonly layouts?: Layouts;
  /** Passes over the larger map of a node that reads or writes. */
  passes(attrs: Attributes): number;
  /** Why it cannot be used here, or undefined if it can. */
  declines(attrs: Attributes, types: NodeTypes): string | undefined;
  onnx(
    b: Opset,
    inputs: readonly (OnnxValue | undefined)[],
    attrs: Attributes,
    types: NodeTypes,
  ): OnnxValue[];
}

/** Name of a lowering in cost tables and `--explain`; the op's own is `portable`. */
export function ruleName(rule: Override | undefined): string {
  return rule?.name ?? 'portable';
}

/** Additions of a target with several layouts: conversions, and the cost of work in each. */
export interface LayoutSystem {
  /** A value of `type` that lies in the other layout, turned into `to`. */
  convert(b: Opset, value: OnnxValue, type: TensorType, to: Layout): OnnxValue;
  /** Microseconds of that conversion. */
  conversionCost(type: TensorType, to: Layout): number;
  /** Microseconds of a node in a lowering; undefined for the op's own. */
  cost(op: Op, rule: Override | undefined, attrs: Attributes, types: NodeTypes): number;
  /** True if the costs of a node were measured; otherwise they are estimates. */
  measured(op: Op, attrs: Attributes, types: NodeTypes): boolean;
}

/** A way to lower the IR to ONNX: differences from the portable lowering that each op carries. */
export interface Target {
  readonly name: string;
  readonly overrides: readonly Override[];
  /** Rewrites a network before it is differentiated, to a form whose gradient costs less here. */
  readonly prepare?: (graph: Graph, onDecline?: OnDecline) => Graph;
  /** Target for graphs whose weights are constants, which onnxruntime's own optimiser handles better. */
  readonly constantWeights?: Target;
  /** Channels of a block if values may lie blocked; a graph runs only if onnxruntime has that block. */
  readonly block?: number;
  /** Joins nodes of an optimised graph into primitives that have a lowering of their own here. */
  readonly fuse?: (graph: Graph, onDecline?: OnDecline) => Graph;
  /**
   * Parameters of fewer elements are updated together, as one vector: a node costs more than the copies
   * to and fro. Default: one by one.
   */
  readonly joinBelow?: number;
  /** The hash of the table of measured costs by which lowerings are chosen (default: estimates). */
  readonly costs?: string;
  /** Layouts of values, if there are several; lowerings are then chosen for the whole graph at once. */
  readonly layouts?: LayoutSystem;
  /** Why training in a 16-bit type is refused; undefined for one that is not. */
  readonly refusesHalf?: { readonly [K in HalfType]?: string };
  /** The one opset that graphs are written for, and why (default: any). */
  readonly opset?: { readonly version: OpsetVersion; readonly reason: string };
  /** Why a dynamic batch is refused, or undefined if it is not. */
  readonly staticBatchOnly?: string;
}

/** Standard ONNX operators only. */
export const portable: Target = { name: 'portable', overrides: [] };
