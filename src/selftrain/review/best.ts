/** The few items of the highest scores among very many; of equals the first ones, in order. */
export class Best<T> {
  readonly #items: { readonly score: number; readonly item: T }[] = [];

  constructor(private readonly count: number) {}

  /** True if an item of this score would be among them now. */
  wants(score: number): boolean {
    const last = this.#items[this.count - 1];
    // NaN is not a score.
    return this.count > 0 && score > (last === undefined ? -Infinity : last.score);
  }

  add(score: number, item: T): void {
    if (!this.wants(score)) return;
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.score ?? 0) >= score) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, { score, item });
    if (this.#items.length > this.count) this.#items.pop();
  }

  /** From the highest score down. */
  get items(): T[] {
    return this.#items.map(({ item }) => item);
  }
}
