import { dtypes, type DType } from '../../support/dtype.js';

/** Element types of ONNX by their numbers in TensorProto.DataType, named as in operator schemas. */
const schemaNames: Readonly<Record<number, string>> = {
  1: 'float',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'double',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
  24: 'float8e8m0',
  25: 'uint2',
  26: 'int2',
};

/** An element type that ONNX has and the IR has not, by ONNX's name, such as `int8`. */
export interface ForeignType {
  readonly foreign: string;
}

/** Any element type of an ONNX tensor. */
export type ElementType = DType | ForeignType;

/** The element type of a number of TensorProto.DataType, or undefined if ONNX has none. */
export function elementTypeOf(code: number): ElementType | undefined {
  for (const [name, info] of Object.entries(dtypes)) if (info.onnx === code) return name as DType;
  const foreign = schemaNames[code];
  return foreign === undefined ? undefined : { foreign };
}

/** ONNX's number of an element type; 0 (undefined) for a foreign name that ONNX does not have. */
export function elementCode(type: ElementType): number {
  if (typeof type === 'string') return dtypes[type].onnx;
  const known = Object.entries(schemaNames).find(([, name]) => name === type.foreign);
  return known === undefined ? 0 : Number(known[0]);
}

/** Bits of an element by ONNX's name, if they are not 8. */
const foreignBits: Readonly<Record<string, number>> = {
  uint16: 16,
  int16: 16,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  uint2: 2,
  int2: 2,
};

/** Bytes that so many elements take in raw data, if they are not text. */
export function bytesOf(type: ElementType, count: number): number {
  if (typeof type === 'string') return dtypes[type].bytes * count;
  return Math.ceil(((foreignBits[type.foreign] ?? 8) * count) / 8);
}

/** The name that operator schemas use: `float` for float32. */
export function schemaName(type: ElementType): string {
  return typeof type === 'string' ? (schemaNames[dtypes[type].onnx] ?? type) : type.foreign;
}
