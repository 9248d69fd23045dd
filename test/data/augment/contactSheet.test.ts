import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { contactSheet } from '../../../src/data/augment/sheets/contactSheet.js';
import { glyphs } from '../../../src/data/augment/sheets/glyphs.js';
import type { RgbImage } from '../../../src/data/augment/image/image.js';
import { encodePng } from '../../../src/data/augment/image/png.js';
import { enlargement, previewSheet } from '../../../src/data/augment/sheets/preview.js';
import { drawImage } from './images.js';

/** The part of a sheet that starts at a pixel. */
function part(sheet: RgbImage, left: number, top: number, width: number, height: number): number[] {
  const rows = Array.from({ length: height }, (_, y) => {
    const start = 3 * ((top + y) * sheet.width + left);
    return [...sheet.data.subarray(start, start + 3 * width)];
  });
  return rows.flat();
}

describe('a contact sheet', () => {
  const image = drawImage('noise', 5, 4);

  it('has the images in rows and columns, and labels', () => {
    const row = { label: 'ab', images: [image, undefined, image] };
    const columns = ['one', 'two', 'three'];
    const sheet = contactSheet({ title: '', columns, rows: [row, row] });
    // Margin 12 + 2 letters of 12; head 3 gaps of 6 and 2 lines of 16.
    expect(part(sheet, 36, 50, 5, 4)).toEqual([...image.data]);
    expect(part(sheet, 36 + 22, 50 + 10, 5, 4)).toEqual([...image.data]);
    expect(new Set(part(sheet, 47, 50, 5, 4))).toEqual(new Set([255]));
    expect(part(sheet, 36, 28, 30, 16)).toContain(0);
  });

  it('enlarges by whole pixels', () => {
    const rows = [{ label: '', images: [image] }];
    const sheet = contactSheet({ title: 'a long title', columns: [''], rows, enlarge: 3 });
    const once = contactSheet({ title: 'a long title', columns: [''], rows });
    expect(sheet.height - once.height).toBe(8);
    expect(part(sheet, 12 + 3, 50 + 6, 3, 1)).toEqual(
      [1, 1, 1].flatMap(() => part(once, 12 + 1, 50 + 2, 1, 1)),
    );
  });

  it('knows letters of five columns and seven or eight rows that all differ', () => {
    const shapes = Object.values(glyphs);
    expect(shapes.length).toBeGreaterThan(40);
    for (const rows of shapes) {
      expect([7, 8]).toContain(rows.length);
      for (const bits of rows) expect(bits & ~31).toBe(0);
    }
    expect(new Set(shapes.map((rows) => rows.join())).size).toBe(shapes.length);
  });

  it('becomes a PNG with the same pixels', async () => {
    const png = await encodePng(image);
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([info.format, info.width, info.height, info.channels]).toEqual(['raw', 5, 4, 3]);
    expect(new Uint8Array(data)).toEqual(image.data);
  });
});

describe('a preview', () => {
  const options = { n: [1, 2], m: [5, 20], samples: 2, seed: 3, title: 'noise' };

  it('is a function of the seed and starts with the clean image', () => {
    const image = drawImage('ramp', 32, 32);
    const sheet = previewSheet(image, options);
    const same = (other: RgbImage): boolean => Buffer.compare(other.data, sheet.data) === 0;
    expect(same(previewSheet(image, options))).toBe(true);
    expect(same(previewSheet(image, { ...options, seed: 4 }))).toBe(false);
    const clean = contactSheet({
      title: '',
      columns: [],
      rows: [{ label: 'n = 1', images: [image] }],
      enlarge: enlargement(image),
    });
    expect(part(sheet, 72, 50, 160, 160).join()).toBe(part(clean, 72, 50, 160, 160).join());
  });
});
