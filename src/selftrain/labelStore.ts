/**
 * Pseudo-labels on disk: a folder of Parquet shards, each with what made it in its footer. A shard
 * covers a range of the images, so shards in order are the images in order.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checked } from '../artifacts/manifestSchema.js';
import { argmaxRow } from '../runtime/evaluate.js';
import { readError, systemCode } from '../runtime/fileErrors.js';
import { ParquetFile, ParquetFileWriter, type Columns, type Rows } from '../runtime/parquet.js';
import { ArtifactError, DataError } from '../support/errors.js';

const whole = z.int().min(0);

const teacherSchema = z.object({
  name: z.string(),
  /** SHA-256 of weights and architecture. */
  fingerprint: z.string(),
});

const dataSchema = z.object({ name: z.string(), fingerprint: z.string(), size: whole });

/** What all labels carry: who gave them, to what, in which order of classes. */
export const originSchema = z.object({
  teacher: teacherSchema,
  /** Names, in the order of label numbers and probabilities. */
  classes: z.array(z.string()),
  /** The probabilities are softmax(scores / temperature). */
  temperature: z.number(),
  /** Number of probabilities kept for an image; null where all are. */
  topK: whole.nullable(),
  data: dataSchema,
});

/** Who gave labels, to what images, in which order of classes. */
export type LabelOrigin = z.output<typeof originSchema>;

const shardSchema = originSchema.extend({
  format: z.literal('gradus-labels'),
  version: z.literal(1),
  /** Which of how many, from 1. */
  shard: z.object({ index: whole, of: whole }),
});

/** What a shard says of itself. */
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
 * Columns of the probabilities: `p0`, `p1`, ... by class; or, where the k largest are kept, `c0`,
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
  const number = (column: string): number => Number(rows[column]?.[row]);
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

/** Paths of the shards in a folder, in the order of their numbers; none where there is no folder. */
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

/** What our files hold, by the format that they name, and who makes them. */
const fileKinds = {
  'gradus-labels': { what: 'a shard of labels', by: 'gradus label' },
  'gradus-audit': { what: 'an audit', by: 'gradus label' },
  'gradus-kept': { what: 'kept labels', by: 'gradus filter' },
  'gradus-ledger': { what: 'a ledger', by: 'gradus filter' },
} as const;

type FileFormat = keyof typeof fileKinds;

/**
 * Reads our metadata of a Parquet file that has one of these formats. Throws an ArtifactError where
 * it has none or is of another kind.
 */
export function readInfo<T>(
  file: ParquetFile,
  schema: z.ZodType<T>,
  formats: readonly FileFormat[],
): T {
  const { path } = file;
  const text = file.metadata(infoKey) ?? '';
  const found = /"format":"([^"]*)"/.exec(text)?.[1];
  const wanted = formats.map((format) => fileKinds[format]);
  const hint = `give ${wanted.map(({ what, by }) => `${what}, as ${by} writes`).join(', or ')}`;
  if (formats.some((format) => format === found))
    return checked(schema, text, path, { what: 'label file', hint });
  const kind = Object.entries(fileKinds).find(([format]) => format === found)?.[1].what;
  throw new ArtifactError(
    `${path} is ${kind ?? 'a Parquet file of another program'}, not ${wanted.map(({ what }) => what).join(' or ')}`,
    { code: 'label-file-kind', where: path, hint },
  );
}

/** Whether an id is only the number of an image in a packed set, and says nothing in another one. */
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
    this.#file = new ParquetFileWriter(path, columns, { [infoKey]: JSON.stringify(meta) });
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

  /** Adds an image with its probabilities [classes]. */
  add(id: string, index: number, probabilities: Float32Array): void {
    const row = this.#ids.push(id) - 1;
    const label = argmaxRow(probabilities, 0, probabilities.length);
    this.#index[row] = index;
    this.#label[row] = label;
    this.#confidence[row] = probabilities[label] ?? 0;
    // In the order of the classes, or from the likeliest on.
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

/** Classes from the likeliest on; of equals the first one. */
function ranked(classes: Int32Array, probabilities: Float32Array): Int32Array {
  return classes.slice().sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0) || a - b);
}

