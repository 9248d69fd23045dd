/**
 * Files and folders that appear whole or not at all. Each is written beside its place under a
 * hidden name, forced to disk and renamed; a writer that is killed leaves only hidden leftovers.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { GradusError } from '../../support/errors.js';
import { systemCode, writeError } from './fileErrors.js';
import { isAlive, ownerOfTag, ownerTag, ownerTagPattern, thisProcess } from './processOwner.js';

/** One write call takes at most 2^31 - 1 bytes. */
const chunkBytes = 2 ** 26;

/** The owner is a bare process number in files of older versions. */
const leftover = new RegExp(
  String.raw`^\.(?<name>.+)\.(?<kind>new|old)-(?<owner>${ownerTagPattern}|\d+)-\d+-\d+$`,
);

/** Age at which a half-written file of an older version, which does not name its host, counts as left. */
const oldMilliseconds = 3_600_000;

let counter = 0;

/** Folders that this process has cleared of what dead ones left. */
const swept = new Set<string>();

/** A free hidden name beside `path`. The first in a folder clears what killed processes left there. */
function hiddenName(path: string, kind: 'new' | 'old'): string {
  const folder = dirname(resolve(path));
  if (!swept.has(folder)) {
    swept.add(folder);
    sweep(folder);
  }
  counter += 1;
  const hidden = `.${basename(path)}.${kind}-${ownerTag(thisProcess())}-${threadId}-${counter}`;
  const place = join(dirname(path), hidden);
  discard(place);
  return place;
}

/** Undoes what dead processes of this machine left, in a folder that others may be writing to. */
function sweep(folder: string): void {
  try {
    for (const entry of readdirSync(folder)) {
      const owner = leftover.exec(entry)?.groups?.['owner'];
      if (owner !== undefined && isDead(owner, join(folder, entry))) undo(folder, entry);
    }
  } catch {
    // Clearing up is a courtesy: a folder that cannot be written is told of by what writes there.
  }
}

function isDead(owner: string, path: string): boolean {
  if (owner.includes('-')) return !isAlive(ownerOfTag(owner));
  if (isAlive({ pid: Number(owner), host: hostname(), started: null })) return false;
  return Date.now() - statSync(path).mtimeMs > oldMilliseconds;
}

/** A half-written file goes; a folder whose replacement never arrived comes back. */
function undo(folder: string, entry: string): void {
  const { name, kind } = leftover.exec(entry)?.groups ?? {};
  if (name === undefined) return;
  const [hidden, path] = [join(folder, entry), join(folder, name)];
  if (kind === 'old' && !existsSync(path)) renameSync(hidden, path);
  else rmSync(hidden, { recursive: true });
}

/**
 * Makes a folder and those above it; returns the paths that it made, outermost first. Throws an
 * ArtifactError if it cannot.
 */
export function makeFolder(path: string): readonly string[] {
  const made: string[] = [];
  try {
    makeMissing(path, made);
  } catch (error) {
    throw writeError(error, path);
  }
  return made;
}

/**
 * One folder at a time: Node's recursive mkdir never returns if a parent exists but takes no
 * folders (/proc), and calls a read-only file system a missing file.
 */
