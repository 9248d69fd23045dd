import { dtypes, type DType, type TypedArray } from './dtype.js';
import { invariant } from './errors.js';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from './halfFloats.js';

/** Dense row-major data with its type and static shape. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** A tensor of numbers, each rounded to its element type. */
export function tensorData(
  dtype: DType,
  shape: readonly number[],
  values: ArrayLike<number>,
): TensorData {
  const size = shape.reduce((a, b) => a * b, 1);
  invariant(values.length === size, `${values.length} values for shape [${shape.join(',')}]`);
  if (dtype === 'float16') return { dtype, shape, data: toFloat16(values) };
  if (dtype === 'bfloat16') return { dtype, shape, data: toBfloat16(values) };
  const data = dtypes[dtype].create(size);
  if (data instanceof BigInt64Array)
    for (let i = 0; i < size; i++) data[i] = BigInt(values[i] ?? 0);
  else data.set(values);
  return { dtype, shape, data };
}

/** A tensor of zeros in memory of its own. */
export function zeroTensor(dtype: DType, shape: readonly number[]): TensorData {
  return { dtype, shape, data: dtypes[dtype].create(shape.reduce((a, b) => a * b, 1)) };
}

/** The bytes of a tensor, without a copy. */
export function bytesOf(tensor: TensorData): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The elements of a tensor as float64. */
export function numbersOf({ dtype, data }: TensorData): Float64Array {
  if (data instanceof Uint16Array)
    return Float64Array.from(dtype === 'float16' ? fromFloat16(data) : fromBfloat16(data));
  // Float64Array.from calls its mapping element by element, 20 times as slow as this copy.
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : new Float64Array(data);
}
