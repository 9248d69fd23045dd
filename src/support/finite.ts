import type { TensorData } from './tensor.js';

/** True if every number of a tensor is finite; integers are. Looks at the bits of 16-bit floats. */
export function isFiniteTensor({ dtype, data }: TensorData): boolean {
  if (data instanceof Uint16Array) {
    const exponent = dtype === 'float16' ? 0x7c00 : 0x7f80;
    return !data.some((bits) => (bits & exponent) === exponent);
  }
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return true;
  // Zero times NaN or infinity is NaN, which a sum keeps: one pass without a branch.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += 0 * (data[i] ?? 0);
  return sum === 0;
}

/** Names of the tensors that hold a NaN or an infinity. */
export function notFinite(tensors: ReadonlyMap<string, TensorData>): string[] {
  return [...tensors].filter(([, tensor]) => !isFiniteTensor(tensor)).map(([name]) => name);
}

/** A few names and how many more there are. */
export function someOf(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
