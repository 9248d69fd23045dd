import {
  rowCount,
  type Columns,
  type ParquetFileWriter,
  type Rows,
} from '../../runtime/storage/parquet/writer.js';
import { groupRows } from './labelStore.js';

/** Gathers rows into row groups of a fixed size, so that files read well and memory stays bounded. */
export class RowCollector<C extends Columns> {
  readonly #capacity: number;
  readonly #columns: readonly (readonly [string, Int32Array | Float32Array | string[]])[];
  #count = 0;

  constructor(
    columns: C,
    private readonly writer: ParquetFileWriter<C>,
  ) {
    const capacity = (this.#capacity = groupRows(columns));
    this.#columns = Object.entries(columns).map(([name, type]) => {
      if (type === 'int32') return [name, new Int32Array(capacity)];
      if (type === 'float32') return [name, new Float32Array(capacity)];
      return [name, new Array<string>(capacity).fill('')];
    });
  }

  /** Adds some rows, by their places in `rows`; all of them if `picks` is missing. */
  append(rows: Rows<C>, picks?: Int32Array): void {
    const total = picks?.length ?? rowCount(rows);
    for (let start = 0; start < total;) {
      const room = Math.min(this.#capacity - this.#count, total - start);
      for (const [name, to] of this.#columns) {
        const from = (rows as Rows<Columns>)[name];
        for (let i = 0; i < room; i++) {
          const value = from?.[picks ? (picks[start + i] ?? 0) : start + i];
          to[this.#count + i] = value ?? 0;
        }
      }
      this.#count += room;
      start += room;
      if (this.#count === this.#capacity) this.flush();
    }
  }

  /** Writes what is left. */
  flush(): void {
    const rows = Object.fromEntries(
      this.#columns.map(([name, values]) => [name, values.slice(0, this.#count)]),
    );
    // The columns were made of the types that C gives them.
    this.writer.write(rows as Rows<C>);
    this.#count = 0;
  }
}
