import type { Graph, NamedValue, Node, Value } from '../ir/graph.js';
import type { GraphBuilder } from '../onnx/builder.js';
import { dtypes } from '../../support/dtype.js';
import { invariant } from '../../support/errors.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import type { TensorData } from '../../support/tensor.js';
import { layoutOf } from './chooseLayouts.js';
import { chooseRules } from './chooseRules.js';
import { ruleName, type Layout, type Target } from './target.js';

/** The lowering that took a node, and why others declined it; `--explain` prints these. */
export interface Choice {
  readonly node: string;
  readonly op: string;
  readonly taken: string;
  readonly declined: readonly string[];
}

export interface LowerOptions {
  readonly target: Target;
  /** Inputs of the graph whose values are known; they become initializers, cast if stored in another type. */
  readonly weights?: ReadonlyMap<string, TensorData>;
  /** Inputs that are names of an enclosing graph (TrainingInfo); they are not declared. */
  readonly outer?: ReadonlySet<string>;
  /** Inputs that no lowering of this target reads; they are not declared. */
  readonly omit?: ReadonlySet<string>;
  /** Declares weights that nothing reads, too, since another graph (TrainingInfo) names them. */
  readonly keepUnread?: boolean;
  readonly onChoice?: (choice: Choice) => void;
}

/** Lowers an IR graph with the target's rules into an ONNX graph builder. */
export function lower(graph: Graph, builder: GraphBuilder, options: LowerOptions): void {
  const inputs = new Map<Value, OnnxValue>();
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  for (const { value } of graph.outputs) if (value.producer === undefined) used.add(value);
  for (const { name, value } of graph.inputs) {
    // An initializer that nothing reads would only make onnxruntime warn.
    const unread = options.weights?.has(name) && !used.has(value) && !options.keepUnread;
    if (options.omit?.has(name) || unread) continue;
    inputs.set(value, declare(name, value, builder, options));
  }
  for (const { name, value, made } of lowerNodes(graph, builder, inputs, options))
    builder.output(made, name, value.dtype, value.shape);
}

/** An output of an IR graph as a value of the ONNX graph. */
interface LoweredOutput extends NamedValue {
  readonly made: OnnxValue;
}

/** Lowers the nodes of an IR graph whose inputs are at hand. */
export function lowerNodes(
  graph: Graph,
  builder: GraphBuilder,
  given: ReadonlyMap<Value, OnnxValue>,
  options: Pick<LowerOptions, 'target' | 'onChoice'>,
): LoweredOutput[] {
  const lowered = new LoweredValues(builder, options.target);
  for (const [value, onnx] of given) lowered.set(value, onnx, 'plain');
  for (const { node, types, override, declined } of chooseRules(graph, options.target)) {
    const name = nodeName(node);
    const taken = ruleName(override);
    options.onChoice?.({ node: name, op: node.op.name, taken, declined });
    const at = { name, source: node.origin.site };
    const inputs = node.inputs.map(
      (input, i) => input && lowered.get(input, layoutOf(override, 'inputs', i), at),
    );
    const results = builder.at(at, () =>
      (override ?? node.op).onnx(builder.b, inputs, node.attrs, types),
    );
    node.outputs.forEach((output, i) => {
      const result = results[i];
      invariant(result, `${node.op.name} lowered to no output ${i}`);
      lowered.set(output, result, override?.layouts?.outputs?.[i] ?? 'plain');
    });
  }
  return graph.outputs.map(({ name, value }) => {
    const made = lowered.get(value, 'plain', { name, source: value.origin.site });
    invariant(made, `output ${name} was never lowered`);
    return { name, value, made };
  });
}

/** Origin that the builder records for a node. */
type At = Parameters<GraphBuilder['at']>[0];

/** ONNX value of each value, in each layout asked for. */
class LoweredValues {
  readonly #values = new Map<Value, Map<Layout, OnnxValue>>();

  constructor(
    readonly builder: GraphBuilder,
    readonly target: Target,
  ) {}

  set(value: Value, onnx: OnnxValue, layout: Layout): void {
    this.#values.set(value, new Map([[layout, onnx]]));
  }

  /** A value in a layout, converted once for all who want it; undefined for an input left out. */
  get(value: Value, layout: Layout | 'any', at: At): OnnxValue | undefined {
    const made = this.#values.get(value);
    const [other] = made?.values() ?? [];
    if (layout === 'any') return other;
    const found = made?.get(layout);
    if (found !== undefined || made === undefined || other === undefined) return found;
    const system = this.target.layouts;
    invariant(system, `target ${this.target.name} has one layout only`);
    const converted = this.builder.at(at, () =>
      system.convert(this.builder.b, other, value.type, layout),
    );
    made.set(layout, converted);
    return converted;
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

/** `blocks.0.conv_dw/conv`, with the phase in front if it is not the forward pass. */
export function nodeName({ op, origin }: Node): string {
  const scope = origin.scope === '' ? op.name : `${origin.scope}/${op.name}`;
  return origin.phase === 'forward' ? scope : `${origin.phase}/${scope}`;
}
