import type { JpegHeader } from './jpegHeader.js';

const endOfImage = Buffer.from([0xff, 0xd9]);

/**
 * True if an image file ends too early, as far as JPEG, PNG and WebP tell. A decoder that needs
 * only the upper part would not notice.
 */
export function isCutShort(bytes: Buffer, jpeg: JpegHeader | undefined): boolean {
  if (bytes.length < 12) return true;
  // Behind the start of the scan: a thumbnail in the header has an end of its own.
  if (jpeg) return bytes.lastIndexOf(endOfImage) < jpeg.scanStart;
  if (bytes.readUInt32BE(0) === 0x89504e47) return bytes.lastIndexOf('IEND') < 0;
  if (bytes.toString('latin1', 0, 4) === 'RIFF') return bytes.readUInt32LE(4) + 8 > bytes.length;
  return false;
}
