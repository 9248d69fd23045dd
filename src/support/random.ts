/**
 * Philox4x32-10, a counter-based random generator (Salmon et al., SC 2011; cuRAND and PyTorch
 * use the same). A number is a pure function of (key, counter), so noise does not depend on the
 * order of evaluation, the machine, or the thread count.
 */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High 32 bits of the product of two unsigned 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** Writes four 32-bit words for the counter (c0..c3) under the key (k0, k1) to `out[at..at+3]`. */
export function philox4x32(
  out: Uint32Array,
  at: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = mulHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
}

/** Purpose of a random number; the three words of a counter beside the element's own index. */
export interface StreamId {
  /** Hash of the dotted name that the numbers belong to. */
  readonly site: number;
  readonly step: number;
  readonly sample: number;
}

/**
 * Fills `out` with the 32-bit words of one stream from word 4 * `firstBlock` on: word 4*i+j is word
 * j of philox(counter = [i, sample, step, site], key = [seed mod 2^32, seed div 2^32]).
 */
export function fillBits(out: Uint32Array, seed: number, id: StreamId, firstBlock = 0): void {
  const k0 = seed >>> 0;
  const k1 = Math.floor(seed / 2 ** 32) >>> 0;
  const [sample, step, site] = [id.sample >>> 0, id.step >>> 0, id.site >>> 0];
  const whole = out.length & ~3;
  for (let i = 0; i < whole; i += 4)
    philox4x32(out, i, firstBlock + (i >>> 2), sample, step, site, k0, k1);
  if (whole < out.length) {
    const tail = new Uint32Array(4);
    philox4x32(tail, 0, firstBlock + (whole >>> 2), sample, step, site, k0, k1);
    for (let i = whole; i < out.length; i++) out[i] = tail[i - whole] ?? 0;
  }
}

/** Words that are drawn at a time for a long array: 256 KiB, which stay in the cache. */
const pieceWords = 2 ** 16;

/** Calls `use` with the first `count` words of a stream, piece by piece. */
function eachPiece(
  count: number,
  seed: number,
  id: StreamId,
  use: (words: Uint32Array, start: number) => void,
): void {
  const words = new Uint32Array(Math.min(count, pieceWords));
  for (let start = 0; start < count; start += pieceWords) {
    const piece = words.subarray(0, count - start);
    fillBits(piece, seed, id, start / 4);
    use(piece, start);
  }
}

/** Fills `out` with low + (high - low) * u, where u in [0, 1) is a 32-bit word / 2^32. */
export function fillUniform(
  out: Float32Array | Float64Array,
  seed: number,
  id: StreamId,
  { low, high }: { readonly low: number; readonly high: number },
): void {
  eachPiece(out.length, seed, id, (words, start) => {
    for (let i = 0; i < words.length; i++)
      out[start + i] = low + (high - low) * ((words[i] ?? 0) / 2 ** 32);
  });
}

/**
 * Fills `out` with mean + std * z, where the z are standard normal by Box and Muller's method, from
 * pairs of words of the stream.
 */
export function fillNormal(
  out: Float32Array | Float64Array,
  seed: number,
  id: StreamId,
  { mean, std }: { readonly mean: number; readonly std: number },
): void {
  const even = out.length + (out.length & 1);
  eachPiece(even, seed, id, (words, start) => {
    for (let i = 0; i < words.length; i += 2) {
      // (word + 0.5) / 2^32 lies strictly inside (0, 1), so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(((words[i] ?? 0) + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * (words[i + 1] ?? 0)) / 2 ** 32;
      out[start + i] = mean + std * (radius * Math.cos(angle));
      // Beyond the end of an array of odd length, which a typed array ignores.
      out[start + i + 1] = mean + std * (radius * Math.sin(angle));
    }
  });
}

/** `count` numbers in [0, 1), each a 32-bit word / 2^32. */
export function uniform(count: number, seed: number, id: StreamId): Float64Array {
  const out = new Float64Array(count);
  fillUniform(out, seed, id, { low: 0, high: 1 });
  return out;
}

/** A permutation of 0..count-1 (Fisher-Yates over the stream). */
export function permutation(count: number, seed: number, id: StreamId): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const draws = uniform(count, seed, id);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((draws[i] ?? 0) * (i + 1));
    const held = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = held;
  }
  return order;
}

/** The numbers of one stream, one after another: word k of `fillBits` is the k-th that is drawn. */
export class RandomStream {
  readonly #words = new Uint32Array(4);
  readonly #key: readonly [number, number];
  #drawn = 0;

  constructor(
    seed: number,
    private readonly id: StreamId,
  ) {
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  }

  /** A 32-bit word. */
  bits(): number {
    const lane = this.#drawn & 3;
    if (lane === 0) {
      const { site, step, sample } = this.id;
      const [k0, k1] = this.#key;
      philox4x32(this.#words, 0, this.#drawn >>> 2, sample >>> 0, step >>> 0, site >>> 0, k0, k1);
    }
    this.#drawn += 1;
    return this.#words[lane] ?? 0;
  }

  /** A number from `low` to below `high`; default 0 and 1. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 2 ** 32);
  }

  /** A whole number from 0 to below `count`. */
  integer(count: number): number {
    return Math.floor(this.uniform(0, count));
  }
}
