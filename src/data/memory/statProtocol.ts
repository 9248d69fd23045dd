import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { hashFile } from '../../runtime/storage/hashFile.js';

/** Bytes of a content hash: the first half of a SHA-256. */
export const hashBytes = 16;

/** Larger files are read in pieces. */
const wholeBytes = 2 ** 26;

/** Columns of what the file system says, an entry an image, on memory that threads share. */
export interface StatColumns {
  /** Size in bytes; -1 for a file that is not there. */
  readonly bytes: Float64Array;
  /** Modification time in milliseconds. */
  readonly modified: Float64Array;
  /** Number of the file on its disk (inode), rounded to a float; 0 if there is none. */
  readonly file: Float64Array;
}

/** Work for a thread: paths, joined by NUL, and where their answers go. */
export type StatCommand =
  | {
      readonly kind: 'stat';
      readonly job: number;
      readonly paths: string;
      readonly start: number;
      readonly columns: StatColumns;
    }
  | {
      readonly kind: 'hash';
      readonly job: number;
      readonly paths: string;
      readonly start: number;
      readonly hashes: Uint8Array;
    }
  | { readonly kind: 'stop' };

export interface StatReply {
  readonly job: number;
}

/** Looks at files, or reads them through; one that is not there or cannot be read says so by its columns. */
export function answer(command: Exclude<StatCommand, { kind: 'stop' }>): void {
  const { start } = command;
  for (const [i, path] of command.paths.split('\0').entries())
    if (command.kind === 'stat') look(path, start + i, command.columns);
    else command.hashes.set(hashContents(path), (start + i) * hashBytes);
}

function look(path: string, place: number, { bytes, modified, file }: StatColumns): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  bytes[place] = stat?.size ?? -1;
  modified[place] = stat?.mtimeMs ?? 0;
  file[place] = stat?.ino ?? 0;
}

/** The hash of a file's contents; zeros if it cannot be read. */
export function hashContents(path: string): Uint8Array {
  const hash = createHash('sha256');
  try {
    const size = statSync(path).size;
    if (size > wholeBytes) hashFile(hash, path);
    else hash.update(readFileSync(path));
  } catch {
    // The loader names it with the reason, when it comes to this image.
    return new Uint8Array(hashBytes);
  }
  return hash.digest().subarray(0, hashBytes);
}
