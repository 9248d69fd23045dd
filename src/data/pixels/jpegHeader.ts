/** Facts in a JPEG's header. */
export interface JpegHeader {
  /** As stored, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Colours of a pixel: 1, 3 or 4. */
  readonly channels: number;
  /**
   * EXIF's: 1 to 8, of which 5 to 8 swap width and height. Undefined if the decoder has to say it:
   * there are several EXIF segments, or one that is out of the ordinary.
   */
  readonly orientation: number | undefined;
  /** Start of the first scan. */
  readonly scanStart: number;
}

const startOfScan = 0xda;

/**
 * Reads the header of a JPEG; undefined if it has none that is plain. The decoder would tell the
 * same, but takes a twentieth of the time of the whole image for it.
 */
export function jpegHeader(bytes: Buffer): JpegHeader | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  let [width, height, channels, at] = [0, 0, 0, 2];
  let orientation: number | undefined = 1;
  let segments = 0;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    // A marker may be padded with further bytes of 0xff.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (marker === startOfScan)
      return width > 0 && height > 0
        ? { width, height, channels, orientation, scanStart: at }
        : undefined;
    if (end > bytes.length) return undefined;
    if (isFrame(marker) && end >= at + 10) {
      [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)];
      channels = bytes[at + 9] ?? 0;
    } else if (marker === 0xe1 && isExif(bytes, at + 4)) {
      segments += 1;
      orientation = segments === 1 ? orientationOf(bytes.subarray(at + 4, end)) : undefined;
    }
    at = end;
  }
  return undefined;
}

/** Start of frame: 0xc0 to 0xcf but for the tables and the extension among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function isExif(bytes: Buffer, at: number): boolean {
  return bytes.toString('latin1', at, at + 4) === 'Exif';
}

/** Tag 0x0112 of the first directory of an EXIF segment: 1 without it, undefined if it is odd. */
function orientationOf(segment: Buffer): number | undefined {
  if (segment.length < 16 || segment.toString('latin1', 0, 6) !== 'Exif\0\0') return undefined;
  const tiff = segment.subarray(6);
  const order = tiff.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') return undefined;
  const little = order === 'II';
  const u16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number): number => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const directory = u32(4);
  if (directory + 2 > tiff.length) return undefined;
  const count = u16(directory);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return undefined;
    if (u16(entry) !== 0x0112) continue;
    const value = u16(entry + 8);
    const plain = u16(entry + 2) === 3 && u32(entry + 4) === 1 && value >= 1 && value <= 8;
    return plain ? value : undefined;
  }
  return 1;
}
