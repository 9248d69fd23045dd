import { dtypes, type DType, type TypedArray } from './dtype.js';
import { invariant } from './errors.js';

/** Dense row-major data with its type and static shape. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

export function tensorData(
  dtype: DType,
  shape: readonly number[],
  values: ArrayLike<number>,
): TensorData {
  const size = shape.reduce((a, b) => a * b, 1);
  invariant(values.length === size, `${values.length} values for shape [${shape.join(',')}]`);
  const data = dtypes[dtype].create(size);
  if (data instanceof BigInt64Array)
    for (let i = 0; i < size; i++) data[i] = BigInt(values[i] ?? 0);
  else data.set(values);
  return { dtype, shape, data };
}

/** The bytes of a tensor, without a copy. */
export function bytesOf(tensor: TensorData): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The elements of a tensor of numbers, not of half floats, as float64. */
export function numbersOf({ data }: TensorData): Float64Array {
  // Float64Array.from calls its mapping element by element, 20 times as slow as this copy.
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : new Float64Array(data);
}
