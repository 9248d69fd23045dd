import { CsvError, parse } from 'csv-parse/sync';
import { DataError } from '../../support/errors.js';
import { readText } from './text.js';

/** Quotes are strict; blanks around a value count only inside them. */
const strict = {
  delimiter: ',',
  trim: true,
  relax_column_count: true,
  record_delimiter: '\n',
} as const;

/** Cells of a CSV file and the line that they begin at. */
export interface CsvRow {
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * Rows of a small CSV file below the line of its columns, which come first; blank lines are left
 * out. Throws a DataError with the line if quotes are not closed or stand inside a value, if
 * the cells are more or fewer than the columns, and as readText does.
 */
export function readCsv(path: string, hint?: string): CsvRow[] {
  const text = readText(path, hint);
  const rows: CsvRow[] = [];
  let end = 0;
  const wrong = (line: number, message: string): DataError =>
    new DataError(message, { code: 'csv', where: `${path}:${line}`, hint: quoteHint });
  try {
    parse(text, {
      ...strict,
      skip_empty_lines: true,
      on_record(cells: string[], { lines }) {
        const line = lines - cells.join('').split('\n').length + 1;
        end = lines;
        if (cells.every((cell) => cell === '')) return;
        rows.push({ cells, line });
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw wrong(lineAfter(text, end), problemOf(error));
  }
  const columns = rows[0]?.cells.length ?? 0;
  for (const { cells, line } of rows)
    if (cells.length !== columns)
      throw wrong(line, `${cells.length} fields, but ${columns} columns`);
  return rows;
}

const quoteHint =
  'put a value with commas or quotes into double quotes, and write a quote in it twice';

/** Number of the first line with something in it behind line `end`. */
function lineAfter(text: string, end: number): number {
  const rest = text.split('\n').slice(end);
  return (
    end +
    1 +
    Math.max(
      0,
      rest.findIndex((line) => line.trim() !== ''),
    )
  );
}

/** Cells that need no further look: without quotes, or wholly inside them. */
const plainCell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/**
 * Values of one line of CSV; a text of what is wrong with it. Lines as programs write them are read
 * here, several times as fast as by the library, which judges all others.
 */
export function csvFields(line: string): string[] | string {
  if (!line.includes('"')) return line.split(',').map(trimmed);
  const fields: string[] = [];
  plainCell.lastIndex = 0;
  for (;;) {
    const match = plainCell.exec(line);
    if (!match) return strictFields(line);
    const [, quoted, plain = '', end] = match;
    fields.push(quoted === undefined ? trimmed(plain) : quoted.replaceAll('""', '"'));
    if (end === '') return fields;
  }
}

function strictFields(line: string): string[] | string {
  try {
    return parse(line, strict)[0] ?? [''];
  } catch (error) {
    if (error instanceof CsvError) return problemOf(error);
    throw error;
  }
}

function trimmed(value: string): string {
  const [first, last] = [value.charCodeAt(0), value.charCodeAt(value.length - 1)];
  return first > 32 && last > 32 ? value : value.trim();
}

function problemOf({ code }: CsvError): string {
  return code === 'CSV_QUOTE_NOT_CLOSED'
    ? 'a quote is not closed'
    : 'a quote is not closed, or stands inside a value';
}
