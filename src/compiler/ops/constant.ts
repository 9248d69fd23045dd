import type { Attributes, Graph, Op, Value } from '../ir/graph.js';
import type { NdArray } from '../ir/ndarray.js';
import type { DType } from '../../support/dtype.js';
import { numbersOf, tensorData, type TensorData } from '../../support/tensor.js';

/** A tensor known at compile time. It has no operand, so it is applied to a graph. */
export const constantOp: Op = {
  name: 'constant',
  outputNames: ['y'],
  traits: { elementwise: false, halves: 'stays' },
  inputName: (index) => `input ${index}`,
  inferTypes: (_, attrs) => [constantOf(attrs)].map(({ dtype, shape }) => ({ dtype, shape })),
  evaluate: (_, attrs) => [toNdArray(constantOf(attrs))],
  onnx: (b, _, attrs) => [b.constant(constantOf(attrs))],
};

/** The tensor of a constant node. */
export function constantOf(attrs: Attributes): TensorData {
  return attrs['tensor'] as TensorData;
}

function toNdArray(tensor: TensorData): NdArray {
  return { shape: tensor.shape, data: numbersOf(tensor) };
}

/** Adds a constant to a graph. */
export function constant(graph: Graph, tensor: TensorData): Value {
  return graph.add(constantOp, [], { tensor })[0] as Value;
}

/** Adds a constant of rank 0. */
export function scalar(graph: Graph, value: number, dtype: DType = 'float32'): Value {
  return constant(graph, tensorData(dtype, [], [value]));
}

/** A constant of rank 0 in the graph and of the element type of `x`; it broadcasts against x. */
export function scalarLike(x: Value, value: number): Value {
  return scalar(x.graph, value, x.dtype);
}
