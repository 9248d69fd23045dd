/**
 * A set of images as it was: gzip-compressed lines, the first of which is JSON, with a line for each
 * image: whether it is held out, size, modification time, hash of the contents, class and name.
 * Written and read in blocks, so that memory does not grow with the number of images.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { AtomicFile } from '../../runtime/storage/atomic.js';
import { messageOf } from '../../runtime/storage/fileErrors.js';
import { ArtifactError } from '../../support/errors.js';
import type { FileStats } from './fileStats.js';
import type { Images, LabelledImages } from '../sets/images.js';

const compress = promisify(gzip);
const blockRows = 8192;

const headerSchema = z.object({
  format: z.literal('gradus-set'),
  version: z.literal(1),
  /** Name of the set. */
  name: z.string(),
  /** Stands for the set in all that is made from it; another one if it was changed. */
  identity: z.string(),
  count: z.int().min(0),
  /** Sum of the sizes. */
  bytes: z.number(),
  /** As FileStats has it. */
  every: z.int().min(0),
  /** Names of the classes, by their number; null for a set without classes. */
  classes: z.array(z.string()).nullable(),
});

export type RecordHeader = z.output<typeof headerSchema>;

/** Part of a set that an image belongs to: the rest that is trained on, held out, or neither. */
export type RecordPart = 'rest' | 'heldOut' | 'leftOut';

const partLetters: Readonly<Record<RecordPart, string>> = { rest: '', heldOut: 'h', leftOut: 'x' };

/** An image of a recorded set. */
export interface RecordRow {
  readonly part: RecordPart;
  readonly bytes: number;
  readonly modified: number;
  /** Undefined if the contents were not hashed. */
  readonly hash: string | undefined;
  /** Name of its class; undefined in a set without classes. */
  readonly label: string | undefined;
  readonly id: string;
}

export interface RecordOptions {
  readonly identity: string;
  /** Places of the images that are held out, sorted. */
  readonly heldOut?: ArrayLike<number> | undefined;
  /** Places of those that are neither held out nor trained on, since they repeat one that is held out; sorted. */
  readonly leftOut?: ArrayLike<number> | undefined;
}

/** Writes the record of a set. */
export async function writeSetRecord(
  path: string,
  images: Images & Partial<LabelledImages>,
  stats: FileStats,
  { identity, ...parts }: RecordOptions,
): Promise<void> {
  const { name, count, classNames } = images;
  const header: RecordHeader = {
    ...{ format: 'gradus-set', version: 1, name, identity, count },
    ...{ bytes: stats.total, every: stats.every, classes: classNames ? [...classNames] : null },
  };
  const file = new AtomicFile(path);
  try {
    file.write(await compress(`${JSON.stringify(header)}\n`, { level: 1 }));
    for (const block of rowBlocks(images, stats, parts))
      file.write(await compress(block, { level: 1 }));
    file.commit();
  } finally {
    file.discard();
  }
}

/** SHA-256 of all that is known of the images of a set, but for modification times if contents are hashed. */
export function digestOf(images: Images & Partial<LabelledImages>, stats: FileStats): string {
  const digest = createHash('sha256');
  const { classNames } = images;
  for (let i = 0; i < images.count; i++) {
    const contents = stats.hash(i) ?? stats.modified[i];
    const label = classNames?.[images.label?.(i) ?? 0] ?? '';
    digest.update(`${images.id(i)}\0${label}\0${stats.bytes[i]}\0${contents}\n`);
  }
  return digest.digest('hex');
}

