/** What a JPEG says of itself before its pixels. */
export interface JpegHeader {
  /** As stored, in pixels. */
  readonly width: number;
  readonly height: number;
  /** EXIF's: 1 to 8, of which 5 to 8 swap width and height. */
  readonly orientation: number;
  /** Where the first scan begins. */
  readonly scanStart: number;
}

const startOfScan = 0xda;

/**
 * Reads the header of a JPEG; undefined where it has none that is plain. The decoder would tell the
 * same, but takes a twentieth of the time of the whole image for it.
 */
export function jpegHeader(bytes: Buffer): JpegHeader | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  let [width, height, orientation, at] = [0, 0, 1, 2];
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    // A marker may be padded with further bytes of 0xff.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (marker === startOfScan)
      return width > 0 && height > 0 ? { width, height, orientation, scanStart: at } : undefined;
    if (end > bytes.length) return undefined;
    if (isFrame(marker) && end >= at + 9)
      [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)];
    else if (marker === 0xe1)
      orientation = orientationOf(bytes.subarray(at + 4, end)) ?? orientation;
    at = end;
  }
  return undefined;
}

/** Start of frame: 0xc0 to 0xcf but for the tables and the extension among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Tag 0x0112 of the first directory of an EXIF segment. */
function orientationOf(segment: Buffer): number | undefined {
  if (segment.length < 16 || segment.toString('latin1', 0, 6) !== 'Exif\0\0') return undefined;
  const tiff = segment.subarray(6);
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return undefined;
  const count = u16(directory);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return undefined;
    if (u16(entry) !== 0x0112) continue;
    const value = u16(entry + 8);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}
