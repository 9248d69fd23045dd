import { IdTable } from './idTable.js';

/** Ids of all rows so far, in their order, read again. */
type Reread = () => AsyncIterable<readonly string[]>;

/**
 * Finds an id that stands in two rows. As long as ids come in order (of their text, or as numbers), as
 * those of a folder or a packed set do, nothing is held; then they are held by an IdTable, 18 bytes each.
 */
export class UniqueIds {
  #rows = 0;
  #last: string | undefined;
  #sorted = true;
  #counting = true;
  #table: IdTable | undefined;

  /** Takes this many rows in all; `reread` gives the ids again from the first row on. */
  constructor(
    private readonly rows: number,
    private readonly reread: Reread,
  ) {}

  /** Adds the ids of the next rows. Returns both rows, counted over all, of the first id that was there before. */
  async add(ids: readonly string[]): Promise<{ first: number; again: number } | undefined> {
    const start = this.#rows;
    this.#rows += ids.length;
    if (!this.#table) {
      if (this.#inOrder(ids)) return undefined;
      this.#table = new IdTable(this.rows);
      await this.#fill(this.#table, start);
    }
    for (let row = 0; row < ids.length; row++) {
      const id = ids[row] ?? '';
      const first = this.#table.add(id, start + row);
      // Hashes may be equal if ids are not.
      if (first >= 0 && (await this.#at(first)) === id) return { first, again: start + row };
    }
    return undefined;
  }

  /** True if each id comes after the one before, in one of the two orders throughout. */
  #inOrder(ids: readonly string[]): boolean {
    for (const id of ids) {
      const last = this.#last;
      this.#last = id;
      if (last === undefined) continue;
      const longer = id.length - last.length;
      if (this.#sorted && id <= last) this.#sorted = false;
      if (this.#counting && (longer < 0 || (longer === 0 && id <= last))) this.#counting = false;
      if (!this.#sorted && !this.#counting) return false;
    }
    return true;
  }

  async #fill(table: IdTable, rows: number): Promise<void> {
    let row = 0;
    for await (const ids of this.reread())
      for (const id of ids) {
        if (row === rows) return;
        table.add(id, row++);
      }
  }

  async #at(row: number): Promise<string | undefined> {
    let start = 0;
    for await (const ids of this.reread()) {
      if (row < start + ids.length) return ids[row - start];
      start += ids.length;
    }
    return undefined;
  }
}
