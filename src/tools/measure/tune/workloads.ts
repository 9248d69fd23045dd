import type { Graph, TensorType } from '../../../compiler/ir/graph.js';
import { GraphBuilder } from '../../../compiler/onnx/builder.js';
import type { OnnxModel } from '../../../compiler/onnx/model.js';
import type { Opset } from '../../../../generated/onnx/index.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import type { DType } from '../../../support/dtype.js';
import { invariant } from '../../../support/errors.js';
import { layoutOf } from '../../../compiler/targets/chooseLayouts.js';
import { candidatesOf, type Candidates } from '../../../compiler/targets/chooseRules.js';
import { conversionKey, costKey } from '../../../compiler/targets/costTable.js';
import {
  ruleName,
  type Layout,
  type Override,
  type Target,
} from '../../../compiler/targets/target.js';

/** A tensor that a small model takes. */
export interface WorkloadInput {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** One way to do a piece of work. */
export interface LoweredWork {
  /** As in a cost table. */
  readonly name: string;
  readonly inputs: readonly WorkloadInput[];
  /** A model that does the work so many times; its outputs are the shapes of the results. */
  build(copies: number): OnnxModel;
}

/** A piece of work that can be done in several ways: a node, or the conversion of a map. */
export interface Workload {
  /** As in a cost table. */
  readonly key: string;
  readonly lowerings: readonly LoweredWork[];
}

/** All that a target has a choice about in some graphs, each kind of node once. */
export function workloadsOf(graphs: readonly Graph[], target: Target): Workload[] {
  const found = new Map<string, Workload>();
  const add = (key: string, lowerings: () => LoweredWork[]): void => {
    if (!found.has(key)) found.set(key, { key, lowerings: lowerings() });
  };
  for (const graph of graphs)
    for (const candidates of candidatesOf(graph, target)) {
      const { node, types, plain, blocked } = candidates;
      if (plain.length + blocked.length < 2) continue;
      add(costKey(node.op, node.attrs, types), () => loweringsOf(candidates, target));
      for (const type of [...types.inputs, ...types.outputs])
        if (type?.shape.length === 4 && type.dtype === 'float32')
          add(conversionKey(type), () => conversionsOf(type, target));
    }
  return [...found.values()];
}

function loweringsOf({ node, types, plain, blocked }: Candidates, target: Target): LoweredWork[] {
  return [...blocked, ...plain].map((override) => ({
    name: ruleName(override),
    ...spelled(
      types.inputs.map((type, i) => type && { type, layout: layoutIn(override, i) }),
      target,
      (b, inputs) => (override ?? node.op).onnx(b, inputs, node.attrs, types),
    ),
  }));
}

function layoutIn(override: Override | undefined, index: number): Layout {
  const layout = layoutOf(override, 'inputs', index);
  return layout === 'any' ? 'plain' : layout;
}

/** A conversion is called by the layout that it leads to. */
function conversionsOf(type: TensorType, target: Target): LoweredWork[] {
  const { layouts } = target;
  invariant(layouts, `target ${target.name} has one layout only`);
  return (['plain', 'blocked'] as const).map((to) => ({
    name: to,
    ...spelled([{ type, layout: to === 'plain' ? 'blocked' : 'plain' }], target, (b, [value]) => {
      invariant(value, 'a conversion has an operand');
      return [layouts.convert(b, value, type, to)];
    }),
  }));
}

const rank = [{ symbol: 'rank', factor: 1 }];

type Operand = { readonly type: TensorType; readonly layout: Layout } | undefined;

function spelled(
  operands: readonly Operand[],
  { block = 1 }: Target,
  spell: (b: Opset, inputs: readonly (OnnxValue | undefined)[]) => readonly OnnxValue[],
): Omit<LoweredWork, 'name'> {
  const shapes = operands.map((operand) => operand && shapeIn(operand, block));
  return {
    inputs: shapes.filter((shape) => shape !== undefined),
    build: (copies) => {
      const builder = new GraphBuilder({ opset: 21, name: 'workload' });
      const values = shapes.map(
        (own, i) => own && builder.input(`x${i}`, own.dtype, [...own.shape]),
      );
      for (let copy = 0; copy < copies; copy++)
        spell(builder.b, values).forEach((result, i) => {
          // A value read by a node is in the arena, as inside a step, and is freed once it was
          // read.
          builder.output(builder.b.Shape(result), `shape${copy}.${i}`, 'int64', rank);
        });
      return builder.build();
    },
  };
}

/** A blocked map has whole blocks of channels. */
function shapeIn({ type, layout }: NonNullable<Operand>, block: number): WorkloadInput {
  const shape = type.shape.map((dim, axis) => {
    invariant(typeof dim === 'number', 'a graph that is tuned has a fixed batch');
    return layout === 'blocked' && axis === 1 ? Math.ceil(dim / block) * block : dim;
  });
  return { dtype: type.dtype, shape };
}
