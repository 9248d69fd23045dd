/**
 * Pseudo-labels on disk: a folder of Parquet shards, each with what made it in its footer. A shard
 * covers a range of the images, so shards in order are the images in order.
 */
import { readdirSync } from 'node:fs';
import { limits } from '../../support/limits.js';
import { basename, join } from 'node:path';
import { z } from 'zod';
import {
  readingDifference,
  readingSettingsSchema,
} from '../../training/labelling/classifier/reading.js';
import { checked } from '../../contract/schema.js';
import { namesDifference } from '../../data/sets/classes.js';
import { argmaxRow } from '../../support/statistics/scores.js';
import { readError, systemCode } from '../../runtime/storage/fileErrors.js';
import {
  ParquetFileWriter,
  type Columns,
  type Rows,
} from '../../runtime/storage/parquet/writer.js';
import { ParquetFile } from '../../runtime/storage/parquet/file.js';
import { ArtifactError, DataError } from '../../support/errors.js';
import type { LabelBounds } from './labelChecks.js';

const whole = z.int().min(0);

const teacherSchema = z.object({
  name: z.string(),
  /** SHA-256 of weights and architecture. */
  fingerprint: z.string(),
});

/** Most classes and shards that labels may have, and images: places are 32-bit numbers. */
export const mostClasses = limits.classes;
const mostShards = 1_000_000;
const mostImages = 2 ** 31 - 1;

const dataSchema = z.object({
  name: z.string(),
  fingerprint: z.string(),
  size: whole.max(mostImages),
});

/** Origin that all labels carry: teacher, images, order of classes. */
export const originSchema = z.object({
  teacher: teacherSchema,
  /** Reading of the teacher, if it is an .onnx file; missing in labels of older versions. */
  reading: readingSettingsSchema.optional(),
  /** Names, in the order of label numbers and probabilities. */
  classes: z.array(z.string()).min(1).max(mostClasses),
  /** The probabilities are softmax(scores / temperature). */
  temperature: z.number(),
  /** Number of probabilities kept for an image; null if all are. */
  topK: whole.min(1).max(mostClasses).nullable(),
  data: dataSchema,
});

/** Origin of labels: teacher, images, order of classes. */
export type LabelOrigin = z.output<typeof originSchema>;

export const shardSchema = originSchema.extend({
  format: z.literal('gradus-labels'),
  version: z.literal(1),
  /** Index of the shard, from 1, and the number of shards. */
  shard: z.object({ index: whole, of: whole.max(mostShards) }),
});

/** Metadata of a shard. */
export type ShardInfo = z.output<typeof shardSchema>;

/** The footer's key for our metadata. */
export const infoKey = 'gradus';

/** Columns of every file with labels. */
export const labelColumns = {
  id: 'text',
  index: 'int32',
  label: 'int32',
  confidence: 'float32',
} as const satisfies Columns;

/** Rows of labels without their probabilities. */
export type LabelRows = Rows<typeof labelColumns>;

/**
 * Columns of the probabilities: `p0`, `p1`, ... by class; or, if the k largest are kept, `c0`,
 * `p0` (the likeliest class and its probability), `c1`, `p1`, ... and `rest`, the sum of all others.
 */
export function probabilityColumns({
  classes,
  topK,
}: Pick<LabelOrigin, 'classes' | 'topK'>): Columns {
  const columns: Record<string, 'int32' | 'float32'> = {};
  for (let i = 0; i < (topK ?? classes.length); i++) {
    if (topK !== null) columns[`c${i}`] = 'int32';
    columns[`p${i}`] = 'float32';
  }
  if (topK !== null) columns['rest'] = 'float32';
  return columns;
}

/** Writes the probabilities of a row to `out` [classes]; `rest` is shared evenly by the classes not kept. */
export function readProbabilities(
  rows: Rows<Columns>,
  row: number,
  { classes, topK }: Pick<LabelOrigin, 'classes' | 'topK'>,
  out: Float32Array,
): void {
  // Values computed by other programs may lie below 0 by rounding.
  const number = (column: string): number => Math.max(0, Number(rows[column]?.[row]));
  if (topK === null) {
    for (let i = 0; i < classes.length; i++) out[i] = number(`p${i}`);
    return;
  }
  const others = classes.length - topK;
  out.fill(others > 0 ? number('rest') / others : 0);
  for (let i = 0; i < topK; i++) out[number(`c${i}`)] = number(`p${i}`);
}

/** `shard-00003-of-00008.parquet` */
export function shardPath(folder: string, index: number, of: number): string {
  const digits = (n: number): string => String(n).padStart(5, '0');
  return join(folder, `shard-${digits(index)}-of-${digits(of)}.parquet`);
}

const shardName = /^shard-(\d+)-of-(\d+)\.parquet$/;

