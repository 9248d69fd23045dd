import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAll } from '../../runtime/storage/atomic.js';
import { messageOf, systemCode } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';
import { encodingOf, lineEnd, requireUtf8 } from './text.js';

/** One place in so many lines is held: a quarter of a byte a line. */
const stride = 32;
const chunkBytes = 2 ** 20;
/** Lines that a program makes stay in memory up to this size. */
const memoryBytes = 2 ** 26;
/** A line that is longer stands in no list. */
const maxLineBytes = 2 ** 24;
const [newline, carriageReturn] = [10, 13];

interface TextSource {
  read(start: number, end: number): Buffer;
  close(): void;
}

/** Told of a line that is not blank, with its number in the file, from 1. */
type OnLine = (line: string, number: number) => void;

/**
 * Lines of text by number, blank ones left out, without an object a line: the text stays in its
 * file, and a line is read when it is asked for. Lines end as in Unix, in Windows or in a lone
 * carriage return.
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
   * Reads through a file of UTF-8, or of UTF-16 with a mark, once. Throws a DataError if the file
   * cannot be read, and with the line if it is of another encoding.
   */
  static async ofFile(path: string, onLine?: OnLine): Promise<Lines> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'r');
      const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
      const encoding = encodingOf(buffer);
      if (encoding !== 'utf-8') return Lines.from(decoded(path, encoding, onLine), path);
      const index = await indexFile(file, path, onLine);
      return new Lines(fileSource(openSync(path, 'r'), path), index, path);
    } catch (cause) {
      throw cause instanceof DataError ? cause : listError(path, cause);
    } finally {
      await file?.close();
    }
  }

  /** Takes lines as they come; they go to a file without a name if they outgrow memory. */
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

  /** Another one if a line changes. */
  get fingerprint(): string {
    return this.index.fingerprint;
  }

  /** Line i, counted from 0. */
  at(i: number): string {
    const block = Math.floor(i / stride);
    if (block !== this.#block) {
      const start = this.index.start(block);
      const text = textOf(this.source.read(start, this.index.start(block + 1)), start);
      this.#lines = text.split(lineEnd).filter((line) => !/^[ \t]*$/.test(line));
      this.#block = block;
    }
    const line = this.#lines[i - block * stride];
    if (line !== undefined) return line;
    throw new DataError(
      `${this.name} has no image ${i} of ${this.count}: the file has become shorter`,
      {
        code: 'list-changed',
        where: this.name,
        hint: 'do not change a list while a run uses it',
      },
    );
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

async function indexFile(file: FileHandle, path: string, onLine?: OnLine): Promise<LineIndex> {
  const index = new LineIndex();
  let [start, number] = [0, 0];
  let rest: Buffer = Buffer.alloc(0);
  for (let last = false; !last;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, null);
    last = bytesRead === 0;
    index.hash(buffer.subarray(0, bytesRead));
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    const whole = last ? bytes.length : endOfLines(bytes);
    const lines = bytes.subarray(0, whole);
    rest = bytes.subarray(whole);
    if (rest.length > maxLineBytes) throw longLine(path, number + 1);
    requireUtf8(lines, path, number + 1);
    for (const [from, to] of linesOf(lines)) {
      const line = lines.subarray(from, to);
      number += 1;
      index.add(line, start + from);
      if (!isBlank(line)) onLine?.(textOf(line, start + from), number);
    }
    start += whole;
  }
  index.end(start);
  return index;
}

/** End of the last line that has certainly ended: a newline may follow a carriage return. */
function endOfLines(bytes: Buffer): number {
  const before = bytes.at(-1) === carriageReturn ? bytes.length - 2 : bytes.length - 1;
  return (
    1 + Math.max(bytes.lastIndexOf(newline, before), bytes.lastIndexOf(carriageReturn, before))
  );
}

/** Begin and end of each line. */
function* linesOf(bytes: Buffer): Generator<readonly [number, number]> {
  let [feed, carriage] = [-1, -1];
  const next = (byte: number, from: number): number => {
    const found = bytes.indexOf(byte, from);
    return found < 0 ? bytes.length : found;
  };
  for (let from = 0; from < bytes.length;) {
    if (feed < from) feed = next(newline, from);
    if (carriage < from) carriage = next(carriageReturn, from);
    const to = Math.min(feed, carriage);
    yield [from, to];
    from = carriage + 1 === feed ? feed + 1 : to + 1;
  }
}

/** Lines of UTF-16; told of each as the lines of a UTF-8 file are. */
function* decoded(path: string, encoding: string, onLine?: OnLine): Generator<string> {
  const decoder = new TextDecoder(encoding);
  const bytes = Buffer.alloc(chunkBytes);
  const file = openSync(path, 'r');
  let [number, rest] = [0, ''];
  try {
    for (let last = false; !last;) {
      const count = readSync(file, bytes);
      last = count === 0;
      rest += decoder.decode(bytes.subarray(0, count), { stream: !last });
      // A carriage return that comes last may be the first half of a line end.
      const lines = rest.split(last ? lineEnd : /\r\n|\n|\r(?!$)/);
      rest = last ? '' : (lines.pop() ?? '');
      if (rest.length > maxLineBytes) throw longLine(path, number + lines.length);
      requireUtf8(Buffer.from(lines.join('\n')), path, number + 1);
      for (const line of lines) {
        number += 1;
        if (line.trim() !== '') onLine?.(line, number);
        yield line;
      }
    }
  } finally {
    closeSync(file);
  }
}

function longLine(path: string, number: number): DataError {
  return new DataError(`line ${number} of ${path} is longer than ${maxLineBytes / 2 ** 20} MB`, {
    code: 'long-line',
    where: `${path}:${number}`,
    hint: 'check that this is a list: it should have one image per line',
  });
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 32 || byte === 9);
}

/** Without the mark that may begin a file. */
function textOf(bytes: Buffer, start: number): string {
  const text = bytes.toString('utf8');
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
    hint: missing ? 'pass the path of a list or of a folder of images' : undefined,
    cause,
  });
}
