/**
 * Exactly the n largest of very many keys, without holding them: each pass over the keys counts
 * those of an interval in some bins, and narrows the interval to the bin in which the cut lies.
 */

const binCount = 512;

/** Finds, by passes, the smallest key among the `wanted` largest of more than `wanted`. */
export class LargestKeys {
  #low: number;
  #high: number;
  #width: number;
  /** Keys at or above #high, which are all taken. */
  #above = 0;
  #bins = new Float64Array(binCount);
  #done = false;

  /** Keys are whole numbers from `low` to below `high`. */
  constructor(
    private readonly wanted: number,
    low: number,
    high: number,
  ) {
    this.#low = low;
    this.#high = high;
    this.#width = Math.ceil((high - low) / binCount);
  }

  /** True if no further pass is needed. */
  get done(): boolean {
    return this.#done;
  }

  /** Counts a key of the pass. */
  add(key: number): void {
    if (!(key >= this.#low && key < this.#high)) return;
    const bin = Math.floor((key - this.#low) / this.#width);
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
  }

  /** Ends a pass over all keys. */
  endPass(): void {
    let bin = binCount - 1;
    for (; bin > 0; bin--) {
      const count = this.#bins[bin] ?? 0;
      if (this.#above + count >= this.wanted) break;
      this.#above += count;
    }
    const whole = this.#above + (this.#bins[bin] ?? 0) === this.wanted;
    this.#high = Math.min(this.#high, this.#low + (bin + 1) * this.#width);
    this.#low += bin * this.#width;
    this.#done = whole || this.#width === 1;
    this.#width = Math.ceil((this.#high - this.#low) / binCount);
    this.#bins = new Float64Array(binCount);
    if (!whole) return;
    // The whole bin is taken: nothing lies on the border.
    this.#above = this.wanted;
    this.#high = this.#low;
  }

  /** Keys at or above it are taken. */
  get takenFrom(): number {
    return this.#high;
  }

  /** Number of keys equal to the one below `takenFrom` that are taken as well. */
  get ties(): { readonly key: number; readonly wanted: number } {
    return { key: this.#low, wanted: this.wanted - this.#above };
  }
}

/** A confidence as a whole number that orders as it does: exact from 0.5 on, to 2^-24 below. */
export function confidenceKey(confidence: number): number {
  return Math.floor(Math.min(1, Math.max(0, confidence)) * 2 ** 24);
}

/** Above every key of a confidence. */
export const confidenceKeyEnd = 2 ** 24 + 1;
