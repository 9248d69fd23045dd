import { invariant } from './errors.js';
import { philox4x32 } from './random.js';

/** Enough for small sets too, where few rounds would leave many orders out. */
const rounds = 8;

/**
 * A random order of 0..count-1 that needs no memory, for sets of any size: a Feistel network on
 * pairs (left, right), with the counter-based generator as its round function. The pairs are a few
 * more than the indices; a pair outside is sent through again until it is inside (cycle walking).
 */
export class RandomOrder {
  /** Index i is the pair (i div columns, i mod columns). */
  readonly #columns: number;
  readonly #rows: number;
  readonly #words = new Uint32Array(4);
  readonly #key: readonly [number, number];

  /** `count` is at most 2^53; `step` tells orders of one `site` apart, such as epochs. */
  constructor(
    readonly count: number,
    seed: number,
    private readonly id: { readonly site: number; readonly step: number },
  ) {
    this.#columns = Math.ceil(Math.sqrt(count));
    this.#rows = Math.ceil(count / Math.max(1, this.#columns));
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  }

  /** The index at place i of the order. */
  at(i: number): number {
    invariant(i >= 0 && i < this.count, `place ${i} of ${this.count}`);
    let index = i;
    do index = this.#mix(index);
    while (index >= this.count);
    return index;
  }

  #mix(index: number): number {
    const columns = this.#columns;
    let left = Math.floor(index / columns);
    let right = index - left * columns;
    for (let round = 0; round < rounds; round += 2) {
      left = (left + this.#word(right, round)) % this.#rows;
      right = (right + this.#word(left, round + 1)) % columns;
    }
    return left * columns + right;
  }

  #word(half: number, round: number): number {
    const [k0, k1] = this.#key;
    const { site, step } = this.id;
    philox4x32(this.#words, 0, half, round, step >>> 0, site >>> 0, k0, k1);
    return this.#words[0] ?? 0;
  }
}
