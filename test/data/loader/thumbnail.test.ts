import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ownBudget } from '../../../src/data/pixels/pixelBudget.js';
import { thumbnail } from '../../../src/data/loader/thumbnail.js';
import { openFlatFolder } from '../../../src/data/sets/folder.js';
import type { Images, PackedPixels } from '../../../src/data/sets/images.js';
import { temporaryFolder } from '../../support/folder.js';

function packed(packed: PackedPixels): Images {
  return { name: 'packed', count: 2, fingerprint: '', packed, id: String, where: (i) => i };
}

/** The file inside a data URI, decoded. */
async function decode(uri: string | undefined) {
  const [head = '', base64 = ''] = uri?.split(',') ?? [];
  expect(head).toBe('data:image/webp;base64');
  const image = sharp(Buffer.from(base64, 'base64')).removeAlpha().raw();
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  return { data: [...data], width: info.width, height: info.height };
}

describe('a thumbnail', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('is decoded within the budget of pixels', async () => {
    const folder = temporaryFolder();
    await sharp({ create: { width: 300, height: 200, channels: 3, background: '#c03020' } })
      .jpeg({ progressive: true })
      .toFile(join(folder, 'a.jpg'));
    const within = vi.spyOn(ownBudget, 'with');
    await thumbnail(openFlatFolder(folder), 0, 192);
    expect(within).toHaveBeenCalledWith(60_000, expect.any(Function));
  });

  it('is there for a format that the decoder lacks and training reads, and not for a drawing', async () => {
    const folder = temporaryFolder();
    const head = Buffer.alloc(54);
    head.write('BM');
    for (const [at, value] of [
      [2, 58],
      [10, 54],
      [14, 40],
      [18, 1],
      [22, 1],
    ] as const)
      head.writeUInt32LE(value, at);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(24, 28);
    writeFileSync(join(folder, 'a.bmp'), Buffer.concat([head, Buffer.from([32, 64, 128, 0])]));
    const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    writeFileSync(join(folder, 'b.png'), drawing);
    const images = openFlatFolder(folder);
    const found = await thumbnail(images, 0, 192);
    expect((await decode(found?.uri)).data).toEqual([128, 64, 32]);
    expect(await thumbnail(images, 1, 192)).toBeUndefined();
  });

  it('has every pixel of a small image, grey or in colour', async () => {
    const grey = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);
    const images = packed({ data: grey, layout: 'nchw', shape: [1, 3, 4] });
    const found = await thumbnail(images, 1, 192);
    expect(found).toMatchObject({ width: 4, height: 3 });
    const { data } = await decode(found?.uri);
    expect(data).toEqual([...grey.subarray(12)].flatMap((value) => [value, value, value]));
    const colours = Uint8Array.from({ length: 72 }, (_, i) => 3 * i);
    const planes = packed({ data: colours, layout: 'nchw', shape: [3, 3, 4] });
    const second = await decode((await thumbnail(planes, 1, 192))?.uri);
    const pixel = (p: number): number[] => [0, 12, 24].map((plane) => colours[36 + plane + p] ?? 0);
    expect(second.data).toEqual(Array.from({ length: 12 }, (_, p) => pixel(p)).flat());
  });

  it('makes a large image small, upright and whole', async () => {
    const folder = temporaryFolder();
    const photo = sharp({
      create: { width: 300, height: 600, channels: 3, background: '#c03020' },
    });
    writeFileSync(
      join(folder, 'a.jpg'),
      await photo.withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    );
    const found = await thumbnail(openFlatFolder(folder), 0, 192);
    expect(found).toMatchObject({ width: 192, height: 96 });
    const { data } = await decode(found?.uri);
    const expected = [0xc0, 0x30, 0x20];
    for (const [i, value] of data.entries())
      expect(Math.abs(value - (expected[i % 3] ?? 0))).toBeLessThan(8);
  });

  it('is none where the file is no image', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), 'no image');
    expect(await thumbnail(openFlatFolder(folder), 0, 192)).toBeUndefined();
  });
});
