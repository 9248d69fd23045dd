import type { Columns, Rows } from '../../runtime/storage/parquet/writer.js';
import { rowCount } from '../../runtime/storage/parquet/writer.js';
import { ParquetFile } from '../../runtime/storage/parquet/file.js';
import { LabelChecks, senselessRow, type LabelBounds } from './labelChecks.js';
import { UniqueIds } from './uniqueIds.js';

/** Files with labels of one origin, and the rows of all. */
export interface LabelFiles {
  readonly paths: readonly string[];
  readonly rows: number;
  readonly bounds: LabelBounds;
}

/** Result of reading rows. */
export interface ReadingResult {
  /** Rows whose label is not the likeliest class by their probabilities, if these were read. */
  differing: number;
}

/**
 * Reads columns of all files in order, each row checked. Throws as ParquetFile does, and a DataError
 * that names the file and the row of a label that makes no sense, or of an image that has two.
 */
export async function* readLabelRows<C extends Columns>(
  { paths, rows: total, bounds }: LabelFiles,
  columns: C,
  result?: ReadingResult,
): AsyncGenerator<Rows<C>> {
  const checks = new LabelChecks(bounds);
  const starts: number[] = [];
  const ids = new UniqueIds(total, () => readIds(paths));
  let start = 0;
  for (const path of paths) {
    starts.push(start);
    const file = await ParquetFile.open(path);
    try {
      let first = 0;
      for await (const rows of file.read(columns)) {
        const all: Rows<Columns> = rows;
        checks.check(all, path, first);
        const own = all['id'];
        const twice = Array.isArray(own) ? await ids.add(own) : undefined;
        if (twice)
          throw senselessRow(
            path,
            twice.again - start,
            `a second label of ${own?.[twice.again - start - first] ?? ''}`,
            [`the first is ${placeOf(twice.first, paths, starts)}`],
          );
        yield rows;
        first += rowCount(all);
      }
      start += first;
    } finally {
      file.close();
    }
  }
  if (result) result.differing = checks.differing;
}

function placeOf(row: number, paths: readonly string[], starts: readonly number[]): string {
  const file = starts.findLastIndex((start) => start <= row);
  return `${paths[file] ?? ''}, row ${row - (starts[file] ?? 0)}`;
}

async function* readIds(paths: readonly string[]): AsyncGenerator<readonly string[]> {
  for (const path of paths) {
    const file = await ParquetFile.open(path);
    try {
      for await (const { id } of file.read({ id: 'text' })) yield id;
    } finally {
      file.close();
    }
  }
}
