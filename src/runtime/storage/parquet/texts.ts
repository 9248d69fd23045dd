/** Text of columns as bytes and back, many values at a time. */
import { isAscii } from 'node:buffer';

/** Values as their UTF-8, parts of one array; as they are if halves of a character lie in two values. */
export function encodeTexts(values: readonly string[]): Uint8Array[] | string[] {
  const text = values.join('');
  const bytes = new TextEncoder().encode(text);
  // No character outside ASCII takes one byte.
  const ascii = bytes.length === text.length;
  const parts = new Array<Uint8Array>(values.length);
  let at = 0;
  for (let i = 0; i < parts.length; i++) {
    const value = values[i] ?? '';
    const length = ascii ? value.length : Buffer.byteLength(value);
    // Joined, such halves take fewer bytes than apart.
    if (at + length > bytes.length) return [...values];
    parts[i] = new Uint8Array(bytes.buffer, bytes.byteOffset + at, length);
    at += length;
  }
  return parts;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Values of a page of plain text: each has the 4 bytes of its length before it. Throws at bytes that are not UTF-8. */
export function decodeTexts(page: Uint8Array, count: number): string[] {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.length);
  // So are the bytes of lengths below 128.
  const encoding = isAscii(page) ? 'latin1' : 'utf8';
  const values = new Array<string>(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + 4;
    at = start > bytes.length ? Infinity : start + bytes.readUInt32LE(at);
    if (at > bytes.length) throw new RangeError('a text that ends behind its page');
    // A copy: a part of one long string would keep that whole.
    const value = bytes.toString(encoding, start, at);
    const doubtful = encoding === 'utf8' && value.includes('\ufffd');
    values[i] = doubtful ? strict.decode(bytes.subarray(start, at)) : value;
  }
  return values;
}
