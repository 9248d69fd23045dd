import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeBitmap } from '../../../src/data/pixels/bitmap.js';
import { decodeFile } from '../../../src/data/pixels/decode.js';
import { describeSet, setLine } from '../../../src/data/sets/describe.js';
import { regionFraming } from '../../../src/data/pixels/framing.js';
import { openFlatFolder, openImageFolder } from '../../../src/data/sets/folder.js';
import { formatByBytes } from '../../../src/data/pixels/formats.js';
import type { Images } from '../../../src/data/sets/images.js';
import { openImageList, openUnlabelledList } from '../../../src/data/sets/list.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import { temporaryFolder } from '../../support/folder.js';
import { quartersImage, write } from '../fixtures.js';

const ids = (images: Images): string[] =>
  Array.from({ length: images.count }, (_, i) => images.id(i));

const onePixel = () =>
  regionFraming({ left: 0, top: 0, width: 1, height: 1 }, { width: 1, height: 1 });
const png = await quartersImage().png().toBuffer();
const box = (brand: string): Buffer => Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1`, 'latin1');

describe('a folder of images', () => {
  it('has those without a known ending by their first bytes', async () => {
    const folder = temporaryFolder();
    write(folder, 'cat/noext', png);
    write(folder, 'cat/UP.PNG', png);
    write(folder, 'cat/photo.jpg_large', await quartersImage().jpeg().toBuffer());
    write(folder, 'cat/notes', 'BMW and GIF are words');
    write(folder, 'cat/empty', '');
    write(folder, 'cat/table.csv', png);
    const images = openImageFolder(folder);
    expect(ids(images)).toEqual(['cat/UP.PNG', 'cat/noext', 'cat/photo.jpg_large']);
    expect(images.leftOut?.reasons).toEqual([
      { what: 'other files', count: 3, first: expect.stringMatching(/^cat\//) },
    ]);
  });

  it('counts formats that are not decoded as unreadable images, by name or by bytes', () => {
    const folder = temporaryFolder();
    write(folder, 'a.png', png);
    write(folder, 'b.heic', 'x');
    write(folder, 'c.JP2', 'x');
    write(folder, 'd', box('heic'));
    write(folder, 'e.psd', '');
    write(folder, 'f.svg', '<svg/>');
    const images = openFlatFolder(folder);
    expect(ids(images)).toEqual(['a.png']);
    const file = join(temporaryFolder(), 'unreadable.jsonl');
    const unreadable = new UnreadableImages({ file, limit: 5 });
    if (images.leftOut) unreadable.addBeside(images.leftOut);
    expect(unreadable.count).toBe(5);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
      image: join(folder, 'd'),
      reason: 'the format HEIC is not supported: convert it to PNG or JPEG',
    });
    expect(() => {
      if (images.leftOut) new UnreadableImages({ limit: 4 }).addBeside(images.leftOut);
    }).toThrow(
      expect.objectContaining({
        code: 'unreadable-images',
        notes: expect.arrayContaining([expect.stringMatching(/^2: the format HEIC/)]),
      }),
    );
  });

  it('is opened as a list with the formats counted that are not decoded, before any is decoded', async () => {
    const folder = temporaryFolder();
    const files: Record<string, Buffer | string> = {
      ...{ 'a.png': png, 'b.heic': 'x', 'c.JP2': 'x', d: box('heic'), noext: png },
      // By its bytes it is one that is decoded; by its ending alone, which is known, nothing is read.
      ...{ 'named.heic': png, 'e.png': box('heic'), 'notes.txt': 'no image' },
    };
    for (const [name, bytes] of Object.entries(files)) write(folder, name, bytes);
    const rows = Object.keys(files).map((name, i) => `${name},${i % 2 ? 'cat' : 'dog'}`);
    const list = write(folder, 'list.csv', `path,label\n${rows.join('\n')}\n`);
    for (const images of [await openImageList(list), await openUnlabelledList(list)]) {
      expect(images.count).toBe(8);
      expect(images.leftOut?.kinds).toEqual([
        { what: 'HEIC', count: 2 },
        { what: 'JPEG 2000', count: 1 },
        { what: 'other files', count: 1 },
      ]);
      expect(setLine(describeSet('test', images))).toMatch(
        /^test: 8 images.*; 4 of them cannot be read \(HEIC 2, JPEG 2000 1, other files 1\)$/,
      );
      const unreadable = new UnreadableImages({ limit: 4 });
      unreadable.addBeside(images.leftOut);
      unreadable.add(images.where(1), 'the same file, when it is reached');
      expect(unreadable.count).toBe(4);
      expect(() => {
        new UnreadableImages({ limit: 3 }).addBeside(images.leftOut);
      }).toThrow(expect.objectContaining({ code: 'unreadable-images' }));
    }
  });

  it('leaves out what systems and programs keep there, and says so', () => {
    const folder = temporaryFolder();
    write(folder, 'cat/a.png', png);
    write(folder, 'cat/@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg', png);
    write(folder, 'cat/@eaDir/a.png/SYNOPHOTO_THUMB_XL.jpg', png);
    for (const name of ['__MACOSX', '#recycle', 'System Volume Information', '$RECYCLE.BIN'])
      write(folder, `${name}/cat/a.png`, png);
    for (const name of ['lost+found', '.ipynb_checkpoints', '.AppleDouble', '@Recycle'])
      write(folder, `${name}/x.png`, png);
    write(folder, 'cat/._a.png', png);
    write(folder, 'cat/.cache/b.png', png);
    write(folder, 'cat/Thumbs.db', 'x');
    write(folder, 'loose.png', png);
    const images = openImageFolder(folder);
    expect(images.classNames).toEqual(['cat']);
    expect(ids(images)).toEqual(['cat/a.png']);
    const counts = images.leftOut?.reasons.map(({ what, count }) => [what, count]) ?? [];
    expect(Object.fromEntries(counts)).toEqual({
      'files in @eaDir': 2,
      'files in __MACOSX': 1,
      'files in #recycle': 1,
      'files in System Volume Information': 1,
      'files in $RECYCLE.BIN': 1,
      'files in lost+found': 1,
      'files in .ipynb_checkpoints': 1,
      'files in .AppleDouble': 1,
      'files in @Recycle': 1,
      'hidden files': 1,
      'hidden folders': 1,
      'other files': 1,
      'images beside the class folders': 1,
    });
  });

  it('counts links that lead nowhere, and is refused where one stands for a class', () => {
    const folder = temporaryFolder();
    write(folder, 'cat/a.png', png);
    symlinkSync('../../gone/b.png', join(folder, 'cat', 'b.png'));
    symlinkSync('c.png', join(folder, 'cat', 'c.png'));
    symlinkSync('../gone', join(folder, 'cat', 'more'));
    const images = openImageFolder(folder);
    expect(ids(images)).toEqual(['cat/a.png']);
    const found = images.leftOut?.unreadable.map(({ where, reason }) => [where, reason]) ?? [];
    expect(Object.fromEntries(found)).toEqual({
      [join(folder, 'cat', 'b.png')]: 'a link to ../../gone/b.png, which does not exist',
      [join(folder, 'cat', 'c.png')]: 'a link that leads back to itself',
      [join(folder, 'cat', 'more')]: 'a link to ../gone, which does not exist',
    });
    symlinkSync('../../gone/store', join(folder, 'fox'));
    expect(() => openImageFolder(folder)).toThrow(
      `the class folder ${join(folder, 'fox')} cannot be opened: it is a link to ../../gone/store, which does not exist`,
    );
  });

  it('names what cannot be read in a class without images', () => {
    const folder = temporaryFolder();
    write(folder, 'cat/a.png', png);
    write(folder, 'dog/a.heic', 'x');
    expect(() => openImageFolder(folder)).toThrow(
      expect.objectContaining({
        message: `${join(folder, 'dog')} contains no images that can be read`,
        notes: [expect.stringMatching(/a\.heic: the format HEIC is not supported/)],
      }),
    );
  });

  it.skipIf(process.getuid?.() === 0)('is refused where a class cannot be opened', () => {
    const folder = temporaryFolder();
    write(folder, 'cat/a.png', png);
    mkdirSync(join(folder, 'dog'), { mode: 0 });
    expect(() => openImageFolder(folder)).toThrow(/no permission to read the folder .*dog$/);
  });
});

describe('the first bytes of a file', () => {
  const text = (value: string): Buffer => Buffer.from(value, 'latin1');
  it.each([
    ['HEIC', box('heic')],
    ['AVIF', box('avif')],
    ['AVIF', text('\0\0\0\x1cftypmif1\0\0\0\0mif1avif')],
    ['JPEG 2000', text('\0\0\0\fjP  \r\n\x87\n')],
    ['JPEG XL', text('\xff\x0a\0\0')],
    ['SVG', text('<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="a">')],
    ['TIFF', text('MM\0*\0\0\0\b')],
    ['PNM', text('P6\n3 3\n')],
    [undefined, text('\0\0\0\x18ftypisom\0\0\0\0mp42')],
    [undefined, text('BMW drivers')],
    [undefined, text('<html><body>')],
    [undefined, text('')],
    [undefined, text('BM')],
  ])('tell %s', (name, bytes) => {
    expect(formatByBytes(bytes)?.name).toBe(name);
  });

  it('are those of every format that is written here', async () => {
    for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const) {
      const found = formatByBytes(await quartersImage().toFormat(format).toBuffer());
      expect(found?.name.toLowerCase()).toBe(format);
      expect(found?.decoded).toBe(true);
    }
  });
});

interface Goldens {
  readonly width: number;
  readonly height: number;
  readonly bitmaps: Readonly<Record<string, { readonly file: string; readonly pixels: string }>>;
}

describe('a BMP', () => {
  const path = join(import.meta.dirname, '../../goldens/bitmaps/bitmaps.json');
  const { width, height, bitmaps } = JSON.parse(readFileSync(path, 'utf8')) as Goldens;
  const bytesOf = (base64 = ''): Buffer => Buffer.from(base64, 'base64');

  it.each(Object.keys(bitmaps))('of the kind %s has the pixels that Pillow reads', (name) => {
    const found = decodeBitmap(bytesOf(bitmaps[name]?.file));
    expect([found.width, found.height]).toEqual([width, height]);
    expect(found.data.equals(bytesOf(bitmaps[name]?.pixels))).toBe(true);
  });

  it('is decoded as any image, whatever its ending', async () => {
    const folder = temporaryFolder();
    const size = { width, height };
    const whole = () => regionFraming({ left: 0, top: 0, ...size }, size);
    for (const name of ['24.bmp', '32alpha.bmp']) {
      const pixels = bytesOf(bitmaps[name]?.pixels);
      const channels = name === '24.bmp' ? 3 : 4;
      const twin = await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
      const [bmp, other] = [
        await decodeFile(write(folder, 'a.jpg', bytesOf(bitmaps[name]?.file)), whole),
        await decodeFile(write(folder, 'b.png', twin), whole),
      ];
      expect(Buffer.from(bmp.data).equals(other.data)).toBe(true);
    }
  });

  it('is unreadable where it is cut short, declares too much or is of an unknown kind', async () => {
    const whole = bytesOf(bitmaps['24.bmp']?.file);
    const changed = (change: (bytes: Buffer) => unknown): Buffer => {
      const bytes = Buffer.from(whole);
      change(bytes);
      return bytes;
    };
    const cases: [Buffer, RegExp][] = [
      [whole.subarray(0, -2), /cut short/],
      [whole.subarray(0, 40), /cut short/],
      [changed((bytes) => bytes.writeInt32LE(1e6, 18)), /cut short/],
      [changed((bytes) => bytes.writeInt32LE(2 ** 30, 18)), /67 million/],
      [changed((bytes) => bytes.writeInt32LE(0, 22)), /without pixels/],
      [changed((bytes) => bytes.writeUInt32LE(4, 30)), /24 bits with compression 4/],
    ];
    for (const [bytes, reason] of cases) {
      const path = write(temporaryFolder(), 'a.bmp', bytes);
      await expect(decodeFile(path, onePixel)).rejects.toThrow(reason);
    }
  });
});

it('an image is not an SVG or a HEIC whose name ends in .png', async () => {
  const long = `<?xml version="1.0"?><!--${'x'.repeat(900)}--><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`;
  const cases: [string | Buffer, RegExp][] = [
    [
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      /format SVG is not supported/,
    ],
    [long, /unsupported image format/],
    [box('heic'), /format HEIC is not supported/],
  ];
  for (const [content, reason] of cases) {
    const path = write(temporaryFolder(), 'a.png', content);
    await expect(decodeFile(path, onePixel)).rejects.toThrow(reason);
  }
});
