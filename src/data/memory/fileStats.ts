/**
 * The files of a set as the file system has them: sizes, modification times, and hashes of contents,
 * in columns (24 bytes an image, and 16 for a hash) that a few threads fill while others compile.
 */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { InternalError } from '../../support/errors.js';
import { workerUrl } from '../../support/workerUrl.js';
import type { Images, PackedPixels } from '../sets/images.js';
import {
  answer,
  hashBytes,
  type StatColumns,
  type StatCommand,
  type StatReply,
} from './statProtocol.js';

/** The contents of all images are hashed up to so many files and bytes; of larger sets, some sizes. */
const hashedFiles = 20_000;
const hashedBytes = 2 ** 30;
/** Fewer are looked at without threads. */
const fewFiles = 1000;
/** An answer of a disk is waited for more than it is computed. */
const threads = 4;
const blockFiles = 4096;

/** Known facts about the files of a set, by the position of the image. */
export interface FileStats extends StatColumns {
  /** Sum of the sizes. */
  readonly total: number;
  /**
   * The images whose size falls into 1 of so many classes of sizes have a hash; 1 is all. By size, so
   * that equal files of two sets are hashed in both. 0 is none.
   */
  readonly every: number;
  /** Number of images with a hash. */
  readonly hashed: number;
  /** The hash of an image's contents in hexadecimal; undefined if it has none. */
  hash(place: number): string | undefined;
}

export interface StatOptions {
  /** Hashes the contents of all images, whatever they take. */
  readonly hashAll?: boolean | undefined;
}

/** Looks at all files of a set. What is not there has the size -1, and is not an error here. */
export async function statImages(images: Images, options: StatOptions = {}): Promise<FileStats> {
  const { packed, count } = images;
  const columns = {
    bytes: sharedFloats(count),
    modified: sharedFloats(count),
    file: sharedFloats(count),
  };
  if (packed) return packedStats(images, packed, columns, options);
  const pool = count > fewFiles ? new StatThreads() : undefined;
  try {
    await eachBlock(images, count, pool, (paths, start, job) => ({
      ...{ kind: 'stat', job, paths, start, columns },
    }));
    const total = columns.bytes.reduce((sum, bytes) => sum + Math.max(0, bytes), 0);
    const every = options.hashAll === true ? 1 : sizesOf(count, total);
    const chosen = chosenBySize(columns.bytes, every);
    const hashes = sharedBytes(chosen.length * hashBytes);
    await eachBlock(subset(images, chosen), chosen.length, pool, (paths, start, job) => ({
      ...{ kind: 'hash', job, paths, start, hashes },
    }));
    return { ...columns, total, every, ...hashesOf(chosen, hashes) };
  } finally {
    pool?.close();
  }
}

/** The power of two in which 1 of so many sizes keeps the budget. */
function sizesOf(count: number, total: number): number {
  const share = Math.max(count / hashedFiles, total / hashedBytes, 1);
  return 2 ** Math.ceil(Math.log2(share));
}

function chosenBySize(bytes: Float64Array, every: number): Uint32Array {
  const chosen = new Uint32Array(bytes.length);
  let count = 0;
  // The file size modulo a prime spreads sizes that are multiples of a sector.
  for (let i = 0; i < bytes.length; i++) {
    const size = bytes[i] ?? 0;
    if (size > 0 && (size % 65_521) % every === 0) chosen[count++] = i;
  }
  return chosen.slice(0, count);
}

function subset(images: Images, places: Uint32Array): Pick<Images, 'where'> {
  return { where: (i) => images.where(places[i] ?? 0) };
}

/** `chosen` is sorted; those that could not be read have zeros. */
function hashesOf(chosen: Uint32Array, hashes: Uint8Array): Pick<FileStats, 'hashed' | 'hash'> {
  const none = '0'.repeat(2 * hashBytes);
  return {
    hashed: chosen.length,
    hash(place) {
      const row = rowOf(chosen, place);
      if (row < 0) return undefined;
      const bytes = Buffer.from(hashes.buffer, hashes.byteOffset + row * hashBytes, hashBytes);
      const text = bytes.toString('hex');
      return text === none ? undefined : text;
    },
  };
}

