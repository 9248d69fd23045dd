import { ArtifactError } from '../../../support/errors.js';
import { messageOf } from '../fileErrors.js';

/** A file of another kind. */
export function notParquet(path: string, why: string): ArtifactError {
  return new ArtifactError(`${path} is not a Parquet file: ${why}`, {
    code: 'not-parquet',
    where: path,
    hint: 'pass a Parquet file; if this was one, it is damaged: delete it and make it again',
  });
}

/** A file whose end is missing. */
export function cutShort(path: string, size: number): ArtifactError {
  return new ArtifactError(
    `${path} cannot be read as Parquet: its ${size} bytes do not end as a Parquet file does`,
    {
      code: 'parquet-damaged',
      where: path,
      hint: 'delete it and make it again: it may have been cut short',
    },
  );
}

/** A file that is whole, but holds bytes that no Parquet file has there; an error that has a name keeps it. */
export function damaged(path: string, what: string, cause?: unknown): ArtifactError {
  if (cause instanceof ArtifactError) return cause;
  const reason = cause === undefined ? '' : ` (${messageOf(cause)})`;
  return new ArtifactError(`${path} cannot be read as Parquet: ${what}${reason}`, {
    code: 'parquet-damaged',
    where: path,
    hint: 'make it again or restore it from a copy: some bytes were changed or lost',
    cause,
  });
}

/** A column that is missing or of another type. */
export function wrongColumn(path: string, what: string, hint: string): ArtifactError {
  return new ArtifactError(`${path}: ${what}`, { code: 'parquet-column', where: path, hint });
}

/** A value that its column may not hold. Rows count from 0. */
export function wrongValue(path: string, row: number, what: string, hint: string): ArtifactError {
  return new ArtifactError(`${path}, row ${row}: ${what}`, {
    code: 'parquet-value',
    where: path,
    notes: ['rows count from 0, as in file_row_number of DuckDB and in pandas'],
    hint,
  });
}

/** A file that declares more than is read. */
export function beyondLimit(path: string, what: string, hint: string): ArtifactError {
  return new ArtifactError(`${path}: ${what}`, { code: 'parquet-limit', where: path, hint });
}
