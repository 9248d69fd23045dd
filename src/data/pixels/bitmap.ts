/** A BMP image: RGB of 8 bits, or RGBA if the file says that it has transparency. */
export interface Bitmap {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

/** More pixels are refused: a few run lengths can declare any number, all of which are held at once. */
const maxPixels = 2 ** 26;

interface Header {
  readonly width: number;
  readonly height: number;
  /** The first row of the file is the uppermost. */
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly pixels: number;
  /** Start of the palette's colours, bytes per colour, and their number. */
  readonly palette: { readonly start: number; readonly stride: number; readonly count: number };
  /** Bits of red, green, blue and alpha. */
  readonly masks: readonly number[];
}

const [rgb, rle8, rle4, bitFields, alphaBitFields] = [0, 1, 2, 3, 6];

/**
 * Decodes a BMP of 1, 2, 4, 8, 16, 24 or 32 bits, with or without run lengths. Throws an Error that
 * says why a file cannot be decoded.
 */
export function decodeBitmap(bytes: Buffer): Bitmap {
  const header = headerOf(bytes);
  const { width, height, bits, compression, masks } = header;
  if (width <= 0 || height <= 0) throw new Error('a BMP without pixels');
  if (width * height > maxPixels) throw new Error('a BMP of more than 67 million pixels');
  if (bits <= 8) {
    const indices = compression === rgb ? packedIndices(bytes, header) : runLengths(bytes, header);
    return { ...coloured(bytes, header, indices), width, height, channels: 3 };
  }
  const channels = masks[3] === 0 ? 3 : 4;
  return { data: direct(bytes, header, channels), width, height, channels };
}

function headerOf(bytes: Buffer): Header {
  if (bytes.length < 26) throw new Error('the file is cut short');
  const size = bytes.readUInt32LE(14);
  const old = size === 12;
  if (bytes.length < 14 + size) throw new Error('the file is cut short');
  const height = old ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(old ? 24 : 28);
  const compression = old || size < 20 ? rgb : bytes.readUInt32LE(30);
  requireKnown(bits, compression);
  const used = old || size < 36 ? 0 : bytes.readUInt32LE(46);
  const fields = compression === bitFields || compression === alphaBitFields;
  const outside = size === 40 && fields ? (compression === alphaBitFields ? 16 : 12) : 0;
  if (bytes.length < 14 + size + outside) throw new Error('the file is cut short');
  return {
    width: old ? bytes.readUInt16LE(18) : bytes.readInt32LE(18),
    height: Math.abs(height),
    topDown: height < 0,
    bits,
    compression,
    pixels: bytes.readUInt32LE(10),
    palette: {
      start: 14 + size + outside,
      stride: old ? 3 : 4,
      count: bits > 8 ? 0 : Math.min(used || 2 ** bits, 2 ** bits),
    },
    masks: fields ? masksOf(bytes, size, outside) : bits === 16 ? masks555 : masks888,
  };
}

function requireKnown(bits: number, compression: number): void {
  const widths: Readonly<Record<number, readonly number[]>> = {
    [rgb]: [1, 2, 4, 8, 16, 24, 32],
    [rle8]: [8],
    [rle4]: [4],
    [bitFields]: [16, 32],
    [alphaBitFields]: [16, 32],
  };
  if (widths[compression]?.includes(bits) !== true)
    throw new Error(`a BMP of ${bits} bits with compression ${compression} is not decoded`);
}

const masks555 = [0x7c00, 0x03e0, 0x001f, 0];
const masks888 = [0xff0000, 0xff00, 0xff, 0];

function masksOf(bytes: Buffer, size: number, outside: number): number[] {
  const alpha = size >= 56 || outside === 16;
  return [54, 58, 62, 66].map((at, i) => (i === 3 && !alpha ? 0 : bytes.readUInt32LE(at)));
}

/** The row of the image that row `i` of the file is. */
function rowAt({ height, topDown }: Header, i: number): number {
  return topDown ? i : height - 1 - i;
}

/** Bytes of a row in the file, and where row `i` begins; throws if the rows go past the end. */
function rowsOf(bytes: Buffer, { width, height, bits, pixels }: Header): (i: number) => number {
  const stride = 4 * Math.ceil((width * bits) / 32);
  if (pixels + stride * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length)
    throw new Error('the file is cut short');
  return (i) => pixels + i * stride;
}

function packedIndices(bytes: Buffer, header: Header): Uint8Array {
  const { width, height, bits } = header;
  const start = rowsOf(bytes, header);
  const indices = new Uint8Array(width * height);
  const mask = 2 ** bits - 1;
  for (let i = 0; i < height; i++) {
    const [from, to] = [start(i), rowAt(header, i) * width];
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      indices[to + x] = ((bytes[from + (bit >> 3)] ?? 0) >> (8 - bits - (bit & 7))) & mask;
    }
  }
  return indices;
}

