import { statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';
import { limits } from '../../support/limits.js';
import { matchClasses, type WantedClasses } from './classes.js';
import type { Images, LabelledImages } from './images.js';
import { LeftOut } from './leftOut.js';
import { Lines } from '../text/lines.js';
import { commaLines, jsonLines, type ListFormat, type ListRow } from '../text/listRows.js';
import { canonicalName, requireDistinct, type PlacedName } from '../text/nearNames.js';
import { listedProblem } from './scan.js';

export interface ListOptions {
  /** Folder that the paths start from; default the list's own. */
  readonly root?: string | undefined;
  /** The classes that it must have; default all that the list names, sorted. */
  readonly wanted?: WantedClasses | undefined;
}

/** Files are looked for up to this line, behind it one in a thousand: a look may cost a disk's seek. */
const checkedLines = 1_000_000;
const shownProblems = 5;

/**
 * A list of images with their classes: CSV with the columns `path` and `label`, or JSON lines with
 * these keys. Throws a DataError that names the lines if a file is missing or a label is left out,
 * and one if the classes differ.
 */
export async function openImageList(
  file: string,
  options: ListOptions = {},
): Promise<LabelledImages> {
  /** The line that each class is named on first, as the list spells it, and in how many rows. */
  const firstLines = new Map<string, number>();
  const rows = new Map<string, number>();
  const list = await openRows(file, options, ({ label }, number) => {
    if (label === undefined) return 'the label is missing';
    const before = rows.get(label);
    if (before === undefined && /\p{Surrogate}/u.test(label))
      return 'the label holds a half of a character';
    rows.set(label, (before ?? 0) + 1);
    if (before === undefined) firstLines.set(label, number);
    return undefined;
  });
  const found = [...firstLines.keys()];
  if (!options.wanted) requireDistinct(canonicalPlaces(firstLines), file);
  if (found.length > limits.classes)
    throw new DataError(`${file} names ${found.length} classes, more than ${limits.classes}`, {
      code: 'too-many-classes',
      where: file,
      hint: 'write the class name, which many images share, into the column `label`',
    });
  const { classNames, numbers, missing } = matchClasses(found, options.wanted, file, firstLines);
  const byName = new Map(found.map((name, i) => [name, numbers[i]]));
  const numberOf = (label = ''): number => byName.get(label) ?? 0;
  const classSizes = new Float64Array(classNames.length);
  for (const [label, own] of rows)
    classSizes[numberOf(label)] = (classSizes[numberOf(label)] ?? 0) + own;
  return {
    ...list.images,
    classNames,
    classSizes,
    ...(missing.length > 0 && { missingClasses: missing }),
    label: (i) => numberOf(list.row(i).label),
  };
}

/** Each class once, by the first of its spellings that are the same name. */
function canonicalPlaces(lines: ReadonlyMap<string, number>): PlacedName[] {
  const first = new Map<string, PlacedName>();
  for (const [spelt, number] of lines) {
    const name = canonicalName(spelt);
    if (!first.has(name)) first.set(name, { name, place: `line ${number}` });
  }
  return [...first.values()];
}

/** A list of images without classes; labels that it has are not looked at. */
export async function openUnlabelledList(
  file: string,
  options: Pick<ListOptions, 'root'> = {},
): Promise<Images> {
  return (await openRows(file, options, () => undefined)).images;
}

async function openRows(
  file: string,
  { root = dirname(file) }: ListOptions,
  check: (row: ListRow, number: number) => string | undefined,
) {
  const problems = new Problems(file);
  const leftOut = new LeftOut(true);
  let format: ListFormat | undefined;
  const lines = await Lines.ofFile(file, (line, number) => {
    if (format === undefined) {
      format = formatOf(file, line, number);
      if (format.header) return;
    }
    const row = format.row(line);
    const problem =
      typeof row === 'string' ? row : (check(row, number) ?? missing(root, row, number, leftOut));
    if (problem !== undefined) problems.add(number, problem);
  });
  problems.throw();
  const first = format?.header ? 1 : 0;
  const count = lines.count - first;
  if (format === undefined || count <= 0)
    throw new DataError(`${file} lists no images`, { code: 'no-images', where: file });
  const { row: parse } = format;
  const row = (i: number): ListRow => {
    const parsed = parse(lines.at(first + i));
    if (typeof parsed !== 'string') return parsed;
    throw new DataError(`${file} has changed: ${parsed}`, { code: 'list-changed', where: file });
  };
  const images: Images = {
    name: file,
    count,
    fingerprint: lines.fingerprint,
    leftOut,
    id: (i) => row(i).path,
    where: (i) => resolve(root, row(i).path),
  };
  return { images, row };
}

function formatOf(file: string, line: string, number: number): ListFormat {
  if (!/\.csv$/i.test(file)) return jsonLines;
  const format = commaLines(line);
  if (typeof format !== 'string') return format;
  throw new DataError(format, {
    code: 'list-columns',
    where: `${file}:${number}`,
    hint: 'begin the list with the line `path,label`, and separate values with commas',
  });
}

/** Looks for the file of a row: says what is wrong, or notes in `left` that it cannot be decoded. */
function missing(
  root: string,
  { path }: ListRow,
  number: number,
  left: LeftOut,
): string | undefined {
  if (number > checkedLines && number % 1000 !== 0) return undefined;
  const file = resolve(root, path);
  const found = statOf(file);
  if (typeof found === 'string') return found;
  if (found?.isFile()) {
    const problem = listedProblem(file);
    if (problem) left.addUnreadable({ where: file, ...problem });
    return undefined;
  }
  return found ? `${file} is not a file` : `${file} does not exist`;
}

/** A text of what is wrong if the file system says more than that nothing is there. */
function statOf(file: string): Stats | string | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (cause) {
    return messageOf(cause);
  }
}

/** Faults in a list, line by line; a few are shown and all are counted. */
class Problems {
  readonly #shown: { readonly number: number; readonly text: string }[] = [];
  #count = 0;

  constructor(private readonly file: string) {}

  add(number: number, text: string): void {
    this.#count += 1;
    if (this.#shown.length < shownProblems) this.#shown.push({ number, text });
  }

  throw(): void {
    const [first] = this.#shown;
    if (first === undefined) return;
    const more = this.#count - this.#shown.length;
    throw new DataError(
      this.#count === 1 ? first.text : `${this.#count} lines of ${this.file} are wrong`,
      {
        code: 'list-rows',
        where: `${this.file}:${first.number}`,
        notes:
          this.#count === 1
            ? []
            : [
                ...this.#shown.map(({ number, text }) => `line ${number}: ${text}`),
                ...(more > 0 ? [`and ${more} more`] : []),
              ],
        hint: 'correct or remove them; paths are relative to the folder of the list, or to `root`',
      },
    );
  }
}

/** The line of a list that names image i, from 1; undefined for what is not a list. */
export async function lineOfRow(file: string, i: number): Promise<number | undefined> {
  if (!/\.(?:csv|jsonl|ndjson)$/i.test(file)) return undefined;
  let [row, found]: [number, number | undefined] = [/\.csv$/i.test(file) ? -1 : 0, undefined];
  const lines = await Lines.ofFile(file, (_, number) => {
    if (row === i) found = number;
    row += 1;
  });
  lines.close();
  return found;
}
