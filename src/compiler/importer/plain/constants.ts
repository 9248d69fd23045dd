/** Tensors of a file in the few types that importing computes with. */
import { dtypes } from '../../../support/dtype.js';
import { fromBfloat16, fromFloat16 } from '../../../support/halfFloats.js';
import { tensorData, type TensorData } from '../../../support/tensor.js';
import { schemaName } from '../../onnx/elementTypes.js';
import type { ForeignTensor, OnnxTensor } from '../../onnx/model.js';

/** Limits of a whole type, by ONNX's name: quantised values stay within them. */
export const wholeRanges: Readonly<Partial<Record<string, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
  uint4: [0, 15],
  int4: [-8, 7],
  uint2: [0, 3],
  int2: [-2, 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/**
 * A tensor as float32, int64, int32, uint8 or bool; undefined for text, complex numbers and floats of eight
 * bits. Integers of other widths become int32 or int64.
 */
export function plainTensor(tensor: OnnxTensor): TensorData | undefined {
  if (isOwn(tensor)) return floatTensor(tensor);
  return widened(tensor);
}

function isOwn(tensor: OnnxTensor): tensor is TensorData {
  return typeof tensor.dtype === 'string';
}

/** float16, bfloat16 and float64 as float32; other types as they are. */
export function floatTensor(tensor: TensorData): TensorData {
  const { dtype, shape, data } = tensor;
  if (dtype === 'float64')
    return { dtype: 'float32', shape, data: new Float32Array(data as Float64Array) };
  if (data instanceof Uint16Array)
    return {
      dtype: 'float32',
      shape,
      data: dtype === 'float16' ? fromFloat16(data) : fromBfloat16(data),
    };
  return tensor;
}

function widened({ dtype, shape, data }: ForeignTensor): TensorData | undefined {
  const { foreign } = dtype;
  const size = shape.reduce((a, b) => a * b, 1);
  const packed = /^u?int([24])$/.exec(foreign)?.[1];
  if (packed !== undefined) return unpacked(foreign, shape, data, Number(packed), size);
  // The bytes may begin anywhere in their buffer.
  const { buffer } = Uint8Array.from(data);
  switch (foreign) {
    case 'int8':
      return { dtype: 'int32', shape, data: Int32Array.from(new Int8Array(buffer)) };
    case 'uint16':
      return { dtype: 'int32', shape, data: Int32Array.from(new Uint16Array(buffer)) };
    case 'int16':
      return { dtype: 'int32', shape, data: Int32Array.from(new Int16Array(buffer)) };
    case 'uint32':
      return { dtype: 'int64', shape, data: BigInt64Array.from(new Uint32Array(buffer), BigInt) };
    case 'uint64':
      return { dtype: 'int64', shape, data: new BigInt64Array(buffer) };
    default:
      return undefined;
  }
}

/** Elements of fewer than eight bits, the first in the lowest ones. */
function unpacked(
  foreign: string,
  shape: readonly number[],
  bytes: Uint8Array,
  bits: number,
  size: number,
): TensorData {
  const each = 8 / bits;
  const [lowest = 0] = wholeRanges[foreign] ?? [];
  const data = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const raw = ((bytes[Math.floor(i / each)] ?? 0) >> (bits * (i % each))) & (2 ** bits - 1);
    data[i] = lowest < 0 && raw >= -lowest ? raw + 2 * lowest : raw;
  }
  return { dtype: 'int32', shape, data };
}

/** The name of a tensor's type in operator schemas, once it is plain. */
export function plainType(tensor: TensorData): string {
  return schemaName(tensor.dtype);
}

/** Numbers of a tensor, without a copy where its data are numbers. */
export function read({ data }: TensorData): ArrayLike<number> {
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : data;
}

/** A function of each number; TypedArray.from is 20 times as slow. */
export function mapped(values: ArrayLike<number>, apply: (value: number) => number): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = apply(values[i] ?? 0);
  return out;
}

/** A float tensor times a number. */
export function scaled(tensor: TensorData, by: number): TensorData {
  const values = read(tensor);
  const data = new Float32Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = (values[i] ?? 0) * by;
  return { dtype: 'float32', shape: tensor.shape, data };
}

const lowest = -(2n ** 63n);
const highest = 2n ** 63n - 1n;

/** Whole numbers as int64; those out of range, which stand for the end of an axis, as its limits. */
export function int64s(shape: readonly number[], values: ArrayLike<number>): TensorData {
  const data = BigInt64Array.from(values, (value) => {
    if (value >= 2 ** 63) return highest;
    return value <= -(2 ** 63) ? lowest : BigInt(Math.trunc(value));
  });
  return { dtype: 'int64', shape, data };
}

/** Numbers as a tensor of a plain type. */
export function tensorOf(
  dtype: TensorData['dtype'],
  shape: readonly number[],
  values: ArrayLike<number>,
): TensorData {
  if (dtype === 'int64') return int64s(shape, values);
  return tensorData(dtype, shape, values);
}

/** The numbers of a small tensor; int64's limits are inexact. */
export function numbers(tensor: TensorData): number[] {
  return Array.from(read(tensor));
}

export function isFloat({ dtype }: TensorData): boolean {
  return dtypes[dtype].floating;
}
