import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAll } from '../runtime/atomic.js';
import { messageOf, systemCode } from '../runtime/fileErrors.js';
import { DataError } from '../support/errors.js';

/** One place in so many lines is held: a quarter of a byte a line. */
const stride = 32;
const chunkBytes = 2 ** 20;
/** Lines that a program makes stay in memory up to this size. */
const memoryBytes = 2 ** 26;
const newline = 10;

interface TextSource {
  read(start: number, end: number): Buffer;
  close(): void;
}

/**
 * Lines of UTF-8 text by number, blank ones left out, without an object a line: the text stays in
 * its file, and a line is read when it is asked for.
 */
export class Lines {
  #block = -1;
  #lines: readonly string[] = [];

  private constructor(
    private readonly source: TextSource,
    private readonly index: LineIndex,
    private readonly name: string,
  ) {}

  /**
   * Reads through a file once; `onLine` gets each line with its number in the file, from 1. Throws a
   * DataError where the file cannot be read.
   */
  static async ofFile(
    path: string,
    onLine?: (line: string, number: number) => void,
  ): Promise<Lines> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'r');
      const index = await indexFile(file, onLine);
      return new Lines(fileSource(openSync(path, 'r'), path), index, path);
    } catch (cause) {
      throw cause instanceof DataError ? cause : listError(path, cause);
    } finally {
      await file?.close();
    }
  }

  /** Takes lines as they come; they go to a file without a name where they outgrow memory. */
  static from(lines: Iterable<string>, name: string, inMemory = memoryBytes): Lines {
    const index = new LineIndex();
    let pieces: Buffer[] = [];
    let [size, held] = [0, 0];
    let file: number | undefined;
    for (const line of lines) {
      const bytes = Buffer.from(`${line}\n`);
      index.add(bytes.subarray(0, -1), size);
      index.hash(bytes);
      pieces.push(bytes);
      size += bytes.length;
      held += bytes.length;
      if (held < inMemory) continue;
      file ??= temporaryFile();
      writeAll(file, Buffer.concat(pieces));
      [pieces, held] = [[], 0];
    }
    index.end(size);
    const rest = Buffer.concat(pieces);
    if (file === undefined) return new Lines(memorySource(rest), index, name);
    writeAll(file, rest);
    return new Lines(fileSource(file, name), index, name);
  }

  get count(): number {
    return this.index.count;
  }

  /** Another one where a line changes. */
  get fingerprint(): string {
    return this.index.fingerprint;
  }

  /** Line i, counted from 0. */
  at(i: number): string {
    const block = Math.floor(i / stride);
    if (block !== this.#block) {
      const start = this.index.start(block);
      const text = textOf(this.source.read(start, this.index.start(block + 1)), start);
      this.#lines = text.split('\n').filter((line) => !/^[ \t]*$/.test(line));
      this.#block = block;
    }
    const line = this.#lines[i - block * stride];
    if (line !== undefined) return line;
    throw new DataError(`${this.name} has no image ${i} of ${this.count}: it has become shorter`, {
      code: 'list-changed',
      where: this.name,
      hint: 'leave a list as it is while a run uses it',
    });
  }

  close(): void {
    this.source.close();
  }
}

/** Places of every `stride`-th line, and a hash of them all. */
class LineIndex {
  count = 0;
  #starts = new Float64Array(1024);
  #blocks = 0;
  readonly #hash = createHash('sha256');
  #fingerprint: string | undefined;

  add(line: Uint8Array, start: number): void {
    if (isBlank(line)) return;
    if (this.count % stride === 0) this.#push(start);
    this.count += 1;
  }

  hash(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  end(size: number): void {
    this.#push(size);
    this.#fingerprint = this.#hash.digest('hex');
  }

  start(block: number): number {
    return this.#starts[Math.min(block, this.#blocks - 1)] ?? 0;
  }

  get fingerprint(): string {
    return this.#fingerprint ?? '';
  }

  #push(start: number): void {
    if (this.#blocks === this.#starts.length) {
      const longer = new Float64Array(2 * this.#blocks);
      longer.set(this.#starts);
      this.#starts = longer;
    }
    this.#starts[this.#blocks] = start;
    this.#blocks += 1;
  }
}

async function indexFile(
  file: FileHandle,
  onLine?: (line: string, number: number) => void,
): Promise<LineIndex> {
  const index = new LineIndex();
  let [start, number] = [0, 0];
  let rest: Buffer = Buffer.alloc(0);
  const take = (line: Buffer): void => {
    number += 1;
    index.add(line, start);
    if (!isBlank(line)) onLine?.(textOf(line, start), number);
    start += line.length + 1;
  };
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, null);
    if (bytesRead === 0) break;
    index.hash(buffer.subarray(0, bytesRead));
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let from = 0;
    for (let to; (to = bytes.indexOf(newline, from)) >= 0; from = to + 1)
      take(bytes.subarray(from, to));
    rest = bytes.subarray(from);
  }
  const size = start + rest.length;
  if (rest.length > 0) take(rest);
  index.end(size);
  return index;
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 32 || byte === 9 || byte === 13);
}

/** Without the carriage returns of Windows and the mark that may begin a file. */
function textOf(bytes: Buffer, start: number): string {
  const text = bytes.toString('utf8').replaceAll(/\r(?=\n|$)/g, '');
  return start === 0 ? text.replace(/^\uFEFF/, '') : text;
}

function memorySource(bytes: Buffer): TextSource {
  return { read: (start, end) => bytes.subarray(start, end), close: () => undefined };
}

/** Keeps the file open, so that a list that is replaced by another stays the one that was checked. */
function fileSource(file: number, name: string): TextSource {
  return {
    read(start, end) {
      const bytes = Buffer.alloc(end - start);
      try {
        const count = readSync(file, bytes, 0, bytes.length, start);
        return bytes.subarray(0, count);
      } catch (cause) {
        throw listError(name, cause);
      }
    },
    close: () => closeSync(file),
  };
}

function temporaryFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-'));
  try {
    const file = openSync(join(folder, 'lines'), 'wx+');
    // Without a name it goes with the process, however that ends; Windows keeps the name.
    rmSync(folder, { recursive: true, force: true });
    return file;
  } catch (cause) {
    throw listError(folder, cause);
  }
}

function listError(path: string, cause: unknown): DataError {
  const missing = systemCode(cause) === 'ENOENT';
  const message = missing ? `${path} does not exist` : `cannot read ${path}: ${messageOf(cause)}`;
  return new DataError(message, {
    code: missing ? 'missing-file' : 'read-failed',
    where: path,
    hint: missing ? 'give the path of a list, or of a folder of images' : undefined,
    cause,
  });
}