function makeMissing(path: string, made: string[]): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeMissing(parent, made);
  try {
    mkdirSync(path);
    made.push(path);
  } catch (error) {
    // Another process may have been faster.
    if (systemCode(error) !== 'EEXIST' || !isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Writes all of `bytes` at the file's current position. */
export function writeAll(file: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length)
    done += writeSync(file, bytes, done, Math.min(chunkBytes, bytes.length - done));
}

/** Writes a new file piece by piece and forces it to disk. `path` must not exist. */
export function writeDurably(path: string, pieces: Iterable<Uint8Array>): void {
  const file = openSync(path, 'wx');
  try {
    for (const piece of pieces) writeAll(file, piece);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Forces the names in a folder to disk. */
function syncFolder(path: string): void {
  // Windows opens no folders; its renames are journalled by NTFS.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * Writes or replaces a file; a reader sees the old or the new one, whole. Throws an ArtifactError
 * if the folder is not writable and a TrainingError if the disk is full.
 */
export function writeFileAtomic(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): void {
  const pieces = piecesOf(content);
  const temporary = hiddenName(path, 'new');
  try {
    writeDurably(temporary, pieces);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    discard(temporary);
    throw explained(error, path, lengthOf(content));
  }
}

/**
 * A file that is written bit by bit and appears whole when it is committed. Throws as
 * writeFileAtomic does; the half-written file then goes, so that a full disk has room again.
 */
export class AtomicFile {
  readonly #temporary: string;
  readonly #file: number;
  #bytes = 0;
  #open = true;

  constructor(readonly path: string) {
    this.#temporary = hiddenName(path, 'new');
    try {
      this.#file = openSync(this.#temporary, 'wx');
    } catch (error) {
      throw explained(error, path, undefined);
    }
  }

  write(bytes: Uint8Array): void {
    this.#attempt(() => writeAll(this.#file, bytes));
    this.#bytes += bytes.length;
  }

  /** Forces what was written to disk and gives it its name; returns its size in bytes. */
  commit(): number {
    this.#attempt(() => {
      fsyncSync(this.#file);
      this.#close();
      renameSync(this.#temporary, this.path);
      syncFolder(dirname(this.path));
    });
    return this.#bytes;
  }

  /** Drops what was written; nothing happens after a commit. */
  discard(): void {
    if (!this.#open) return;
    this.#close();
    discard(this.#temporary);
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#open) this.#close();
      discard(this.#temporary);
      throw explained(error, this.path, this.#bytes || undefined);
    }
  }

  #close(): void {
    this.#open = false;
    closeSync(this.#file);
  }
}

function piecesOf(content: string | Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (typeof content === 'string') return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}

function lengthOf(content: string | Uint8Array | Iterable<Uint8Array>): number | undefined {
  if (typeof content === 'string' || content instanceof Uint8Array) return content.length;
  // The length of pieces that are made as they are written is unknown beforehand.
  if (!Array.isArray(content)) return undefined;
  return (content as readonly Uint8Array[]).reduce((sum, piece) => sum + piece.length, 0);
}

/**
 * Writes or replaces a folder: `fill` writes its files (with writeDurably) into the folder that it
 * is given. `bytes` is about what they take, for the error of a full disk. A kill between the two
 * renames of a replacement leaves the old folder under its hidden name: `recoverFolder` restores it.
 */
export function writeFolderAtomic(
  path: string,
  fill: (folder: string) => void,
  bytes?: number,
): void {
  const temporary = hiddenName(path, 'new');
  const replaced = hiddenName(path, 'old');
  try {
    mkdirSync(temporary);
    fill(temporary);
    syncFolder(temporary);
    const replaces = existsSync(path);
    if (replaces) renameSync(path, replaced);
    renameSync(temporary, path);
    syncFolder(dirname(path));
    if (replaces) rmSync(replaced, { recursive: true });
  } catch (error) {
    discard(temporary);
    if (existsSync(replaced) && !existsSync(path)) renameSync(replaced, path);
    throw explained(error, path, bytes);
  }
}

function explained(error: unknown, path: string, bytes: number | undefined): GradusError {
  return error instanceof GradusError ? error : writeError(error, path, bytes);
}

function discard(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The error that led here says more; recoverFolder removes what is left.
  }
}

/** Removes a folder at once for every reader: it is renamed before its files go. */
export function removeFolder(path: string): void {
  const hidden = hiddenName(path, 'new');
  try {
    renameSync(path, hidden);
    rmSync(hidden, { recursive: true });
  } catch (error) {
    throw writeError(error, path);
  }
}

/** Removes those of `folders`, outermost first, in which nothing lies. */
export function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of folders.toReversed())
    try {
      rmdirSync(folder);
    } catch {
      // Something lies in it, so also in those around it.
      return;
    }
}

/**
 * Undoes what killed writers left in `folder`: half-written files go, a folder whose replacement
 * never arrived comes back. Only for the one process that writes there.
 */
export function recoverFolder(folder: string): void {
  if (!existsSync(folder)) return;
  try {
    for (const entry of readdirSync(folder)) undo(folder, entry);
  } catch (error) {
    throw writeError(error, folder);
  }
}
