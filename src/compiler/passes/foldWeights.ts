import { Graph, type Node, type Value } from '../ir/graph.js';
import type { NdArray } from '../ir/ndarray.js';
import type { OnDecline } from '../ir/rewrite.js';
import { constantOp } from '../ops/constant.js';
import { invariant } from '../../support/errors.js';
import { shapeEquals, sizeOf } from '../../support/shape.js';
import { numbersOf, tensorData, type TensorData } from '../../support/tensor.js';
import { knownTensor } from './constants.js';

/** Weights by name; each may be read from a file when it is asked for. */
export type WeightSource = Pick<ReadonlyMap<string, TensorData>, 'has' | 'get'>;

/** A graph with the values of those inputs that are weights. */
export interface Weighted {
  readonly graph: Graph;
  readonly weights: WeightSource;
  readonly onDecline?: OnDecline;
}

/**
 * Computes once what depends on weights alone, in float64 and rounded at the end. The results are
 * weights, too, each named after the first of those it was computed from that has its shape. What
 * would be larger than its operands, a broadcast, stays a node. Weights that nothing reads go.
 */
export function foldWeights({ graph, weights, onDecline }: Weighted): {
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, TensorData>;
} {
  const fixed = new FixedValues(graph, weights, onDecline);
  const target = new Graph(graph.name);
  const mapped = new Map<Value, Value>();
  const declare = (name: string, value: Value): void => {
    target.origin = value.origin;
    mapped.set(value, target.input(name, value.dtype, value.shape));
  };
  for (const { name, value } of graph.inputs) if (!fixed.has(value)) declare(name, value);
  const folded = new Map<string, TensorData>();
  for (const [value, name] of fixed.results()) {
    declare(name, value);
    folded.set(name, fixed.tensor(value));
  }
  const find = (value: Value): Value => {
    const found = mapped.get(value);
    invariant(found, 'a value is used before it is made');
    return found;
  };
  for (const node of graph.nodes) {
    if (fixed.makes(node)) continue;
    const inputs = node.inputs.map((input) => input && find(input));
    target.origin = node.origin;
    const made = target.add(node.op, inputs, node.attrs);
    for (const [i, old] of node.outputs.entries()) {
      const value = made[i];
      if (value) mapped.set(old, value);
    }
  }
  target.origin = graph.origin;
  for (const { name, value } of graph.outputs) target.output(name, find(value));
  return { graph: target, weights: folded };
}

/** The weights of a graph, and all that is computed from them and constants alone. */
class FixedValues {
  readonly #names = new Map<Value, string>();
  readonly #values = new Set<Value>();

  constructor(
    private readonly graph: Graph,
    private readonly weights: WeightSource,
    onDecline?: OnDecline,
  ) {
    for (const { name, value } of graph.inputs)
      if (weights.has(name)) {
        this.#names.set(value, name);
        this.#values.add(value);
      }
    for (const node of graph.nodes) {
      const inputs = operandsOf(node);
      const known = inputs.every((input) => this.has(input) || isConstant(input));
      if (!known || !inputs.some((input) => this.has(input))) continue;
      if (!isNoLarger(node)) onDecline?.(node, 'its result would be larger than its operands');
      else for (const output of node.outputs) this.#values.add(output);
    }
  }

  has(value: Value): boolean {
    return this.#values.has(value);
  }

  makes(node: Node): boolean {
    return node.outputs.some((output) => this.has(output));
  }

  /** Values that the rest of the graph reads, with their names. */
  results(): Map<Value, string> {
    const read = new Set<Value>();
    for (const node of this.graph.nodes)
      if (!this.makes(node))
        for (const input of operandsOf(node)) if (this.has(input)) read.add(input);
    for (const { value } of this.graph.outputs) if (this.has(value)) read.add(value);
    const taken = new Set([...read].flatMap((value) => this.#names.get(value) ?? []));
    const result = new Map<Value, string>();
    for (const value of read) {
      const name = this.#names.get(value) ?? unique(this.#source(value), taken);
      taken.add(name);
      result.set(value, name);
    }
    return result;
  }

  /** The name of the weight that a computed value is the change of. */
  #source(value: Value): string {
    const found = this.#ancestors(value);
    const [first] = found;
    invariant(first, 'a fixed value comes from a weight');
    return (found.find((weight) => shapeEquals(weight.value.shape, value.shape)) ?? first).name;
  }

  #ancestors(value: Value): { readonly name: string; readonly value: Value }[] {
    const name = this.#names.get(value);
    if (name !== undefined) return [{ name, value }];
    return value.producer ? operandsOf(value.producer).flatMap((v) => this.#ancestors(v)) : [];
  }

  tensor(value: Value): TensorData {
    const known = this.#known(value);
    if (known) return known;
    const { shape, data } = this.#evaluate(value);
    return tensorData(value.dtype, shape, data);
  }

  #known(value: Value): TensorData | undefined {
    const name = this.#names.get(value);
    return name === undefined ? knownTensor(value) : this.weights.get(name);
  }

  #evaluate(value: Value): NdArray {
    const known = this.#known(value);
    if (known) return { shape: known.shape, data: numbersOf(known) };
    const { producer } = value;
    invariant(producer, 'a fixed value is a weight or made by a node');
    const results = producer.op.evaluate(
      producer.inputs.map((input) => input && this.#evaluate(input)),
      producer.attrs,
      {
        inputs: producer.inputs.map((input) => input?.type),
        outputs: producer.outputs.map(({ type }) => type),
      },
    );
    const result = results[value.outputIndex];
    invariant(result, `${producer.op.name} has output ${value.outputIndex}`);
    return result;
  }
}

function operandsOf(node: Node): Value[] {
  return node.inputs.filter((input) => input !== undefined);
}

function isConstant(value: Value): boolean {
  return value.producer?.op === constantOp;
}

function isNoLarger(node: Node): boolean {
  const operands = operandsOf(node);
  const size = ({ shape }: Value): number => {
    const elements = sizeOf(shape);
    return typeof elements === 'number' ? elements : Infinity;
  };
  const largest = Math.max(...operands.map(size));
  return node.outputs.every((output) => size(output) <= largest);
}

function unique(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let count = 1;
  while (taken.has(`${name}_${count}`)) count += 1;
  return `${name}_${count}`;
}
