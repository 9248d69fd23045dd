import { readCsv, type CsvRow } from '../data/csv.js';
import { canonicalName } from '../data/nearNames.js';
import { hashOfPath } from '../runtime/hashFile.js';
import { DataError } from '../support/errors.js';
import { nearest } from '../support/nearest.js';

/** What a person said of single images. */
export interface Corrections {
  readonly path: string;
  /** SHA-256 of the file. */
  readonly fingerprint: string;
  /** Class of an image by its id; null for an image that belongs to no class. */
  readonly labels: ReadonlyMap<string, number | null>;
  /** Line of the file that says so. */
  readonly lines: ReadonlyMap<string, number>;
}

/** What stands for a class in a template: this image was not looked at, and its line says nothing. */
export const undecided = '?';

/** Names of the columns: those that a person would choose, and those of the labels' files. */
const columnNames = { image: ['image', 'id'], class: ['class', 'label'] } as const;

interface CorrectionColumns {
  readonly image: number;
  readonly class: number;
}

/**
 * Reads a CSV with the columns `image` and `class` (or `id` and `label`), an id and a class name; an
 * empty class drops the image, and a `?` says nothing of it. Throws a DataError that names the line
 * which is wrong.
 */
export function readCorrections(path: string, classes: readonly string[]): Corrections {
  const rows = readCsv(path, 'the corrections are a CSV with the columns image and class');
  const labels = new Map<string, number | null>();
  const lines = new Map<string, number>();
  const numbers = new Map(classes.map((name, i) => [canonicalName(name), i]));
  const columns = columnsOf(rows[0], path);
  for (const { cells, line } of rows.slice(1)) {
    const id = cells[columns.image] ?? '';
    const name = canonicalName(cells[columns.class] ?? '');
    if (name === undecided && !numbers.has(name)) continue;
    const wrong = (message: string, hint: string): DataError =>
      new DataError(message, { code: 'corrections', where: `${path}:${line}`, hint });
    if (id === '') throw wrong('a correction without an image', 'give the id of an image');
    const label = name === '' ? null : numbers.get(name);
    if (label === undefined) {
      const near = nearest(name, classes);
      throw wrong(
        `${JSON.stringify(name)} is not a class${near === undefined ? '' : ` (did you mean ${near}?)`}`,
        `allowed: ${some(classes)}; or leave it empty to drop the image`,
      );
    }
    if (labels.has(id) && labels.get(id) !== label)
      throw wrong(
        `${id} is corrected twice, differently: see line ${lines.get(id) ?? 1}`,
        'keep one of the two lines',
      );
    labels.set(id, label);
    if (!lines.has(id)) lines.set(id, line);
  }
  return { path, fingerprint: hashOfPath(path), labels, lines };
}

function columnsOf(first: CsvRow | undefined, path: string): CorrectionColumns {
  const { cells, line } = first ?? { cells: [], line: 1 };
  const place = (allowed: readonly string[]): number =>
    cells.findIndex((name) => allowed.includes(name));
  const columns = { image: place(columnNames.image), class: place(columnNames.class) };
  if (columns.image >= 0 && columns.class >= 0) return columns;
  throw new DataError('a list of corrections begins with its columns', {
    code: 'corrections',
    where: `${path}:${line}`,
    hint: 'begin it with: image,class',
  });
}

function some(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')}, ...` : names.join(', ');
}

/** Throws a DataError where corrections are for images that are not there; `lack` says where. */
export function requireAllUsed(
  { path, labels, lines }: Corrections,
  used: ReadonlySet<string>,
  lack = 'the labels do not have',
): void {
  const unused = [...labels.keys()].filter((id) => !used.has(id));
  const [first] = unused;
  if (first === undefined) return;
  const line = (id: string): number => lines.get(id) ?? 1;
  throw new DataError(
    `${path} corrects ${unused.length === 1 ? first : `${unused.length} images`}, which ${lack}`,
    {
      code: 'corrections-unused',
      where: `${path}:${line(first)}`,
      notes: unused.length === 1 ? [] : unused.slice(0, 5).map((id) => `line ${line(id)}: ${id}`),
      hint: 'an image is named as in the column `id` of the labels; remove the lines of other images',
    },
  );
}