/** Number of shards in a shard's path; undefined if it is not one. */
export function shardOf(path: string): number | undefined {
  const of = shardName.exec(basename(path))?.[2];
  return of === undefined ? undefined : Number(of);
}

/** Paths of the shards in a folder, in the order of their numbers; none if there is no folder. */
export function listShards(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw readError(error, folder);
  }
  return names
    .filter((name) => shardName.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Kinds of our files, by the format that they name, and the commands that make them. */
const fileKinds = {
  'gradus-labels': { what: 'a shard of labels', by: 'gradus label' },
  'gradus-audit': { what: 'an audit', by: 'gradus label' },
  'gradus-kept': { what: 'kept labels', by: 'gradus filter' },
  'gradus-ledger': { what: 'a ledger', by: 'gradus filter' },
} as const;

type FileFormat = keyof typeof fileKinds;

/**
 * Reads our metadata of a Parquet file that has one of these formats. Throws an ArtifactError if
 * it has none or is of another kind.
 */
export function readInfo<T>(
  file: Pick<ParquetFile, 'path' | 'writer' | 'metadata'>,
  schema: z.ZodType<T>,
  formats: readonly FileFormat[],
): T {
  const { path } = file;
  const text = file.metadata(infoKey) ?? '';
  const found = /"format":"([^"]*)"/.exec(text)?.[1];
  const wanted = formats.map((format) => fileKinds[format]);
  const hint = `pass ${wanted.map(({ what, by }) => `${what}, as ${by} writes`).join(', or ')}`;
  if (formats.some((format) => format === found))
    return checked(schema, text, path, { what: 'label file', hint });
  const kind = Object.entries(fileKinds).find(([format]) => format === found)?.[1].what;
  throw new ArtifactError(
    `${path} is ${kind ?? 'a Parquet file of another program'}, not ${wanted.map(({ what }) => what).join(' or ')}`,
    {
      code: 'label-file-kind',
      where: path,
      notes:
        text === ''
          ? [
              `it was written by ${file.writer}, and its footer lacks the key ${infoKey}, which DuckDB and polars leave out when they write a file again`,
            ]
          : [],
      hint,
    },
  );
}

/** Stands before fingerprints of a teacher and of data that nobody knows. */
export const unknownPrefix = 'unknown:';

/** If it is not known who gave these labels, and to what images: another program wrote their files again. */
export function isForeign({ teacher }: Pick<LabelOrigin, 'teacher'>): boolean {
  return teacher.fingerprint.startsWith(unknownPrefix);
}

/** Bounds for the checks of labels of this origin. */
export function boundsOf(origin: LabelOrigin): LabelBounds {
  const { classes, topK, data } = origin;
  return { classes, topK, images: isForeign(origin) ? mostImages : data.size };
}

/**
 * True if an id is only the number of an image in a packed set, and means nothing in another one.
 */
export function isNumbered(id: string): boolean {
  return /^\d+$/.test(id);
}

/** Rows of a row group, so that its columns take some 8 MB at most, however many they are. */
export function groupRows(columns: Columns): number {
  return Math.min(2 ** 15, Math.max(256, Math.floor(2 ** 21 / Object.keys(columns).length)));
}

/** Writes one shard; rows are collected into row groups. */
export class ShardWriter {
  readonly #file: ParquetFileWriter<Columns>;
  readonly #capacity: number;
  readonly #classes: Int32Array;
  readonly #topK: number | null;
  #ids: string[] = [];
  readonly #index: Int32Array;
  readonly #label: Int32Array;
  readonly #confidence: Float32Array;
  readonly #rest: Float32Array;
  /** The columns p0, p1, ... and c0, c1, ... */
  readonly #p: readonly Float32Array[];
  readonly #c: readonly Int32Array[];

  constructor(path: string, info: Omit<ShardInfo, 'format' | 'version'>) {
    const { classes, topK } = info;
    const columns = { ...labelColumns, ...probabilityColumns(info) };
    const meta: ShardInfo = { format: 'gradus-labels', version: 1, ...info };
    this.#file = new ParquetFileWriter(
      path,
      columns,
      { [infoKey]: JSON.stringify(meta) },
      Object.keys(labelColumns),
    );
    const capacity = (this.#capacity = groupRows(columns));
    this.#classes = Int32Array.from(classes, (_, i) => i);
    this.#topK = topK;
    this.#index = new Int32Array(capacity);
    this.#label = new Int32Array(capacity);
    this.#confidence = new Float32Array(capacity);
    this.#rest = new Float32Array(capacity);
    const kept = { length: topK ?? classes.length };
    this.#p = Array.from(kept, () => new Float32Array(capacity));
    this.#c = topK === null ? [] : Array.from(kept, () => new Int32Array(capacity));
  }

