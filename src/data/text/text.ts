import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { readError } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';

/** Encoding of a text by the mark that it begins with; UTF-8 without one. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

/**
 * Throws a DataError with the line for bytes that are not UTF-8, that hold a NUL as binary files do,
 * or U+FFFD, which stands for lost letters. `first` is the number of the line that they begin.
 */
export function requireUtf8(bytes: Buffer, path: string, first = 1): void {
  if (problemOf(bytes) === undefined) return;
  // Any bytes are Latin-1, whose line ends are those of UTF-8.
  const lines = bytes.toString('latin1').split(lineEnd);
  const wrong = lines.findIndex((line) => problemOf(Buffer.from(line, 'latin1')) !== undefined);
  const number = first + Math.max(0, wrong);
  const problem = problemOf(Buffer.from(lines[wrong] ?? '', 'latin1')) ?? 'is not UTF-8';
  throw new DataError(`line ${number} of ${path} ${problem}`, {
    code: 'not-utf8',
    where: `${path}:${number}`,
    hint: 'save it as UTF-8',
  });
}

/** Ends of lines: of Unix, of Windows, and the lone carriage return of old spreadsheets. */
export const lineEnd = /\r\n?|\n/;

function problemOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0))
    return 'holds a NUL: this is not text, or it is UTF-16 without a byte order mark';
  if (!isUtf8(bytes)) return 'is not UTF-8';
  return bytes.includes('\uFFFD')
    ? 'has characters that were lost in another encoding (U+FFFD)'
    : undefined;
}

/**
 * Text of a small file: UTF-8, or UTF-16 with a mark; without the mark, and with `\n` between lines.
 * Throws a DataError with the line for anything else, and an ArtifactError if the file cannot be
 * read.
 */
export function readText(path: string, hint?: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw readError(cause, path, hint);
  }
  const encoding = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  requireUtf8(encoding === 'utf-8' ? bytes : Buffer.from(text), path);
  return text.split(lineEnd).join('\n');
}
