const [endOfImage, startOfScan] = [0xd9, 0xda];

/**
 * Whether the file of an image is whole at its end, as far as JPEG, PNG and WebP tell. A decoder that
 * needs only the upper part would not notice.
 */
export function isCutShort(bytes: Buffer): boolean {
  if (bytes.length < 12) return true;
  if (bytes.readUInt16BE(0) === 0xffd8) return !hasJpegEnd(bytes);
  if (bytes.readUInt32BE(0) === 0x89504e47) return bytes.lastIndexOf('IEND') < 0;
  if (bytes.toString('latin1', 0, 4) === 'RIFF') return bytes.readUInt32LE(4) + 8 > bytes.length;
  return false;
}

/** The end must stand behind the start of the scan: a thumbnail in the header has one of its own. */
function hasJpegEnd(bytes: Buffer): boolean {
  const end = bytes.lastIndexOf(Buffer.from([0xff, endOfImage]));
  return end > scanStart(bytes);
}

/** Where the first scan begins; the length of the file where there is none. */
function scanStart(bytes: Buffer): number {
  let at = 2;
  while (at + 4 <= bytes.length) {
    const marker = bytes[at + 1] ?? 0;
    if (bytes[at] !== 0xff) break;
    if (marker === startOfScan) return at;
    // A marker may be padded with further bytes of 0xff.
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return bytes.length;
}
