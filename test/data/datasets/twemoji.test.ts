import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { openNpmPackage } from '../../../src/data/datasets/npmPackage.js';
import { packDataSet } from '../../../src/data/datasets/packDataSet.js';
import { twemoji } from '../../../src/data/datasets/twemoji.js';
import { DataError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';
import { write } from '../fixtures.js';

const side = 2108;
const entry = (category: string, sheet_x: number, sheet_y: number) => ({
  ...{ category, sheet_x, sheet_y },
});

/** A package with two emoji of the classes, the second in half-transparent red, and one of none. */
async function tinyPackage(list: unknown): Promise<string> {
  const root = join(temporaryFolder(), 'package');
  write(root, 'emoji.json', JSON.stringify(list));
  const pixels = new Uint8Array(4 * side * side);
  const corner = 4 * ((34 + 1) * side + 2 * 34 + 1);
  pixels.set([255, 0, 0, 51], corner);
  const raw = { width: side, height: side, channels: 4 } as const;
  const png = sharp(pixels, { raw }).png({ compressionLevel: 1 });
  write(root, 'img/twitter/sheets/32.png', await png.toBuffer());
  return root;
}

it('the emoji of the classes are cut out of the sheet and laid on white', async () => {
  const root = await tinyPackage([
    entry('Symbols', 0, 0),
    entry('Component', 1, 0),
    entry('Flags', 2, 1),
  ]);
  const { pixels, labels } = await twemoji.read(openNpmPackage(root));
  const names = Array.from(labels, (label) => twemoji.classes[label]);
  expect(names.toSorted()).toEqual(['Flags', 'Symbols']);
  const flag = pixels.subarray(3072 * names.indexOf('Flags'));
  expect([...flag.subarray(0, 6)]).toEqual([255, 204, 204, 255, 255, 255]);
});

it.each([
  ['another package', [entry('Symbols', 0, 0)], /its twemoji images or labels are not those of/],
  ['no list', {}, /emoji.json is not a list/],
  ['a place beside the sheet', [entry('Flags', 62, 0)], /a place that is not on the sheet/],
])('%s is refused', async (_, list, message) => {
  const root = await tinyPackage(list);
  const packing = packDataSet(twemoji, join(root, 'out'), { package: root });
  await expect(packing).rejects.toThrow(DataError);
  await expect(packing).rejects.toThrow(message);
});

it('the splits share no image, and have all', () => {
  const splits = twemoji.splits();
  const counts = Object.values(splits).map(({ indices }) => indices.length);
  expect(counts).toEqual([1500, 406, 180, 1320]);
  const union = (...parts: (keyof typeof splits)[]) =>
    new Set(parts.flatMap((part) => [...splits[part].indices]));
  expect(union('train', 'test').size).toBe(1906);
  expect(union('labelled-180', 'unlabelled-180', 'test').size).toBe(1906);
  expect(union('labelled-180', 'unlabelled-180')).toEqual(union('train'));
});
