import { readFileSync } from 'node:fs';
import { field } from '../../support/objects.js';
import { fnv1a32 } from '../../support/hash.js';
import { permutation } from '../../support/random.js';
import { remaining } from '../sets/images.js';
import { defineDataSet, type PackedImageData } from './dataSet.js';
import { brokenPackage, readJson, type NpmPackage } from './npmPackage.js';
import { readPicture } from './readPicture.js';

const count = 1906;
const testCount = 406;

/** A picture on the sheet is 32 px wide, with a border of 1 px around it. */
const [side, step] = [32, 34];
const sheetSide = 62 * step;
const [list, sheet] = ['emoji.json', 'img/twitter/sheets/32.png'];

/**
 * 1,906 drawings on white, to be told apart by what they show: the groups of Unicode's emoji-test.txt, without
 * the variants of skin. In a mixed order, of which the first are for the test; `labelled-180` are 20 of each class
 * from the others, and `unlabelled-180` the rest. Source: github.com/jdecked/twemoji.
 */
export const twemoji = defineDataSet({
  name: 'twemoji',
  summary: '1,906 emoji by what they show, of the npm package emoji-datasource-twitter',
  package: 'emoji-datasource-twitter@16.0.0',
  licence: 'MIT AND CC-BY-4.0',
  classes: [
    'Activities',
    'Animals & Nature',
    'Flags',
    'Food & Drink',
    'Objects',
    'People & Body',
    'Smileys & Emotion',
    'Symbols',
    'Travel & Places',
  ],
  shape: [3, side, side],
  files: { twemoji: '161b3a9b4fbfc36b816f7912f4ced2dba78831737e30ccc2dd37814abd026d04' },
  read: readEmoji,
  splits() {
    const [test, labelled] = [numbers(0, testCount), labelledIndices()];
    const others = [...test, ...labelled];
    return {
      train: { file: 'twemoji', indices: numbers(testCount, count) },
      test: { file: 'twemoji', indices: test },
      'labelled-180': { file: 'twemoji', indices: labelled },
      'unlabelled-180': { file: 'twemoji', indices: remaining(count, others) },
    };
  },
});

/** The first 20 training images of each class. */
function labelledIndices(): number[] {
  const url = new URL('./splits/twemoji-180.json', import.meta.url);
  const { indices } = JSON.parse(readFileSync(url, 'utf8')) as { readonly indices: number[] };
  return indices;
}

function numbers(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

interface Emoji {
  readonly label: number;
  /** Column and row on the sheet. */
  readonly place: readonly [number, number];
}

async function readEmoji(source: NpmPackage): Promise<PackedImageData> {
  const emoji = readList(source);
  const size = { width: sheetSide, height: sheetSide, channels: 4 };
  const { data } = await readPicture(twemoji.package, source, sheet, size);
  const pixels = new Uint8Array(emoji.length * side * side * 3);
  const labels = new Uint8Array(emoji.length);
  const where = { site: fnv1a32('twemoji.order'), step: 0, sample: 0 };
  for (const [i, row] of permutation(emoji.length, 0, where).entries()) {
    const { label, place } = emoji[i] ?? { label: 0, place: [0, 0] };
    labels[row] = label;
    pixels.set(cutOnWhite(data, place), row * side * side * 3);
  }
  return { pixels, labels };
}

/** The emoji of the classes, in the package's order; five bare tones of skin are of none. */
function readList(source: NpmPackage): Emoji[] {
  const fault = (problem: string) => brokenPackage(twemoji.package, source, `${list} ${problem}`);
  const entries = readJson(twemoji.package, source, list);
  if (!Array.isArray(entries)) throw fault('is not a list');
  const classes: readonly string[] = twemoji.classes;
  return entries.flatMap((entry: unknown) => {
    const [category, ...place] = ['category', 'sheet_x', 'sheet_y'].map((key) => field(entry, key));
    const [x, y] = place.map(Number);
    const onSheet = (at: number | undefined): at is number =>
      Number.isInteger(at) && Number(at) >= 0 && Number(at) < sheetSide / step;
    if (!onSheet(x) || !onSheet(y)) throw fault('names a place that is not on the sheet');
    const label = classes.findIndex((name) => name === category);
    return label < 0 ? [] : [{ label, place: [x, y] as const }];
  });
}

/** [32,32,3] of the sheet's [height,width,4], laid on white. */
function cutOnWhite(data: Uint8Array, [x, y]: Emoji['place']): Uint8Array {
  const pixels = new Uint8Array(side * side * 3);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const from = 4 * ((y * step + 1 + row) * sheetSide + x * step + 1 + column);
      const alpha = (data[from + 3] ?? 0) / 255;
      for (let c = 0; c < 3; c++)
        pixels[3 * (row * side + column) + c] = Math.round(
          255 + alpha * ((data[from + c] ?? 0) - 255),
        );
    }
  return pixels;
}
