import { AtomicFile } from '../runtime/atomic.js';

/** A line of CSV (RFC 4180), with its end. */
export function csvLine(cells: readonly (string | number)[]): string {
  const quoted = (cell: string): string =>
    /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return `${cells.map((cell) => quoted(String(cell))).join(',')}\n`;
}

const flushAt = 2 ** 16;

/** Writes CSV line by line into a file that appears whole or not at all. */
export class CsvWriter {
  readonly #file: AtomicFile;
  readonly #encoder = new TextEncoder();
  #text: string;

  /** Throws as AtomicFile does, here and when it writes. */
  constructor(path: string, columns: readonly string[]) {
    this.#file = new AtomicFile(path);
    this.#text = csvLine(columns);
  }

  add(cells: readonly (string | number)[]): void {
    this.#text += csvLine(cells);
    if (this.#text.length >= flushAt) this.#flush();
  }

  /** Completes the file and gives it its name. */
  commit(): void {
    this.#flush();
    this.#file.commit();
  }

  /** Drops what was written; nothing happens after a commit. */
  discard(): void {
    this.#file.discard();
  }

  #flush(): void {
    this.#file.write(this.#encoder.encode(this.#text));
    this.#text = '';
  }
}
