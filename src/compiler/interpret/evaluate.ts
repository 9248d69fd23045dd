import type { Graph, NodeTypes, TensorType, Value } from '../ir/graph.js';
import type { NdArray } from '../ir/ndarray.js';
import { isHalf, type DType } from '../../support/dtype.js';
import { invariant } from '../../support/errors.js';
import { formatShape, type Dim } from '../../support/shape.js';
import { numbersOf, tensorData } from '../../support/tensor.js';

/**
 * Runs a graph by its primitives' reference meanings, in float64 with plain loops: the oracle of
 * the tests and the constant folder. `feeds` by input name; the result by output name. `rounded` rounds
 * what a node of a 16-bit type gives to that type, as a device does.
 */
export function evaluate(
  graph: Graph,
  feeds: ReadonlyMap<string, NdArray>,
  { rounded = false } = {},
): Map<string, NdArray> {
  const values = new Map<Value, NdArray>();
  const symbols = new Map<string, number>();
  for (const { name, value } of graph.inputs) {
    const feed = feeds.get(name);
    invariant(feed, `input ${name} is missing`);
    bindSymbols(symbols, name, value.type, feed);
    values.set(value, feed);
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => input && values.get(input));
    const types: NodeTypes = {
      inputs: node.inputs.map((input) => input && bound(input.type, symbols)),
      outputs: node.outputs.map((output) => bound(output.type, symbols)),
    };
    const results = node.op.evaluate(inputs, node.attrs, types);
    node.outputs.forEach((output, i) => {
      const result = results[i];
      invariant(result, `${node.op.name} has no result ${i}`);
      values.set(output, rounded ? round(result, output.dtype) : result);
    });
  }
  return new Map(
    graph.outputs.map(({ name, value }) => {
      const result = values.get(value);
      invariant(result, `output ${name} was never computed`);
      return [name, result];
    }),
  );
}

function round({ shape, data }: NdArray, dtype: DType): NdArray {
  return { shape, data: isHalf(dtype) ? numbersOf(tensorData(dtype, shape, data)) : data };
}

function bindSymbols(
  symbols: Map<string, number>,
  name: string,
  type: TensorType,
  feed: NdArray,
): void {
  const fits =
    feed.shape.length === type.shape.length &&
    type.shape.every((dim, i) => {
      const size = feed.shape[i] ?? 0;
      if (typeof dim === 'number') return dim === size;
      const known = symbols.get(dim.symbol) ?? size / dim.factor;
      symbols.set(dim.symbol, known);
      return known * dim.factor === size;
    });
  invariant(fits, `${name} is [${feed.shape.join(',')}], expected ${formatShape(type.shape)}`);
}

function bound(type: TensorType, symbols: ReadonlyMap<string, number>): TensorType {
  const size = (dim: Dim): number =>
    typeof dim === 'number' ? dim : dim.factor * (symbols.get(dim.symbol) ?? NaN);
  return { dtype: type.dtype, shape: type.shape.map(size) };
}
