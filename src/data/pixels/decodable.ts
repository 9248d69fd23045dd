import { decodeBitmap, type Bitmap } from './bitmap.js';
import { formatByBytes, headBytes, refusalOf } from './formats.js';

/**
 * The bytes of an image file as the decoder takes them: itself, or a TIFF in place of a BMP. Throws an
 * Error with the reason for a format that is not decoded, whatever the file's ending, and for a BMP
 * that is broken.
 */
export function decodable(bytes: Buffer): Buffer {
  const format = formatByBytes(bytes.subarray(0, headBytes));
  if (format?.decoded === false) throw new Error(refusalOf(format));
  return format?.name === 'BMP' ? asTiff(decodeBitmap(bytes)) : bytes;
}

const [short, long] = [3, 4];
const headerBytes = 8;

/** An uncompressed TIFF: the only plain pixels that the decoder reads from memory as a file. */
function asTiff({ data, width, height, channels }: Bitmap): Buffer {
  const transparent = channels === 4;
  const tags: readonly (readonly [number, number, number, number])[] = [
    [256, long, 1, width],
    [257, long, 1, height],
    // Bits of each channel; more than two shorts lie behind the tags.
    [258, short, channels, 0],
    [259, short, 1, 1],
    [262, short, 1, 2],
    [273, long, 1, 0],
    [277, short, 1, channels],
    [278, long, 1, height],
    [279, long, 1, data.length],
    ...(transparent ? [[338, short, 1, 2] as const] : []),
  ];
  const bits = headerBytes + 2 + 12 * tags.length + 4;
  const start = bits + 2 * channels;
  const head = Buffer.alloc(start);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(headerBytes, 4);
  head.writeUInt16LE(tags.length, headerBytes);
  for (const [i, [tag, type, count, value]] of tags.entries()) {
    const at = headerBytes + 2 + 12 * i;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(count, at + 4);
    head.writeUInt32LE(tag === 258 ? bits : tag === 273 ? start : value, at + 8);
  }
  for (let i = 0; i < channels; i++) head.writeUInt16LE(8, bits + 2 * i);
  return Buffer.concat([head, data]);
}
