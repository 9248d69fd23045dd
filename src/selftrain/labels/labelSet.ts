/** All labels of one set by one teacher: shards of a folder, or what another program made of them. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readClassNames } from '../../data/text/classFile.js';
import { readError } from '../../runtime/storage/fileErrors.js';
import type { Columns, Rows } from '../../runtime/storage/parquet/writer.js';
import { ArtifactError, DataError, invariant } from '../../support/errors.js';
import { call, option, optionOf, phrase } from '../../support/phrase.js';
import {
  foreignNote,
  foreignOrigin,
  readFacts,
  requireProbabilities,
  unknownColumns,
  type LabelFileFacts,
} from './foreignLabels.js';
import { readLabelRows, type ReadingResult } from './labelRows.js';
import {
  boundsOf,
  classDifference,
  infoKey,
  labelColumns,
  listShards,
  missingShards,
  originDifference,
  originSchema,
  probabilityColumns,
  readInfo,
  shardOf,
  shardSchema,
  type LabelOrigin,
} from './labelStore.js';

/** Options for opening labels that do not carry these facts themselves. */
export interface OpenLabelsOptions {
  /** A file with the names of their classes, one a line, if the labels do not tell. */
  readonly classes?: string | undefined;
}

/** Files beside labels that hold something else. */
const otherFiles = /^(kept|audit|ledger|.*\.ledger)\.parquet$/;

export class LabelSet {
  private constructor(
    /** As it was given. */
    readonly path: string,
    /** Folder of the labels, with everything that belongs to them. */
    readonly folder: string,
    readonly origin: LabelOrigin,
    /** Files, in order. */
    readonly files: readonly string[],
    /** Images with a label. */
    readonly rows: number,
    /** Assumptions about the files and what was left out of them, a sentence each. */
    readonly notes: readonly string[],
  ) {}

  /**
   * Opens the shards of a folder, or else its Parquet files, or a single file. Throws a DataError if
   * shards are missing, an ArtifactError if they were made by different teachers, of different
   * images or class orders, or do not name their classes.
   */
  static async open(path: string, options: OpenLabelsOptions = {}): Promise<LabelSet> {
    const { folder, files, single } = findFiles(path);
    const facts: LabelFileFacts[] = [];
    for (const own of files) facts.push(await readFacts(own, facts[0]));
    const names = options.classes === undefined ? undefined : readClassNames(options.classes);
    const foreign = facts.every((file) => file.metadata(infoKey) === undefined);
    const origin = foreign ? foreignOrigin(facts, names) : ownOrigin(facts, names);
    if (foreign) for (const file of facts) requireProbabilities(file, origin);
    if (!single) requireAll(folder, files);
    const rows = facts.reduce((sum, file) => sum + file.rows, 0);
    const notes = [
      ...(foreign ? [foreignNote(path, facts, options.classes ?? '')] : []),
      ...columnNotes(facts, origin),
      ...(single ? [] : beside(folder, files)),
    ];
    return new LabelSet(path, folder, origin, files, rows, notes);
  }

  /** Columns of all files in order, their rows checked; throws as readLabelRows. */
  read<C extends Columns>(columns: C, result?: ReadingResult): AsyncGenerator<Rows<C>> {
    const { files: paths, rows, origin } = this;
    return readLabelRows({ paths, rows, bounds: boundsOf(origin) }, columns, result);
  }
}

/** The shards of a folder, or its other files of labels, or a file. */
function findFiles(path: string): { folder: string; files: readonly string[]; single: boolean } {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    return { folder: dirname(path), files: [path], single: true };
  const shards = listShards(path);
  const files = shards.length > 0 ? shards : otherParquet(path);
  if (files.length > 0) return { folder: path, files, single: false };
  throw new DataError(`no labels found in ${path}`, {
    code: 'no-labels',
    where: path,
    hint: phrase`make them: ${call('labelDataSet', 'CHECKPOINT', { data: 'SET', out: path })}`,
  });
}