/** Reads what a shard says of itself; throws an ArtifactError where it is damaged. */
export async function readShardInfo(path: string): Promise<ShardInfo & { readonly rows: number }> {
  const file = await ParquetFile.open(path);
  try {
    return { ...readInfo(file, shardSchema, ['gradus-labels']), rows: file.rows };
  } finally {
    file.close();
  }
}

/** All shards of a folder: the labels of one set by one teacher. */
export class LabelSet {
  private constructor(
    readonly folder: string,
    readonly origin: LabelOrigin,
    /** In order. */
    readonly shards: readonly string[],
    /** Images with a label. */
    readonly rows: number,
  ) {}

  /**
   * Checks that all shards are there and of one kind. Throws a DataError where some are missing, an
   * ArtifactError where they were made by different teachers, of different images or class orders.
   */
  static async open(folder: string): Promise<LabelSet> {
    const shards = listShards(folder);
    const [first] = shards;
    if (first === undefined)
      throw new DataError(`there are no labels in ${folder}`, {
        code: 'no-labels',
        where: folder,
        hint: `make them: gradus label CHECKPOINT --data SET --out ${folder}`,
      });
    const { shard, rows: firstRows, ...rest } = await readShardInfo(first);
    const origin = originSchema.parse(rest);
    let rows = firstRows;
    for (const path of shards.slice(1)) {
      const info = await readShardInfo(path);
      requireSameOrigin(origin, info, path, first);
      rows += info.rows;
    }
    requireAll(folder, shards, shard.of);
    return new LabelSet(folder, origin, shards, rows);
  }

  /** Columns of the shards, all in order. */
  async *read<C extends Columns>(columns: C): AsyncGenerator<Rows<C>> {
    for (const path of this.shards) {
      const file = await ParquetFile.open(path);
      try {
        yield* file.read(columns);
      } finally {
        file.close();
      }
    }
  }
}

/** Which of `of` shards a folder lacks, from 1. */
export function missingShards(folder: string, of: number): number[] {
  const shards = listShards(folder);
  const missing: number[] = [];
  for (let i = 1; i <= of; i++) if (!shards.includes(shardPath(folder, i, of))) missing.push(i);
  return missing;
}

function requireAll(folder: string, shards: readonly string[], of: number): void {
  const missing = missingShards(folder, of);
  if (missing.length === 0 && shards.length === of) return;
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
          ? 'delete those of the partition that is not wanted'
          : `run the same gradus label command again: it makes what is missing; with --shard one at a time, such as --shard ${missing[0]}/${of}`,
    },
  );
}

/** How two origins differ, in words; undefined where they are the same. */
export function originDifference(a: LabelOrigin, b: LabelOrigin): string | undefined {
  if (a.teacher.fingerprint !== b.teacher.fingerprint)
    return `by another teacher (${b.teacher.name}, ${b.teacher.fingerprint.slice(0, 12)})`;
  const classes = classDifference(a.classes, b.classes);
  if (classes !== undefined) return classes;
  if (a.data.fingerprint !== b.data.fingerprint) return `of other images (${b.data.name})`;
  if (a.temperature !== b.temperature) return `at temperature ${b.temperature}`;
  if (a.topK !== b.topK)
    return b.topK === null ? 'with all probabilities' : `with the top ${b.topK} probabilities`;
  return undefined;
}

/** How two lists of class names differ, in words; undefined where they are the same. */
export function classDifference(a: readonly string[], b: readonly string[]): string | undefined {
  if (a.length !== b.length) return `with ${b.length} classes, not ${a.length}`;
  const at = a.findIndex((name, i) => name !== b[i]);
  return at < 0
    ? undefined
    : `in another order of classes: class ${at} is ${b[at] ?? ''}, not ${a[at] ?? ''}`;
}

function requireSameOrigin(a: LabelOrigin, b: LabelOrigin, path: string, first: string): void {
  const difference = originDifference(a, b);
  if (difference === undefined) return;
  throw new ArtifactError(`${path} does not belong to ${first}: it was made ${difference}`, {
    code: 'labels-differ',
    where: path,
    hint: 'label into a folder of its own, or delete the shards that are not wanted',
  });
}
