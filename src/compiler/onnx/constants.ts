import { bytesOf, type TensorData } from '../../support/tensor.js';

/*
 * Batch norm owns its constants. ONNX Runtime writes running statistics into the buffers of that node's inputs,
 * even into initializers, and it merges equal initializers of up to 8 elements. `scratch` therefore makes
 * constants that nobody shares and no two of which are equal; a test holds us to it.
 */

/** Finds equal constants of one graph: by a hash of their bytes first, then byte by byte. */
export class ConstantPool<Value> {
  private readonly buckets = new Map<string, { tensor: TensorData; value: Value }[]>();

  /** The value of an equal tensor, or that of `make`, which is then kept for the next one. */
  get(tensor: TensorData, make: () => Value): Value {
    const bytes = bytesOf(tensor);
    const key = `${tensor.dtype}[${tensor.shape.join(',')}]${hashBytes(bytes)}`;
    const bucket = this.buckets.get(key) ?? [];
    const known = bucket.find((entry) => equalBytes(bytesOf(entry.tensor), bytes));
    if (known !== undefined) return known.value;
    const value = make();
    this.buckets.set(key, [...bucket, { tensor, value }]);
    return value;
  }
}

/** 32-bit FNV-1a of at most 64 KiB, spread over all of the bytes. */
function hashBytes(bytes: Uint8Array): number {
  const stride = Math.max(1, Math.floor(bytes.length / 65536));
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i += stride)
    hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