/** Parquet files that have no name of ours, in the order of their names. */
function otherParquet(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  try {
    const names = readdirSync(folder);
    // Kept labels of another name have their ledger beside them.
    const isKept = (name: string): boolean =>
      names.includes(name.replace(/\.parquet$/, '.ledger.parquet'));
    return names
      .filter((name) => name.endsWith('.parquet') && !name.startsWith('.'))
      .filter((name) => !otherFiles.test(name) && shardOf(name) === undefined && !isKept(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    throw readError(error, folder);
  }
}

function ownOrigin(
  files: readonly LabelFileFacts[],
  names: readonly string[] | undefined,
): LabelOrigin {
  const [first, ...others] = files.map((file) => ({
    path: file.path,
    origin: originSchema.parse(readInfo(file, shardSchema, ['gradus-labels'])),
  }));
  invariant(first, 'there is a file');
  for (const { path, origin } of others) requireSameOrigin(first.origin, origin, path, first.path);
  requireNames(first.path, first.origin, names);
  return first.origin;
}

/** Throws an ArtifactError if labels name their classes otherwise than a file that the user gave. */
export function requireNames(
  path: string,
  { classes }: Pick<LabelOrigin, 'classes'>,
  names: readonly string[] | undefined,
): void {
  const difference = names && classDifference(classes, names);
  if (difference === undefined) return;
  throw new ArtifactError(`${path} names its own classes; those given come ${difference}`, {
    code: 'classes-differ',
    where: path,
    hint: phrase`leave out ${option('classes')}, or name the classes as the labels do`,
  });
}

function requireSameOrigin(a: LabelOrigin, b: LabelOrigin, path: string, first: string): void {
  const difference = originDifference(a, b);
  if (difference === undefined) return;
  throw new ArtifactError(`${path} does not belong to ${first}: it was made ${difference}`, {
    code: 'labels-differ',
    where: path,
    hint: 'label into a separate folder, or delete the unwanted shards',
  });
}

/** Throws a DataError if shards are missing, by their names. */
function requireAll(folder: string, files: readonly string[]): void {
  const of = shardOf(files[0] ?? '');
  if (of === undefined) return;
  const missing = missingShards(folder, of);
  if (missing.length === 0 && files.length === of) return;
  const some = missing.slice(0, 10).join(', ');
  throw new DataError(
    missing.length === 0
      ? `${folder} holds shards of several partitions`
      : `${folder} lacks ${missing.length} of ${of} shards: ${some}${missing.length > 10 ? ', ...' : ''}`,
    {
      code: 'labels-incomplete',
      where: folder,
      hint:
        missing.length === 0
          ? 'delete the shards of the unwanted partition'
          : phrase`run the same gradus label command again to make what is missing; with ${optionOf('labelDataSet', 'shard')} one at a time, such as ${optionOf('labelDataSet', 'shard', `${missing[0]}/${of}`)}`,
    },
  );
}

function columnNotes(files: readonly LabelFileFacts[], origin: LabelOrigin): string[] {
  const known = new Set(Object.keys({ ...labelColumns, ...probabilityColumns(origin) }));
  const names = [...new Set(files.flatMap((file) => unknownColumns(file, known)))];
  if (names.length === 0) return [];
  const more = names.length > 8 ? `, and ${names.length - 8} more` : '';
  return [`columns that are ignored: ${names.slice(0, 8).join(', ')}${more}`];
}

/** Says which other files of a folder are not read as labels, if there are shards. */
function beside(folder: string, files: readonly string[]): string[] {
  if (shardOf(files[0] ?? '') === undefined) return [];
  const others = otherParquet(folder);
  const [first] = others;
  if (first === undefined) return [];
  const what = others.length === 1 ? first : `${others.length} other Parquet files (${first}, ...)`;
  return [`the shards of ${folder} are read, not ${what}`];
}
