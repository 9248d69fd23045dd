import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeFile, type DecodeOptions } from '../../../src/data/pixels/decode.js';
import { regionFraming } from '../../../src/data/pixels/framing.js';
import { openFlatFolder } from '../../../src/data/sets/folder.js';
import { PixelBudget, pixelsAtOnce } from '../../../src/data/pixels/pixelBudget.js';
import { thumbnail } from '../../../src/data/loader/thumbnail.js';
import { differences } from '../augment/images.js';
import { temporaryFolder } from '../../support/folder.js';
import { repositoryRoot } from '../../support/paths.js';
import { quartersImage, write } from '../fixtures.js';

interface Golden {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly file: string;
  readonly pixels: string;
}

const stored = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/stored/files.json'), 'utf8'),
) as readonly Golden[];

/** All of an image at its own size, or at another. */
async function decode(
  bytes: Uint8Array,
  options: DecodeOptions = {},
  size?: { width: number; height: number },
) {
  const path = write(temporaryFolder(), 'image', bytes);
  return decodeFile(
    path,
    ({ width, height }) =>
      regionFraming({ left: 0, top: 0, width, height }, size ?? { width, height }),
    options,
  );
}

describe("pixels: 'stored' are Pillow's", () => {
  it.each(stored)('of $name', async ({ size: [width, height], file, pixels }) => {
    const image = await decode(Buffer.from(file, 'base64'), { pixels: 'stored' });
    expect(image).toMatchObject({ width, height });
    expect(differences(image, Buffer.from(pixels, 'base64'))).toBe('');
  });
});

/** A TIFF of one strip, grey, whose rows rise from black to white. */
function tiff(bits: number, format: number, values: ArrayBufferView): Buffer {
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const [side, count] = [32, 10];
  const start = 8 + 2 + 12 * count + 4;
  const tags = [
    ...[
      [256, side],
      [257, side],
      [258, bits],
      [259, 1],
      [262, 1],
    ],
    ...[
      [273, start],
      [277, 1],
      [278, side],
      [279, data.length],
      [339, format],
    ],
  ];
  const head = Buffer.alloc(start);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(count, 8);
  for (const [i, [tag = 0, value = 0]] of tags.entries()) {
    head.writeUInt16LE(tag, 10 + 12 * i);
    head.writeUInt16LE(4, 12 + 12 * i);
    head.writeUInt32LE(1, 14 + 12 * i);
    head.writeUInt32LE(value, 18 + 12 * i);
  }
  return Buffer.concat([head, data]);
}

const rows = (white: number) =>
  Array.from({ length: 1024 }, (_, i) => (white * Math.floor(i / 32)) / 31);

describe('a TIFF', () => {
  it.each([
    ['32-bit floats', 'floating-point numbers of 32', tiff(32, 3, Float32Array.from(rows(1)))],
    ['32-bit numbers', 'numbers of 32', tiff(32, 1, Uint32Array.from(rows(2 ** 32 - 1)))],
    ['signed 32-bit numbers', 'signed numbers of 32', tiff(32, 2, Int32Array.from(rows(2 ** 31)))],
    ['signed 16-bit numbers', 'signed numbers of 16', tiff(16, 2, Int16Array.from(rows(32767)))],
    ['signed 8-bit numbers', 'signed numbers of 8', tiff(8, 2, Int8Array.from(rows(127)))],
  ])('of %s is refused with the reason', async (_, type, bytes) => {
    await expect(decode(bytes)).rejects.toThrow(
      `its pixels are ${type} bits, whose range is unknown`,
    );
  });

  it.each([
    ['8 bits', tiff(8, 1, Uint8Array.from(rows(255)))],
    ['16 bits', tiff(16, 1, Uint16Array.from(rows(65535)))],
  ])('of %s without a sign has the right levels', async (_, bytes) => {
    const { data } = await decode(bytes);
    for (let y = 0; y < 32; y++)
      expect(Math.abs((data[3 * 32 * y] ?? 0) - (255 * y) / 31)).toBeLessThanOrEqual(1);
  });
});