function* rowBlocks(
  images: Images & Partial<LabelledImages>,
  stats: FileStats,
  { heldOut = [], leftOut = [] }: Pick<RecordOptions, 'heldOut' | 'leftOut'>,
): Generator<string> {
  let lines = '';
  let [held, left] = [0, 0];
  for (let i = 0; i < images.count; i++) {
    const part = heldOut[held] === i ? 'heldOut' : leftOut[left] === i ? 'leftOut' : 'rest';
    if (part === 'heldOut') held += 1;
    if (part === 'leftOut') left += 1;
    const label = images.label?.(i) ?? '';
    const id = JSON.stringify(images.id(i)).slice(1, -1);
    const { bytes, modified } = stats;
    lines += `${partLetters[part]}\t${bytes[i]}\t${modified[i]}\t${stats.hash(i) ?? ''}\t${label}\t${id}\n`;
    if ((i + 1) % blockRows !== 0) continue;
    yield lines;
    lines = '';
  }
  if (lines !== '') yield lines;
}

/** A record that is being read. */
export interface OpenRecord {
  readonly header: RecordHeader;
  /** The images in their order, some at a time; to be read once. */
  readonly rows: AsyncGenerator<RecordRow[]>;
}

/** Opens a record; undefined if there is none. Throws an ArtifactError for a damaged one. */
export async function openSetRecord(path: string): Promise<OpenRecord | undefined> {
  if (!existsSync(path)) return undefined;
  const lines = linesOf(path);
  const first = await lines.next();
  const [line = '', ...rest] = first.done === true ? [] : first.value;
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (cause) {
    throw damaged(path, messageOf(cause), cause);
  }
  const header = headerSchema.safeParse(content);
  if (!header.success) throw damaged(path, 'it begins otherwise', header.error);
  return { header: header.data, rows: rowsOf(path, header.data, rest, lines) };
}

/** The whole lines of each piece of a compressed file. */
async function* linesOf(path: string): AsyncGenerator<string[], undefined> {
  const text = createGunzip();
  const file = createReadStream(path);
  // A failure of the file ends the unpacking, and so the reading below.
  file.on('error', (error) => text.destroy(error));
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const piece of file.pipe(text)) {
      const lines = (rest + decoder.write(piece as Buffer)).split('\n');
      rest = lines.pop() ?? '';
      if (lines.length > 0) yield lines;
    }
  } catch (cause) {
    throw damaged(path, messageOf(cause), cause);
  } finally {
    file.destroy();
  }
  return undefined;
}

async function* rowsOf(
  path: string,
  { count, classes }: RecordHeader,
  first: readonly string[],
  more: AsyncGenerator<string[]>,
): AsyncGenerator<RecordRow[]> {
  let rows = 0;
  const read = (line: string): RecordRow => {
    const row = rowOf(line, classes);
    rows += 1;
    if (row) return row;
    throw damaged(path, `row ${rows}`);
  };
  yield first.map(read);
  for await (const lines of more) yield lines.map(read);
  if (rows !== count) throw damaged(path, `${rows} of ${count} images`);
}

function rowOf(line: string, classes: RecordHeader['classes']): RecordRow | undefined {
  const [part, bytes, modified, hash, label, written = ''] = line.split('\t');
  const id = unescaped(written);
  const numbers = [bytes, modified].map(Number);
  if (label === undefined || id === undefined || !numbers.every(Number.isFinite)) return undefined;
  return {
    part: part === 'h' ? 'heldOut' : part === 'x' ? 'leftOut' : 'rest',
    bytes: Number(bytes),
    modified: Number(modified),
    hash: hash === '' ? undefined : hash,
    label: label === '' ? undefined : classes?.[Number(label)],
    id,
  };
}

/** An id as it is; undefined if there is none, or its escapes are not those of JSON. */
function unescaped(written: string): string | undefined {
  if (written === '') return undefined;
  if (!written.includes('\\')) return written;
  try {
    return JSON.parse(`"${written}"`) as string;
  } catch {
    return undefined;
  }
}

function damaged(path: string, problem: string, cause?: unknown): ArtifactError {
  if (cause instanceof ArtifactError) return cause;
  return new ArtifactError(`${path} is not a record of a set: ${problem}`, {
    code: 'set-record',
    where: path,
    hint: 'restore it, or delete it: the images are then assumed to be unchanged',
    cause,
  });
}
