import { float16Limit, toFloat16 } from './halfFloats.js';
import type { TensorData } from './tensor.js';

/**
 * Float32 tensors of two axes and more as float16; vectors, which are small and shift every
 * element, stay. So do those, named in `tooLarge`, with numbers beyond float16's range.
 */
export function halveMatrices(tensors: ReadonlyMap<string, TensorData>): {
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly tooLarge: readonly string[];
} {
  const tooLarge: string[] = [];
  const halves = [...tensors].map(([name, tensor]): [string, TensorData] => {
    const { shape, data } = tensor;
    if (shape.length < 2 || !(data instanceof Float32Array)) return [name, tensor];
    if (data.every((value) => Math.abs(value) < float16Limit))
      return [name, { dtype: 'float16', shape, data: toFloat16(data) }];
    tooLarge.push(name);
    return [name, tensor];
  });
  return { tensors: new Map(halves), tooLarge };
}
