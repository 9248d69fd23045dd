import { onnx } from '../../../generated/proto/onnx.js';
import { dtypes, type DType, type TypedArray } from '../../support/dtype.js';
import { ArtifactError } from '../../support/errors.js';
import { bytesOf, elementTypeOf, type ElementType } from './elementTypes.js';
import type { OnnxTensor } from './model.js';
import { toBigInt, toNumber, utf8 } from './protoValues.js';

/** Gives `length` bytes of a file beside the model, from `offset` on, which a tensor needs. */
export type ReadExternal = (
  location: string,
  offset: number,
  length: number,
  tensor: string,
) => Uint8Array;

export interface TensorContext {
  readonly file: string;
  readonly external: ReadExternal | undefined;
}

type Proto = onnx.TensorProto.$Properties;

/** Decodes a tensor from raw bytes, a typed field or a side file; raw bytes are copied only if unaligned. */
export function readTensor(proto: Proto, context: TensorContext): OnnxTensor {
  const shape = (proto.dims ?? []).map(toNumber);
  const dtype = elementTypeOf(proto.dataType ?? 0);
  if (dtype === undefined) throw fault(proto, context, `has element type ${proto.dataType ?? 0}`);
  const size = shape.reduce((a, b) => a * b, 1);
  if (shape.some((dim) => dim < 0) || !Number.isSafeInteger(size))
    throw fault(proto, context, `has the shape [${shape.join(',')}]`);
  if (typeof dtype !== 'string' && dtype.foreign === 'string')
    return { dtype, shape, data: new Uint8Array(), strings: (proto.stringData ?? []).map(utf8) };
  const bytes = storedBytes(proto, context, bytesOf(dtype, size)) ?? typedBytes(proto, dtype);
  if (typeof dtype !== 'string') {
    const { buffer, byteOffset, byteLength } = bytes;
    return { dtype, shape, data: new Uint8Array(buffer, byteOffset, byteLength) };
  }
  const wanted = size * dtypes[dtype].bytes;
  if (bytes.length !== wanted)
    throw fault(proto, context, `holds ${bytes.length} bytes, but its shape needs ${wanted}`);
  return { dtype, shape, data: view(dtype, size, bytes) };
}

/** `wanted` are the bytes that the shape needs. */
function storedBytes(proto: Proto, context: TensorContext, wanted: number): Uint8Array | undefined {
  if (proto.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL) {
    const place = new Map((proto.externalData ?? []).map(({ key, value }) => [key, value]));
    const location = place.get('location') ?? '';
    const [offset = 0, length = wanted] = (['offset', 'length'] as const).map((key) => {
      const text = place.get(key) ?? '';
      if (text === '') return undefined;
      const number = /^\d+$/.test(text) ? Number(text) : NaN;
      if (Number.isSafeInteger(number)) return number;
      throw fault(proto, context, `lies in ${location} at the ${key} ${JSON.stringify(text)}`);
    });
    if (length !== wanted)
      throw fault(
        proto,
        context,
        `has ${length} bytes in ${location}, but its shape needs ${wanted}`,
      );
    if (context.external === undefined)
      throw fault(proto, context, `lies in the file ${location}, which was not given`);
    return context.external(location, offset, length, tensorName(proto));
  }
  return proto.rawData && proto.rawData.length > 0 ? proto.rawData : undefined;
}

function tensorName(proto: Proto): string {
  return `tensor ${proto.name || '(unnamed)'}`;
}

/** Bytes of the elements in float_data and its like, if a writer chose them over raw_data. */
function typedBytes(proto: Proto, dtype: ElementType): Uint8Array {
  const out = (data: TypedArray | BigUint64Array | Uint32Array | Int16Array | Int8Array) =>
    new Uint8Array(data.buffer);
  if (proto.floatData?.length) return out(Float32Array.from(proto.floatData));
  if (proto.doubleData?.length) return out(Float64Array.from(proto.doubleData));
  if (proto.int64Data?.length) return out(BigInt64Array.from(proto.int64Data, toBigInt));
  const wide = proto.uint64Data ?? [];
  if (wide.length > 0)
    return dtypeName(dtype) === 'uint32'
      ? out(Uint32Array.from(wide, toNumber))
      : out(BigUint64Array.from(wide, toBigInt));
  const narrow = proto.int32Data ?? [];
  if (narrow.length === 0) return new Uint8Array();
  switch (dtypeName(dtype)) {
    case 'int32':
      return out(Int32Array.from(narrow));
    case 'float16':
    case 'bfloat16':
    case 'uint16':
      return out(Uint16Array.from(narrow));
    case 'int16':
      return out(Int16Array.from(narrow));
    default:
      return out(Uint8Array.from(narrow));
  }
}

function dtypeName(dtype: ElementType): string {
  return typeof dtype === 'string' ? dtype : dtype.foreign;
}

function view(dtype: DType, size: number, bytes: Uint8Array): TypedArray {
  const { bytes: width } = dtypes[dtype];
  // A copy by slice() of a Node Buffer would share its memory, and its misalignment.
  const { buffer, byteOffset } = bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
  switch (dtype) {
    case 'float64':
      return new Float64Array(buffer, byteOffset, size);
    case 'float32':
      return new Float32Array(buffer, byteOffset, size);
    case 'float16':
    case 'bfloat16':
      return new Uint16Array(buffer, byteOffset, size);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, size);
    case 'int32':
      return new Int32Array(buffer, byteOffset, size);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer, byteOffset, size);
  }
}

function fault(proto: Proto, context: TensorContext, problem: string): ArtifactError {
  return new ArtifactError(`${context.file}: ${tensorName(proto)} ${problem}`, {
    code: 'onnx-tensor',
    where: context.file,
    hint: 'the file may be truncated or its side file missing: copy both again, or compile the model again',
  });
}
