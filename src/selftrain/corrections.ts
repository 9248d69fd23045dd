import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readError } from '../runtime/fileErrors.js';
import { DataError } from '../support/errors.js';
import { nearest } from '../support/nearest.js';

/** What a person said of single images. */
export interface Corrections {
  readonly path: string;
  /** SHA-256 of the file. */
  readonly fingerprint: string;
  /** Class of an image by its id; null for an image that belongs to no class. */
  readonly labels: ReadonlyMap<string, number | null>;
}

/**
 * Reads a CSV with the columns `id` and `label`, a class name; an empty label drops the image.
 * Throws a DataError that names the line which is wrong.
 */
export function readCorrections(path: string, classes: readonly string[]): Corrections {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw readError(error, path);
  }
  const labels = new Map<string, number | null>();
  const numbers = new Map(classes.map((name, i) => [name, i]));
  let columns: { readonly id: number; readonly label: number } | undefined;
  for (const { cells, line } of rowsOf(text.replace(/^\uFEFF/, ''))) {
    const wrong = (message: string, hint: string): DataError =>
      new DataError(message, { code: 'corrections', where: `${path}:${line}`, hint });
    if (columns === undefined) {
      columns = { id: cells.indexOf('id'), label: cells.indexOf('label') };
      if (columns.id < 0 || columns.label < 0)
        throw wrong('a list of corrections begins with its columns', 'begin it with: id,label');
      continue;
    }
    const [id = '', name = ''] = [cells[columns.id], cells[columns.label]?.trim()];
    if (id === '') throw wrong('a correction without an id', 'give the id of an image');
    const label = name === '' ? null : numbers.get(name);
    if (label === undefined) {
      const near = nearest(name, classes);
      throw wrong(
        `${JSON.stringify(name)} is no class${near === undefined ? '' : ` (did you mean ${near}?)`}`,
        `allowed: ${some(classes)}; or leave it empty to drop the image`,
      );
    }
    if (labels.has(id) && labels.get(id) !== label)
      throw wrong(`${id} is corrected twice, differently`, 'keep one of the two lines');
    labels.set(id, label);
  }
  return { path, fingerprint: createHash('sha256').update(text).digest('hex'), labels };
}

function some(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')}, ...` : names.join(', ');
}

/** Cells of CSV (RFC 4180) with the line that each row begins at; empty rows are left out. */
function* rowsOf(text: string): Generator<{ cells: string[]; line: number }> {
  const token = /"((?:[^"]|"")*)"|([^",\r\n]+)|(,)|(\r?\n)/gy;
  let cells = [''];
  let line = 1;
  let begin = 1;
  for (let match; (match = token.exec(text));) {
    const [whole, quoted, plain, comma] = match;
    const last = cells.length - 1;
    if (quoted !== undefined) cells[last] += quoted.replaceAll('""', '"');
    else if (plain !== undefined) cells[last] += plain;
    else if (comma !== undefined) cells.push('');
    line += whole.split('\n').length - 1;
    if (quoted !== undefined || plain !== undefined || comma !== undefined) continue;
    if (cells.length > 1 || cells[0] !== '') yield { cells, line: begin };
    [cells, begin] = [[''], line];
  }
  if (cells.length > 1 || cells[0] !== '') yield { cells, line: begin };
}

/** Throws a DataError where corrections are for images that the labels do not have. */
export function requireAllUsed({ path, labels }: Corrections, used: ReadonlySet<string>): void {
  const unused = [...labels.keys()].filter((id) => !used.has(id));
  const [first] = unused;
  if (first === undefined) return;
  throw new DataError(
    `${path} corrects ${unused.length === 1 ? first : `${unused.length} images`}, which the labels do not have`,
    {
      code: 'corrections-unused',
      where: path,
      notes: unused.length === 1 ? [] : unused.slice(0, 5),
      hint: 'an id is what the column `id` of the labels holds; remove the lines of other images',
    },
  );
}
