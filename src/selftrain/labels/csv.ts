import { LineWriter } from './lineWriter.js';

/** Text that a spreadsheet would compute, with any quotes before it that make it inert. */
export const formulaCell = /^'*(?:[=@\t\r]|[+-](?!$|\d+(?:\.\d+)?$))/;

/** A line of CSV (RFC 4180), with its end. A cell that would be a formula gets a ' before it. */
export function csvLine(cells: readonly (string | number)[]): string {
  const quoted = (cell: string): string =>
    /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const inert = (cell: string): string => (formulaCell.test(cell) ? `'${cell}` : cell);
  return `${cells.map((cell) => quoted(inert(String(cell)))).join(',')}\n`;
}

/** The text of a cell that csvLine wrote. */
export function textOfCell(cell: string): string {
  return cell.startsWith("'") && formulaCell.test(cell) ? cell.slice(1) : cell;
}

/** Writes CSV line by line into a file that appears whole or not at all. */
export class CsvWriter {
  readonly #lines: LineWriter;

  /** Throws as LineWriter does, here and when it writes. */
  constructor(path: string, columns: readonly string[]) {
    this.#lines = new LineWriter(path);
    this.add(columns);
  }

  add(cells: readonly (string | number)[]): void {
    this.#lines.add(csvLine(cells));
  }

  /** Completes the file and gives it its name; returns its size in bytes. */
  commit(): number {
    return this.#lines.commit();
  }

  /** Drops what was written; nothing happens after a commit. */
  discard(): void {
    this.#lines.discard();
  }
}