/** Pairs of a count and a value, with escapes for the end of a row, a jump, and values as they are. */
function runLengths(bytes: Buffer, header: Header): Uint8Array {
  const { width, height, bits, pixels } = header;
  const indices = new Uint8Array(width * height);
  let [at, x, y] = [pixels, 0, 0];
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error('the file is cut short');
    return byte;
  };
  const put = (index: number): void => {
    if (x < width && y < height) indices[rowAt(header, y) * width + x] = index;
    x += 1;
  };
  while (y < height) {
    const [count, value] = [next(), next()];
    if (count > 0)
      for (let i = 0; i < count; i++)
        put(bits === 8 ? value : i % 2 === 0 ? value >> 4 : value & 15);
    else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) break;
    else if (value === 2) [x, y] = [x + next(), y + next()];
    else {
      const begin = at;
      for (let i = 0, byte = 0; i < value; i++) {
        if (bits === 8 || i % 2 === 0) byte = next();
        put(bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
      }
      if ((at - begin) % 2 === 1) next();
    }
  }
  return indices;
}

function coloured(bytes: Buffer, header: Header, indices: Uint8Array): { data: Buffer } {
  const { start, stride, count } = header.palette;
  if (start + count * stride > bytes.length) throw new Error('the file is cut short');
  const data = Buffer.alloc(3 * indices.length);
  for (let i = 0, to = 0; i < indices.length; i++) {
    const index = indices[i] ?? 0;
    // A colour that the palette does not have is black.
    const from = index < count ? start + index * stride : -1;
    for (let c = 2; c >= 0; c--) data[to++] = from < 0 ? 0 : (bytes[from + c] ?? 0);
  }
  return { data };
}

/** Colours in the pixels themselves: bytes in the order blue, green, red, or bits under masks. */
function direct(bytes: Buffer, header: Header, channels: 3 | 4): Buffer {
  const { width, height, bits, masks } = header;
  const start = rowsOf(bytes, header);
  const data = Buffer.alloc(channels * width * height);
  const size = bits / 8;
  const plain =
    bits >= 24 && masks[0] === masks888[0] && masks[1] === masks888[1] && channels === 3;
  const levels = masks.slice(0, channels).map(levelsOf);
  for (let i = 0; i < height; i++) {
    let to = rowAt(header, i) * width * channels;
    for (let from = start(i), end = from + width * size; from < end; from += size) {
      if (plain) {
        for (let c = 2; c >= 0; c--) data[to++] = bytes[from + c] ?? 0;
        continue;
      }
      const pixel = size === 2 ? bytes.readUInt16LE(from) : bytes.readUInt32LE(from);
      for (const level of levels) data[to++] = level(pixel);
    }
  }
  return data;
}

/** Reads the bits under a mask as 0 to 255. */
function levelsOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.floor((255 * ((pixel & mask) >>> shift)) / most);
}
