import { readCsv, type CsvRow } from '../../data/text/csv.js';
import { textOfCell } from './csv.js';
import { canonicalName } from '../../data/text/nearNames.js';
import { hashOfPath } from '../../runtime/storage/hashFile.js';
import { DataError } from '../../support/errors.js';
import { nearest } from '../../support/nearest.js';

/** Decisions by a person about single images. */
export interface Corrections {
  readonly path: string;
  /** SHA-256 of the file. */
  readonly fingerprint: string;
  /** Class of an image by its id; null for an image that belongs to no class. */
  readonly labels: ReadonlyMap<string, number | null>;
  /** Images of a random sample, which a person marks: what they found. */
  readonly marks: ReadonlyMap<string, Mark>;
  /** Line of the file that says so. */
  readonly lines: ReadonlyMap<string, number>;
}

/** Judgement by a person of the label of an image in a random sample. */
export interface Mark {
  /** Undefined if they have not said. */
  readonly verdict: 'right' | 'wrong' | undefined;
  /** The label that was shown; undefined if the file does not tell. */
  readonly judged: number | undefined;
}

/**
 * Placeholder for a class in a template: this image was not examined, and its line changes nothing.
 */
export const undecided = '?';

/** Names of the columns: those that a person would choose, and those of the labels' files. */
const columnNames = { image: ['image', 'id'], class: ['class', 'label'] } as const;

/** Columns of a sample that is to be marked: `right`, `wrong` or `?`, and the label that was shown. */
export const sampleColumns = { mark: 'audit', judged: 'teacher' } as const;

interface CorrectionColumns {
  readonly image: number;
  readonly class: number;
  /** -1 if there is none. */
  readonly mark: number;
  readonly judged: number;
}

/**
 * Reads a CSV with the columns `image` and `class` (or `id` and `label`), an id and a class name; an
 * empty class drops the image, and a `?` says nothing of it. Images with something in the column
 * `audit` are a random sample. Throws a DataError that names the line which is wrong.
 */
export function readCorrections(path: string, classes: readonly string[]): Corrections {
  const rows = readCsv(path, 'write the corrections as a CSV with the columns image and class');
  const labels = new Map<string, number | null>();
  const marks = new Map<string, Mark>();
  const lines = new Map<string, number>();
  const numbers = new Map(classes.map((name, i) => [canonicalName(name), i]));
  const columns = columnsOf(rows[0], path);
  for (const { cells, line } of rows.slice(1)) {
    const id = textOfCell(cells[columns.image] ?? '');
    const name = canonicalName(textOfCell(cells[columns.class] ?? ''));
    const wrong = (message: string, hint: string): DataError =>
      new DataError(message, { code: 'corrections', where: `${path}:${line}`, hint });
    const unsaid = name === undecided && !numbers.has(name);
    const mark = markOf(cells, columns, numbers, wrong);
    if (mark && id !== '') {
      if ((marks.get(id)?.verdict ?? mark.verdict) !== mark.verdict)
        throw wrong(
          `${id} is marked twice, differently: see line ${lines.get(id) ?? 1}`,
          'keep one of the two lines',
        );
      marks.set(id, mark);
      if (!lines.has(id)) lines.set(id, line);
    }
    if (unsaid) continue;
    if (id === '') throw wrong('a correction does not name an image', 'write the id of an image');
    const label = name === '' ? null : numbers.get(name);
    if (label === undefined) {
      const near = nearest(name, classes);
      throw wrong(
        `${JSON.stringify(name)} is not a class${near === undefined ? '' : ` (did you mean ${near}?)`}`,
        `allowed: ${some(classes)}; or leave the class empty to drop the image`,
      );
    }
    if (labels.has(id) && labels.get(id) !== label)
      throw wrong(
        `${id} is corrected twice, differently: see line ${lines.get(id) ?? 1}`,
        'keep one of the two lines',
      );
    requireOneWord(mark, label, wrong);
    labels.set(id, label);
    if (!lines.has(id)) lines.set(id, line);
  }
  return { path, fingerprint: hashOfPath(path), labels, marks, lines };
}

type Wrong = (message: string, hint: string) => DataError;

/** Reads a row's mark, if its image belongs to the sample. */
function markOf(
  cells: readonly string[],
  { mark, judged }: CorrectionColumns,
  numbers: ReadonlyMap<string, number>,
  wrong: Wrong,
): Mark | undefined {
  const said = cells[mark]?.trim() ?? '';
  if (said === '') return undefined;
  if (said !== 'right' && said !== 'wrong' && said !== undecided)
    throw wrong(
      `${JSON.stringify(said)} is not a valid mark`,
      `allowed in the column ${sampleColumns.mark}: right, wrong, or ${undecided} for an image that was not examined`,
    );
  return {
    verdict: said === undecided ? undefined : said,
    judged: numbers.get(canonicalName(textOfCell(cells[judged] ?? ''))),
  };
}

/** Throws if a row's mark and its class contradict each other. */
function requireOneWord(mark: Mark | undefined, label: number | null, wrong: Wrong): void {
  if (mark?.verdict === undefined || mark.judged === undefined) return;
  if ((mark.verdict === 'right') === (mark.judged === label)) return;
  throw wrong(
    `the label is marked ${mark.verdict}, but the class says that it is ${mark.verdict === 'right' ? 'wrong' : 'right'}`,
    `set the class to ${undecided} or leave the mark empty`,
  );
}

function columnsOf(first: CsvRow | undefined, path: string): CorrectionColumns {
  const { cells, line } = first ?? { cells: [], line: 1 };
  const place = (allowed: readonly string[]): number =>
    cells.findIndex((name) => allowed.includes(name));
  const columns = {
    ...{ image: place(columnNames.image), class: place(columnNames.class) },
    ...{ mark: cells.indexOf(sampleColumns.mark), judged: cells.indexOf(sampleColumns.judged) },
  };
  if (columns.image >= 0 && columns.class >= 0) return columns;
  throw new DataError('a list of corrections must begin with its column names', {
    code: 'corrections',
    where: `${path}:${line}`,
    hint: 'begin it with: image,class',
  });
}

function some(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')}, ...` : names.join(', ');
}

/** Throws a DataError if corrections are for images that are not there; `lack` says where. */
export function requireAllUsed(
  { path, labels, marks, lines }: Corrections,
  used: ReadonlySet<string>,
  lack = 'the labels do not have',
): void {
  const named = new Set([...labels.keys(), ...marks.keys()]);
  const unused = [...named].filter((id) => !used.has(id));
  const [first] = unused;
  if (first === undefined) return;
  const line = (id: string): number => lines.get(id) ?? 1;
  throw new DataError(
    `${path} corrects ${unused.length === 1 ? first : `${unused.length} images`}, which ${lack}`,
    {
      code: 'corrections-unused',
      where: `${path}:${line(first)}`,
      notes: unused.length === 1 ? [] : unused.slice(0, 5).map((id) => `line ${line(id)}: ${id}`),
      hint: 'name images as in the column `id` of the labels, and remove the lines of other images',
    },
  );
}