describe('several EXIF segments', () => {
  /** The EXIF segment of a JPEG that is turned. */
  async function segment(orientation: number): Promise<Buffer> {
    const jpeg = await quartersImage(8, 8).jpeg().withMetadata({ orientation }).toBuffer();
    const at = jpeg.indexOf(Buffer.from([0xff, 0xe1]));
    return jpeg.subarray(at, at + 2 + jpeg.readUInt16BE(at + 2));
  }

  it.each([
    [6, 1, 48, 64],
    [1, 6, 64, 48],
    [6, 3, 48, 64],
  ])('%i and %i: the first turns, everywhere', async (first, second, width, height) => {
    const plain = await quartersImage(64, 48).jpeg({ quality: 95 }).toBuffer();
    const segments = [await segment(first), await segment(second)];
    const bytes = Buffer.concat([plain.subarray(0, 2), ...segments, plain.subarray(2)]);
    const found = await decode(bytes);
    expect(found).toMatchObject({ width, height });
    const viewer = sharp(bytes).autoOrient().raw();
    expect(differences(found, await viewer.toBuffer())).toBe('');
    const folder = temporaryFolder();
    write(folder, 'image.jpg', bytes);
    expect(await thumbnail(openFlatFolder(folder), 0, 192)).toMatchObject({ width, height });
  });
});

describe('a large JPEG or WebP that is shrunk', () => {
  const [width, height] = [640, 480];

  /** Noise, of which shrinking while decoding makes another picture. */
  async function noise(format: 'jpeg' | 'webp') {
    const data = Uint8Array.from(
      { length: 3 * width * height },
      (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255,
    );
    const image = sharp(data, { raw: { width, height, channels: 3 } });
    return image.toFormat(format, { quality: 90 }).toBuffer();
  }

  it.each(['jpeg', 'webp'] as const)('is decoded whole unless told: %s', async (format) => {
    const bytes = await noise(format);
    const size = { width: 64, height: 48 };
    const every = await sharp(bytes).raw().toBuffer();
    const png = await sharp(every, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    const exact = await decode(bytes, {}, size);
    expect(differences(exact, (await decode(png, {}, size)).data)).toBe('');
    const fast = await decode(bytes, { decode: 'fast' }, size);
    expect(fast).toMatchObject(size);
    expect(differences(fast, exact.data)).not.toBe('');
  });

  it('is decoded whole where the decoder would do so and then shrink: to between a half and a third', async () => {
    const bytes = await noise('jpeg');
    const size = { width: Math.floor(width / 2.5), height: Math.floor(height / 2.5) };
    const [exact, fast] = [
      await decode(bytes, {}, size),
      await decode(bytes, { decode: 'fast' }, size),
    ];
    expect(differences(fast, exact.data)).toBe('');
  });

  it('keeps its place if it shrinks meanwhile', async () => {
    // Odd sizes are no multiple of what the decoder shrinks by.
    const jpeg = await quartersImage(501, 333).jpeg({ quality: 95 }).toBuffer();
    const size = { width: 40, height: 30 };
    const [exact, fast] = [
      await decode(jpeg, {}, size),
      await decode(jpeg, { decode: 'fast' }, size),
    ];
    const sum = fast.data.reduce((a, b, i) => a + Math.abs(b - (exact.data[i] ?? 0)), 0);
    expect(sum / fast.data.length).toBeLessThan(2);
  });
});

describe('the pixel budget', () => {
  /** Runs jobs of these millions of pixels; gives the most that ran at a time, and the order. */
  async function run(budgets: readonly PixelBudget[], millions: readonly number[]) {
    let [now, most] = [0, 0];
    const order: number[] = [];
    const jobs = millions.map((million, i) =>
      (budgets[i % budgets.length] ?? new PixelBudget()).with(1e6 * million, async () => {
        order.push(million);
        now += million;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 10));
        now -= million;
      }),
    );
    await Promise.all(jobs);
    return { most, order };
  }

  it('is shared by all threads, and one image of more goes alone, in its turn', async () => {
    const first = new PixelBudget();
    const budgets = [first, new PixelBudget(first.memory)];
    const millions = [60, 30, 256, 20, 50, 30, 256];
    const { most, order } = await run(budgets, millions);
    expect(order).toEqual(millions);
    expect(most).toBe(256);
    const small = await run(budgets, [60, 60, 60, 30, 30]);
    expect(small.most).toBeLessThanOrEqual(pixelsAtOnce / 1e6);
  });

  it('leaves an image out that is larger than any that is decoded, with the reason', async () => {
    // The header of a PNG says 20,000 pixels each way.
    const png = await quartersImage(8, 8).png().toBuffer();
    png.writeUInt32BE(20_000, 16);
    png.writeUInt32BE(20_000, 20);
    const crc = crc32(png.subarray(12, 29));
    png.writeUInt32BE(crc, 29);
    await expect(decode(png)).rejects.toThrow(
      'it has 20000 x 20000 pixels, and at most 268402689 are decoded',
    );
  });
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
