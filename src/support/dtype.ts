/** Element types of the IR; names as in NumPy and PyTorch. */
export const dtypeNames = [
  'float64',
  'float32',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'uint8',
  'bool',
] as const;

/** Element type of the IR. */
export type DType = (typeof dtypeNames)[number];

/** Data types that hold fractions. */
export type FloatType = 'float64' | 'float32' | 'float16' | 'bfloat16';

/** The 16-bit ones, in which mixed precision computes. */
export type HalfType = 'float16' | 'bfloat16';

/** Array that holds the numbers of a tensor. */
export type TypedArray =
  Float64Array | Float32Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;

interface DTypeInfo {
  readonly bytes: number;
  readonly floating: boolean;
  /** Number of this type in ONNX's TensorProto.DataType. */
  readonly onnx: number;
  readonly create: (length: number) => TypedArray;
}

/** float16 and bfloat16 are held as their 16 bits in a Uint16Array. */
export const dtypes: Readonly<Record<DType, DTypeInfo>> = {
  float64: { bytes: 8, floating: true, onnx: 11, create: (n) => new Float64Array(n) },
  float32: { bytes: 4, floating: true, onnx: 1, create: (n) => new Float32Array(n) },
  float16: { bytes: 2, floating: true, onnx: 10, create: (n) => new Uint16Array(n) },
  bfloat16: { bytes: 2, floating: true, onnx: 16, create: (n) => new Uint16Array(n) },
  int64: { bytes: 8, floating: false, onnx: 7, create: (n) => new BigInt64Array(n) },
  int32: { bytes: 4, floating: false, onnx: 6, create: (n) => new Int32Array(n) },
  uint8: { bytes: 1, floating: false, onnx: 2, create: (n) => new Uint8Array(n) },
  bool: { bytes: 1, floating: false, onnx: 9, create: (n) => new Uint8Array(n) },
};

export function isHalf(dtype: DType): dtype is HalfType {
  return dtype === 'float16' || dtype === 'bfloat16';
}

/** The type of numbers that are computed with values of a type: its own, or float32 for integers. */
export function floatTypeOf({ dtype }: { readonly dtype: DType }): FloatType {
  return dtype === 'float64' || isHalf(dtype) ? dtype : 'float32';
}
