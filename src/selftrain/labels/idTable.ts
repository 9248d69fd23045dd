/** More slots than ids, so that few are met on the way to a free one. */
const slotsPerId = 1.5;

/**
 * Numbers by the ids of images, without the ids: 64 bits of hash and the number, 18 bytes an image.
 * Two of n ids share a hash with a probability of about n^2 / 2^65: one in 370,000 for ten million.
 */
export class IdTable {
  readonly #slots: number;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  /** Number + 1; 0 if a slot is free. */
  readonly #values: Uint32Array;

  /** Allocates room for at most this many ids. */
  constructor(ids: number) {
    this.#slots = Math.ceil(slotsPerId * ids) + 1;
    this.#high = new Uint32Array(this.#slots);
    this.#low = new Uint32Array(this.#slots);
    this.#values = new Uint32Array(this.#slots);
  }

  /**
   * Notes the number of an id, from 0 to 2^32 - 2; an id that is there keeps its first, which is
   * returned, else -1.
   */
  add(id: string, value: number): number {
    const slot = this.#find(id);
    const first = this.#values[slot] ?? 0;
    if (first !== 0) return first - 1;
    [this.#high[slot], this.#low[slot]] = hash;
    this.#values[slot] = value + 1;
    return -1;
  }

  /** The number of an id; -1 if it has none. */
  get(id: string): number {
    return (this.#values[this.#find(id)] ?? 0) - 1;
  }

  /** The slot of an id, or the free one that it would take. */
  #find(id: string): number {
    hashId(id);
    const [high, low] = hash;
    let slot = (high * 2 ** 21 + (low >>> 11)) % this.#slots;
    while (this.#values[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low))
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    return slot;
  }
}

const hash: [number, number] = [0, 0];

/** Two lanes of rotations and multiplications over UTF-16 code units, mixed at the end as in MurmurHash3. */
function hashId(id: string): void {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(rotate(a ^ unit, 13), 0x9e3779b1);
    b = Math.imul(rotate(b ^ unit, 17), 0x5f356495);
  }
  hash[0] = mix(a);
  hash[1] = mix(b);
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
