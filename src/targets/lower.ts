import type { Graph, Node, Value } from '../ir/graph.js';
import type { NodeTypes, Op } from '../ir/op.js';
import type { GraphBuilder } from '../onnx/builder.js';
import { dtypes } from '../support/dtype.js';
import { invariant } from '../support/errors.js';
import type { OnnxValue } from '../support/onnxValue.js';
import type { TensorData } from '../support/tensor.js';
import type { Override, Target } from './target.js';

/** Which spelling took a node, and why others declined it; `--explain` prints these. */
export interface Choice {
  readonly node: string;
  readonly op: string;
  readonly taken: string;
  readonly declined: readonly string[];
}

export interface LowerOptions {
  readonly target: Target;
  /** Inputs of the graph whose values are known; they become initializers, cast where stored in another type. */
  readonly weights?: ReadonlyMap<string, TensorData>;
  /** Inputs that are names of an enclosing graph (TrainingInfo); they are not declared. */
  readonly outer?: ReadonlySet<string>;
  /** Inputs that no spelling of this target reads; they are not declared. */
  readonly omit?: ReadonlySet<string>;
  readonly onChoice?: (choice: Choice) => void;
}

/** Spells an IR graph with the target's rules into an ONNX graph builder. */
export function lower(graph: Graph, builder: GraphBuilder, options: LowerOptions): void {
  const spelled = new Map<Value, OnnxValue>();
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  for (const { value } of graph.outputs) if (value.producer === undefined) used.add(value);
  for (const { name, value } of graph.inputs) {
    // An initializer that nothing reads would only make onnxruntime warn.
    if (options.omit?.has(name) || (options.weights?.has(name) && !used.has(value))) continue;
    spelled.set(value, declare(name, value, builder, options));
  }
  const overrides = groupByOp(options.target.overrides);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => input && spelled.get(input));
    const types: NodeTypes = {
      inputs: node.inputs.map((input) => input?.type),
      outputs: node.outputs.map((output) => output.type),
    };
    const name = nodeName(node);
    const spelling = choose(node, types, overrides.get(node.op) ?? [], options, name);
    const results = builder.at({ name, source: node.origin.site }, () =>
      spelling.onnx(builder.b, inputs, node.attrs, types),
    );
    node.outputs.forEach((output, i) => {
      const result = results[i];
      invariant(result, `${node.op.name} spelled no output ${i}`);
      spelled.set(output, result);
    });
  }
  for (const { name, value } of graph.outputs) {
    const made = spelled.get(value);
    invariant(made, `output ${name} was never spelled`);
    builder.output(made, name, value.dtype, value.shape);
  }
}

function declare(
  name: string,
  { dtype, shape }: Value,
  builder: GraphBuilder,
  { weights, outer }: LowerOptions,
): OnnxValue {
  if (outer?.has(name)) return builder.outer(name);
  const weight = weights?.get(name);
  if (weight === undefined) return builder.input(name, dtype, shape);
  const stored = builder.initializer(name, weight);
  if (weight.dtype === dtype) return stored;
  return builder.at({ name }, () => builder.b.Cast(stored, { to: dtypes[dtype].onnx }));
}

function groupByOp(overrides: readonly Override[]): Map<Op, Override[]> {
  const groups = new Map<Op, Override[]>();
  for (const override of overrides)
    groups.set(override.op, [...(groups.get(override.op) ?? []), override]);
  return groups;
}

function choose(
  node: Node,
  types: NodeTypes,
  candidates: readonly Override[],
  { target, onChoice }: LowerOptions,
  name: string,
): Pick<Op, 'onnx'> {
  const declined: string[] = [];
  for (const candidate of candidates) {
    const reason = candidate.declines?.(node.attrs, types);
    if (reason === undefined) {
      onChoice?.({ node: name, op: node.op.name, taken: target.name, declined });
      return candidate;
    }
    declined.push(reason);
  }
  onChoice?.({ node: name, op: node.op.name, taken: 'portable', declined });
  return node.op;
}

/** `blocks.0.conv_dw/conv`, with the phase in front where it is not the forward pass. */
function nodeName({ op, origin }: Node): string {
  const scope = origin.scope === '' ? op.name : `${origin.scope}/${op.name}`;
  return origin.phase === 'forward' ? scope : `${origin.phase}/${scope}`;
}
