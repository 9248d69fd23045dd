/** float16 and bfloat16, which a Uint16Array holds as their bits. */
const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);

/** From here on numbers round to infinity: halfway from the largest float16, 65504, to 2^16. */
export const float16Limit = 65_520;

/** The bits of the nearest float16 of each number, ties to even. */
export function toFloat16(values: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = float16Bits(values[i] ?? 0);
  return out;
}

function float16Bits(value: number): number {
  number[0] = value;
  const all = bits[0] ?? 0;
  const sign = (all >>> 16) & 0x8000;
  const size = all & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  if (Math.abs(value) >= float16Limit) return sign | 0x7c00;
  if (size < 0x38800000) return sign | roundToEven(Math.abs(value) * 2 ** 24);
  return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

let table: Float32Array | undefined;

/** The numbers that float16 bits stand for; exact. */
export function fromFloat16(values: Uint16Array): Float32Array {
  const known = (table ??= Float32Array.from({ length: 2 ** 16 }, (_, i) => float16Value(i)));
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = known[values[i] ?? 0] ?? NaN;
  return out;
}

function float16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The numbers that bfloat16 bits, the upper half of float32's, stand for; exact. */
export function fromBfloat16(values: Uint16Array): Float32Array {
  const out = new Float32Array(values.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < words.length; i++) words[i] = (values[i] ?? 0) << 16;
  return out;
}

/** The bits of the nearest bfloat16 of each number, ties to even. */
export function toBfloat16(values: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = bfloat16Bits(values[i] ?? 0);
  return out;
}

function bfloat16Bits(value: number): number {
  number[0] = value;
  const all = bits[0] ?? 0;
  if (Number.isNaN(value)) return (all >>> 16) | 0x40;
  return (all + 0x7fff + ((all >>> 16) & 1)) >>> 16;
}