function rowOf(sorted: Uint32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === value ? low : -1;
}

/** Packed images are not files: their pixels stand for the contents. */
function packedStats(
  images: Images,
  { data, shape }: PackedPixels,
  columns: StatColumns,
  { hashAll = false }: StatOptions,
): FileStats {
  const size = shape.reduce((a, b) => a * b, 1);
  columns.bytes.fill(size);
  const { count } = images;
  const all = hashAll || count * size <= hashedBytes / 4;
  const chosen = all ? Uint32Array.from({ length: count }, (_, i) => i) : new Uint32Array();
  const hashes = new Uint8Array(chosen.length * hashBytes);
  for (const i of chosen) {
    const start = Number(images.where(i)) * size;
    const hash = createHash('sha256').update(data.subarray(start, start + size));
    hashes.set(hash.digest().subarray(0, hashBytes), i * hashBytes);
  }
  const every = all ? 1 : 0;
  return { ...columns, total: count * size, every, ...hashesOf(chosen, hashes) };
}

function sharedFloats(count: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(count * Float64Array.BYTES_PER_ELEMENT));
}

function sharedBytes(count: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(count));
}

type Work = Exclude<StatCommand, { kind: 'stop' }>;

/** Hands the files to the threads block by block, a few ahead; without threads, to this one. */
async function eachBlock(
  images: Pick<Images, 'where'>,
  count: number,
  pool: StatThreads | undefined,
  command: (paths: string, start: number, job: number) => Work,
): Promise<void> {
  for (let start = 0; start < count; start += blockFiles) {
    const length = Math.min(blockFiles, count - start);
    const paths = Array.from({ length }, (_, i) => String(images.where(start + i))).join('\0');
    const work = command(paths, start, start);
    if (pool) await pool.take(work);
    else answer(work);
  }
  await pool?.end();
}

/** Threads that look at files; at most two blocks a thread are under way. */
class StatThreads {
  readonly #workers: readonly Worker[];
  readonly #open = new Map<Worker, number>();
  #wake: (() => void) | undefined;
  #failed: Error | undefined;

  constructor() {
    this.#workers = Array.from({ length: threads }, () => this.#start());
  }

  #start(): Worker {
    const worker = new Worker(workerUrl(import.meta.url, 'statWorker'));
    this.#open.set(worker, 0);
    worker.on('message', (_: StatReply) => {
      this.#open.set(worker, (this.#open.get(worker) ?? 1) - 1);
      this.#wake?.();
    });
    worker.on('error', (cause) => {
      this.#failed = new InternalError('a thread that looks at files failed', {
        ...{ code: 'worker-ended', cause },
      });
      this.#wake?.();
    });
    return worker;
  }

  /** Gives work to the thread that has the least, once it has less than two blocks. */
  async take(work: Work): Promise<void> {
    for (;;) {
      const [worker, open] = this.#idlest();
      if (open < 2) {
        this.#open.set(worker, open + 1);
        worker.postMessage(work);
        return;
      }
      await this.#change();
    }
  }

  /** Waits until all is done. */
  async end(): Promise<void> {
    while ([...this.#open.values()].some((open) => open > 0)) await this.#change();
  }

  #idlest(): readonly [Worker, number] {
    const [first, ...rest] = this.#open;
    if (first === undefined) throw new InternalError('no thread', { code: 'internal' });
    return rest.reduce((best, own) => (own[1] < best[1] ? own : best), first);
  }

  async #change(): Promise<void> {
    if (!this.#failed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#failed) throw this.#failed;
  }

  close(): void {
    for (const worker of this.#workers) worker.postMessage({ kind: 'stop' } satisfies StatCommand);
  }
}
