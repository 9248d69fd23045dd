/** Checks that labels make sense, column by column, whoever wrote them. */
import type { Columns, Rows } from '../../runtime/storage/parquet/writer.js';
import { DataError } from '../../support/errors.js';

/** Bounds that labels must satisfy. */
export interface LabelBounds {
  readonly classes: readonly string[];
  readonly topK: number | null;
  /** Images of the data that was labelled: places are below. */
  readonly images: number;
}

/**
 * Largest deviation from 1 of the sum of a row's probabilities: 16-bit floats and rounded decimals
 * are closer.
 */
const sumTolerance = 0.01;
/** Largest rounding error of a probability outside 0 to 1, or rising where it should fall. */
const tolerance = 1e-6;
/** Rounding error of 16-bit floats near 1. */
const rankTolerance = 1e-3;

/** A row that makes no sense. */
interface Wrong {
  readonly row: number;
  readonly what: string;
}

/** Columns that hold the number of a class, if there are such columns. */
const classColumns = ['label', 'actual'] as const;

/** Checks the rows of one reading, in all its files. */
export class LabelChecks {
  /** Rows whose label is not their likeliest class. */
  differing = 0;
  /** A bit for each place that was met. */
  #places: Uint8Array | undefined;
  readonly #stamps: Int32Array;
  #stamp = 0;

  constructor(private readonly bounds: LabelBounds) {
    this.#stamps = new Int32Array(bounds.topK === null ? 0 : bounds.classes.length);
  }

  /** Checks rows of which the first is `first` in its file. Throws a DataError that names the file and the row. */
  check(rows: Rows<Columns>, path: string, first: number): void {
    const { classes } = this.bounds;
    for (const name of classColumns) {
      const wrong = this.#classNumbers(rows[name], name);
      if (wrong)
        throw senseless(path, first, wrong, rows, `classes are 0 to ${classes.length - 1}`);
    }
    const wrong =
      outside(rows['confidence'], 'a confidence', 0, 1) ??
      outside(rows['copies'], 'copies:', 0, Infinity) ??
      emptyId(rows['id']) ??
      this.#index(rows['index']) ??
      this.#probabilities(rows);
    if (wrong) throw senseless(path, first, wrong, rows);
  }

  #classNumbers(values: Rows<Columns>[string] | undefined, name: string): Wrong | undefined {
    if (!(values instanceof Int32Array)) return undefined;
    const { length } = this.bounds.classes;
    for (let row = 0; row < values.length; row++) {
      const own = values[row] ?? -1;
      if (own < 0 || own >= length) return { row, what: `${own} in the column ${name}` };
    }
    return undefined;
  }

  /** Places lie in the data, and each stands there once. */
  #index(values: Rows<Columns>[string] | undefined): Wrong | undefined {
    if (!(values instanceof Int32Array)) return undefined;
    const { images } = this.bounds;
    const places = (this.#places ??= new Uint8Array(Math.ceil(images / 8)));
    for (let row = 0; row < values.length; row++) {
      const own = values[row] ?? -1;
      if (own < 0 || own >= images) return { row, what: `an index of ${own} in ${images} images` };
      const bit = 1 << (own & 7);
      const byte = places[own >> 3] ?? 0;
      if ((byte & bit) !== 0) return { row, what: `the index ${own} a second time` };
      places[own >> 3] = byte | bit;
    }
    return undefined;
  }

  /** Probabilities of all classes, or of the likeliest and the rest. */
  #probabilities(rows: Rows<Columns>): Wrong | undefined {
    const { classes, topK } = this.bounds;
    const count = topK ?? classes.length;
    const columns: Float32Array[] = [];
    for (let i = 0; i < count; i++) {
      const own = rows[`p${i}`];
      if (!(own instanceof Float32Array)) return undefined;
      columns.push(own);
    }
    const rest = rows['rest'];
    const all = rest instanceof Float32Array ? [...columns, rest] : columns;
    for (const [i, own] of all.entries()) {
      const wrong = outside(own, i < count ? `p${i}:` : 'rest:', 0, 1);
      if (wrong) return wrong;
    }
    const wrong = wrongSum(all) ?? (topK === null ? undefined : this.#ranks(rows, columns));
    if (!wrong && topK === null) this.#countDiffering(rows['label'], columns);
    return wrong;
  }

  /** The classes that are kept of each row are different ones, from the likeliest on. */
  #ranks(rows: Rows<Columns>, columns: readonly Float32Array[]): Wrong | undefined {
    const { length } = this.bounds.classes;
    const classes = columns.map((_, i) => rows[`c${i}`]);
    const labels = rows['label'];
    const count = columns[0]?.length ?? 0;
    for (let row = 0; row < count; row++) {
      this.#stamp += 1;
      let before = Infinity;
      for (const [i, column] of columns.entries()) {
        const own = Number(classes[i]?.[row]);
        if (!(own >= 0 && own < length)) return { row, what: `c${i}: ${own} of ${length} classes` };
        if (this.#stamps[own] === this.#stamp) return { row, what: `c${i}: class ${own} again` };
        this.#stamps[own] = this.#stamp;
        const p = column[row] ?? 0;
        if (p > before + rankTolerance)
          return { row, what: `p${i} of ${p} is above p${i - 1} of ${before}` };
        before = p;
      }
      if (labels && classes[0]?.[row] !== labels[row]) this.differing += 1;
    }
    return undefined;
  }

  #countDiffering(
    labels: Rows<Columns>[string] | undefined,
    columns: readonly Float32Array[],
  ): void {
    if (!(labels instanceof Int32Array)) return;
    const most = new Float32Array(labels.length);
    for (const column of columns)
      for (let row = 0; row < most.length; row++) {
        const p = column[row] ?? 0;
        if (p > (most[row] ?? 0)) most[row] = p;
      }
    for (let row = 0; row < most.length; row++)
      if ((columns[labels[row] ?? 0]?.[row] ?? 0) < (most[row] ?? 0) - rankTolerance)
        this.differing += 1;
  }
}