  /** Rows given so far. */
  get rows(): number {
    return this.#file.rows + this.#ids.length;
  }

  /** Adds an image with its probabilities [classes]. Throws a DataError if they are not numbers. */
  add(id: string, index: number, probabilities: Float32Array): void {
    requireNumbers(id, probabilities);
    const row = this.#ids.push(id) - 1;
    const label = argmaxRow(probabilities, 0, probabilities.length);
    this.#index[row] = index;
    this.#label[row] = label;
    this.#confidence[row] = probabilities[label] ?? 0;
    // Columns follow the order of the classes, or begin with the likeliest.
    const order = this.#topK === null ? this.#classes : ranked(this.#classes, probabilities);
    let rest = 1;
    for (const [i, p] of this.#p.entries()) {
      const kept = order[i] ?? 0;
      const value = (p[row] = probabilities[kept] ?? 0);
      const c = this.#c[i];
      if (c) c[row] = kept;
      rest -= value;
    }
    this.#rest[row] = Math.max(0, rest);
    if (this.#ids.length === this.#capacity) this.#flush();
  }

  #flush(): void {
    const count = this.#ids.length;
    const rows: Record<string, Int32Array | Float32Array | string[]> = {
      id: this.#ids,
      index: this.#index.subarray(0, count),
      label: this.#label.subarray(0, count),
      confidence: this.#confidence.subarray(0, count),
      rest: this.#rest.subarray(0, count),
    };
    for (const [i, p] of this.#p.entries()) rows[`p${i}`] = p.subarray(0, count);
    for (const [i, c] of this.#c.entries()) rows[`c${i}`] = c.subarray(0, count);
    this.#file.write(rows);
    this.#ids = [];
  }

  /** Completes the shard; returns its size in bytes. */
  commit(): number {
    this.#flush();
    return this.#file.commit();
  }

  /** Drops what was written; nothing happens after a commit. */
  discard(): void {
    this.#file.discard();
  }
}

/** Throws a DataError if a teacher says NaN of an image, as a network that diverged does. */
export function requireNumbers(id: string, probabilities: Float32Array): void {
  if (!probabilities.includes(NaN)) return;
  throw new DataError(`the teacher returns NaN for ${id}`, {
    code: 'label-nan',
    where: id,
    hint: 'check the teacher with gradus eval: its training diverged, or the image is unlike those that it was trained on',
  });
}

/** Classes from the likeliest on; of equals the first one. */
function ranked(classes: Int32Array, probabilities: Float32Array): Int32Array {
  return classes.slice().sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0) || a - b);
}

/** Reads what a shard says of itself; throws an ArtifactError if it is damaged. */
export async function readShardInfo(path: string): Promise<ShardInfo & { readonly rows: number }> {
  const file = await ParquetFile.open(path);
  try {
    return { ...readInfo(file, shardSchema, ['gradus-labels']), rows: file.rows };
  } finally {
    file.close();
  }
}

/** Shards missing from a folder, of `of` in all, from 1. */
export function missingShards(folder: string, of: number): number[] {
  const shards = new Set(listShards(folder));
  const missing: number[] = [];
  for (let i = 1; i <= of; i++) if (!shards.has(shardPath(folder, i, of))) missing.push(i);
  return missing;
}

/** Describes how two origins differ; undefined if they are the same. */
export function originDifference(a: LabelOrigin, b: LabelOrigin): string | undefined {
  if (a.teacher.fingerprint !== b.teacher.fingerprint)
    return `by another teacher (${b.teacher.name}, ${b.teacher.fingerprint.slice(0, 12)})`;
  const reading = a.reading && b.reading && readingDifference(a.reading, b.reading);
  if (reading !== undefined) return reading;
  const classes = classDifference(a.classes, b.classes);
  if (classes !== undefined) return classes;
  if (a.data.fingerprint !== b.data.fingerprint) return `of other images (${b.data.name})`;
  if (a.temperature !== b.temperature) return `at temperature ${b.temperature}`;
  if (a.topK !== b.topK)
    return b.topK === null ? 'with all probabilities' : `with the top ${b.topK} probabilities`;
  return undefined;
}

/** Describes how two lists of class names differ; undefined if they are the same. */
export function classDifference(a: readonly string[], b: readonly string[]): string | undefined {
  const lines = namesDifference(b, a, 'the other')?.join('; ');
  if (lines === undefined) return undefined;
  if (a.length !== b.length) return `with ${b.length} classes, not ${a.length}: ${lines}`;
  const names = new Set(a);
  if (!b.every((name) => names.has(name))) return `with other classes: ${lines}`;
  const at = a.findIndex((name, i) => name !== b[i]);
  return `in another order of classes: class ${at} is ${b[at] ?? ''}, not ${a[at] ?? ''}`;
}
