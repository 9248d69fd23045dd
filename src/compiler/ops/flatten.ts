import { type Op, TypeFault, type Value } from '../ir/graph.js';
import { ndarray, type NdArray } from '../ir/ndarray.js';
import { formatShape, sizeOf, staticSize, type Shape } from '../../support/shape.js';

/*
 * Many small tensors as one vector, so that work on each element takes a node for all of them, and back.
 * Only the update of parameters uses them, so they have no gradients. The number of operands or results
 * is free, so they are written by position.
 */

/** The elements of all operands, one behind the other. */
export const flattenOp: Op = {
  name: 'flattenTensors',
  outputNames: ['y'],
  traits: { elementwise: false, halves: 'stays' },
  inputName: (index) => `input ${index}`,
  inferTypes: (inputs) => {
    const types = inputs.flatMap((type) => (type ? [type] : []));
    const [first] = types;
    if (first === undefined) throw new TypeFault('flatten', 'no values to join');
    let total = 0;
    for (const { dtype, shape } of types) {
      const size = sizeOf(shape);
      if (dtype !== first.dtype || typeof size !== 'number')
        throw new TypeFault(
          'flatten',
          `${first.dtype} ${formatShape(first.shape)} and ${dtype} ${formatShape(shape)} cannot be joined into one vector`,
        );
      total += size;
    }
    return [{ dtype: first.dtype, shape: [total] }];
  },
  evaluate: (inputs) => {
    const data = inputs.flatMap((x) => [...(x?.data ?? [])]);
    return [ndarray([data.length], data)];
  },
  onnx: (b, inputs, _, types) => {
    const vectors = inputs.flatMap((x, i) => {
      if (x === undefined) return [];
      return types.inputs[i]?.shape.length === 1 ? [x] : [b.Reshape(x, b.ints(-1))];
    });
    return [b.Concat(vectors, { axis: 0 })];
  },
};

/** The elements of a vector in tensors of the given shapes, in order. */
export const unflattenOp: Op = {
  name: 'unflattenTensors',
  outputNames: ['y'],
  traits: { elementwise: false, halves: 'stays' },
  inputName: () => 'x',
  inferTypes: ([x], attrs) => {
    const shapes = attrs['shapes'] as readonly Shape[];
    const total = shapes.reduce((sum, shape) => sum + staticSize(shape), 0);
    if (x?.shape.length !== 1 || x.shape[0] !== total)
      throw new TypeFault(
        'unflatten',
        `${formatShape(x?.shape ?? [])} does not have the ${total} elements of ${shapes.map(formatShape).join(' ')}`,
      );
    return shapes.map((shape) => ({ dtype: x.dtype, shape }));
  },
  evaluate: ([x], attrs) => {
    let start = 0;
    return (attrs['shapes'] as readonly (readonly number[])[]).map((shape): NdArray => {
      const end = start + staticSize(shape);
      const part = ndarray(shape, x?.data.slice(start, end));
      start = end;
      return part;
    });
  },
  onnx: (b, [x], attrs) => {
    const shapes = attrs['shapes'] as readonly (readonly number[])[];
    if (x === undefined) return [];
    const sizes = b.ints(...shapes.map(staticSize));
    const parts = b.Split(x, sizes, { axis: 0 }, shapes.length);
    return parts.map((part, i) => {
      const shape = shapes[i] ?? [];
      return shape.length === 1 ? part : b.Reshape(part, b.ints(...shape));
    });
  },
};

/** All elements of some tensors of one type, as a vector. */
export function flattenTensors(values: readonly [Value, ...Value[]]): Value {
  return values[0].graph.add(flattenOp, values, {})[0] as Value;
}

/** Tensors of these shapes from the elements of a vector. */
export function unflattenTensors(x: Value, shapes: readonly Shape[]): readonly Value[] {
  return x.graph.add(unflattenOp, [x], { shapes });
}