function outside(
  values: Rows<Columns>[string] | undefined,
  what: string,
  least: number,
  most: number,
): Wrong | undefined {
  if (values === undefined || Array.isArray(values)) return undefined;
  const [low, high] = [least - tolerance, most + tolerance];
  for (let row = 0; row < values.length; row++) {
    const own = values[row] ?? NaN;
    // NaN fails every comparison.
    if (!(own >= low && own <= high)) return { row, what: `${what} ${own}` };
  }
  return undefined;
}

function emptyId(ids: Rows<Columns>[string] | undefined): Wrong | undefined {
  if (!Array.isArray(ids)) return undefined;
  const row = ids.indexOf('');
  return row < 0 ? undefined : { row, what: 'an empty id' };
}

function wrongSum(columns: readonly Float32Array[]): Wrong | undefined {
  const sums = new Float64Array(columns[0]?.length ?? 0);
  for (const column of columns)
    for (let row = 0; row < sums.length; row++) sums[row] = (sums[row] ?? 0) + (column[row] ?? 0);
  const row = sums.findIndex((sum) => Math.abs(sum - 1) > sumTolerance);
  if (row < 0) return undefined;
  return { row, what: `probabilities that sum to ${Number((sums[row] ?? 0).toPrecision(6))}` };
}

/** A row that makes no sense, by its file and its place there. */
function senseless(
  path: string,
  first: number,
  { row, what }: Wrong,
  rows: Rows<Columns>,
  allowed?: string,
): DataError {
  const id = rows['id']?.[row];
  return senselessRow(path, first + row, what, [
    ...(typeof id === 'string' && id !== '' ? [`it is the row of ${id}`] : []),
    ...(allowed === undefined ? [] : [allowed]),
  ]);
}

/** A row that makes no sense. Rows count from 0. */
export function senselessRow(
  path: string,
  row: number,
  what: string,
  notes: readonly string[] = [],
): DataError {
  return new DataError(`${path}, row ${row}: ${what}`, {
    code: 'label-senseless',
    where: path,
    notes: [...notes, 'rows count from 0, as in file_row_number of DuckDB and in pandas'],
    hint: `correct the row, or make the file again: confidences and probabilities are within 0 and 1, those of a row sum to 1 (to ${sumTolerance}), and each image has one row`,
  });
}
