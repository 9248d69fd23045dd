/** Labels whose files lost what Gradus noted in their footers, as DuckDB, polars and pandas leave it out. */
import { createHash } from 'node:crypto';
import { wrongColumn } from '../../runtime/storage/parquet/errors.js';
import { ParquetFile } from '../../runtime/storage/parquet/file.js';
import { ArtifactError, invariant } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import {
  infoKey,
  labelColumns,
  mostClasses,
  unknownPrefix,
  type LabelOrigin,
} from './labelStore.js';

/** Facts about a file of labels that need none of its rows. */
export interface LabelFileFacts {
  readonly path: string;
  readonly writer: string;
  readonly columnNames: readonly string[];
  readonly rows: number;
  /** SHA-256 of its footer, if it has no metadata of ours. */
  readonly footer: string;
  metadata(key: string): string | undefined;
}

/** Opens a file for as long as its facts are read; names of columns are held once for equal files. */
export async function readFacts(path: string, like?: LabelFileFacts): Promise<LabelFileFacts> {
  const file = await ParquetFile.open(path);
  try {
    const info = file.metadata(infoKey);
    const names = file.columnNames;
    const same = names.every((name, i) => name === like?.columnNames[i]);
    return {
      path,
      writer: file.writer,
      columnNames:
        like && same && names.length === like.columnNames.length ? like.columnNames : names,
      rows: file.rows,
      footer: info === undefined ? createHash('sha256').update(file.footer()).digest('hex') : '',
      metadata: (key) => (key === infoKey ? info : undefined),
    };
  } finally {
    file.close();
  }
}

/**
 * Finds what such labels do not state: the classes, named in a file that the user gives, and from the
 * columns how many probabilities there are. Throws an ArtifactError if the classes are not named,
 * or are another number than the probabilities.
 */
export function foreignOrigin(
  files: readonly LabelFileFacts[],
  classes: readonly string[] | undefined,
): LabelOrigin {
  const [file] = files;
  invariant(file, 'there is a file');
  for (const own of files) requireLabelColumns(own);
  if (!classes) throw classesUnknown(file);
  if (classes.length > mostClasses) throw tooManyClasses(file.path, classes.length);
  const hash = createHash('sha256');
  for (const { footer } of files) hash.update(footer);
  const fingerprint = `${unknownPrefix}${hash.digest('hex')}`;
  return {
    teacher: { name: 'unknown', fingerprint },
    classes: [...classes],
    temperature: 1,
    topK: topKOf(file),
    data: {
      name: file.path,
      fingerprint,
      size: files.reduce((sum, { rows }) => sum + rows, 0),
    },
  };
}

function requireLabelColumns({ path, writer, columnNames }: LabelFileFacts): void {
  const missing = Object.keys(labelColumns).find((name) => !columnNames.includes(name));
  if (missing === undefined) return;
  throw wrongColumn(
    path,
    `it has no column ${missing}`,
    `it was written by ${writer}; labels have the columns ${Object.keys(labelColumns).join(', ')} and probabilities`,
  );
}

function tooManyClasses(path: string, count: number): ArtifactError {
  return new ArtifactError(`${path} has ${count} class names`, {
    code: 'label-limit',
    where: path,
    hint: `use at most ${mostClasses} classes`,
  });
}

function classesUnknown({ path, writer }: LabelFileFacts): ArtifactError {
  return new ArtifactError(`${path} does not name its classes`, {
    code: 'label-classes-unknown',
    where: path,
    notes: [
      `it was written by ${writer}; DuckDB, polars and pandas leave out the key ${infoKey} of the footer, where gradus label names the classes`,
    ],
    hint: phrase`pass their names in a file, one per line in the order of their numbers: ${option('classes', 'FILE')}; or keep the key: KV_METADATA {${infoKey}: '...'} in COPY of DuckDB`,
  });
}

/** Number of columns `c0`, `c1`, ...; null if there are none, and the probabilities are of all classes. */
function topKOf({ columnNames }: LabelFileFacts): number | null {
  const count = columnNames.filter((name) => /^c\d+$/.test(name)).length;
  return count === 0 ? null : count;
}

/** Throws an ArtifactError if a file has not one probability for each class, or for each of the likeliest. */
export function requireProbabilities(
  { path, columnNames }: LabelFileFacts,
  { classes, topK }: LabelOrigin,
): void {
  const found = columnNames.filter((name) => /^p\d+$/.test(name)).length;
  if (found === (topK ?? classes.length) && found <= classes.length) return;
  throw new ArtifactError(
    `${path} has ${found} columns of probabilities (p0, p1, ...) for ${classes.length} classes`,
    {
      code: 'label-classes-unknown',
      where: path,
      hint: 'name all classes of these labels; the columns must be p0, p1, ... for all classes, or c0, p0, c1, p1, ... and rest for the most probable ones',
    },
  );
}

/** Names of columns of labels that Gradus does not know, and leaves out. */
export function unknownColumns(
  { columnNames }: LabelFileFacts,
  known: ReadonlySet<string>,
): string[] {
  return columnNames.filter((name) => !known.has(name));
}

/** Says what was assumed of files that do not say whose labels they hold. */
export function foreignNote(
  path: string,
  [file]: readonly LabelFileFacts[],
  classes: string,
): string {
  return `${path} was written by ${file?.writer ?? 'another program'} and does not record its teacher and images: assuming the classes of ${classes} and a temperature of 1, and ignoring an audit beside it`;
}
