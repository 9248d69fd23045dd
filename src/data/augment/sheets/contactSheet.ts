import { invariant } from '../../../support/errors.js';
import { glyphs, missingGlyph } from './glyphs.js';
import type { RgbImage } from '../image/image.js';

export interface SheetRow {
  readonly label: string;
  /** Images of one size for the whole sheet; undefined leaves a place empty. */
  readonly images: readonly (RgbImage | undefined)[];
}

export interface Sheet {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly SheetRow[];
  /** Pixels of the sheet for each pixel of an image, and none between; 1 unless given. */
  readonly enlarge?: number;
}

const gap = 6;
/** A letter takes 6x8 places of this many pixels each. */
const dot = 2;
const letter = { width: 6 * dot, height: 8 * dot };

/** Puts images side by side, black labels on white above the columns and left of the rows. */
export function contactSheet({ title, columns, rows, enlarge = 1 }: Sheet): RgbImage {
  const first = rows.flatMap(({ images }) => images).find((image) => image !== undefined);
  invariant(first, 'a contact sheet has an image');
  const cell = { width: first.width * enlarge, height: first.height * enlarge };
  const margin = 2 * gap + letter.width * Math.max(0, ...rows.map(({ label }) => label.length));
  const head = 2 * (gap + letter.height) + gap;
  const left = (column: number): number => margin + column * (cell.width + gap);
  const top = (row: number): number => head + row * (cell.height + gap);
  const across = Math.max(columns.length, ...rows.map(({ images }) => images.length));
  const width = Math.max(left(across), 2 * gap + letter.width * title.length);
  const sheet = blank(width, top(rows.length));
  write(sheet, title, gap, gap);
  for (const [column, label] of columns.entries())
    write(sheet, label, left(column), 2 * gap + letter.height);
  for (const [row, { label, images }] of rows.entries()) {
    write(sheet, label, gap, top(row) + (cell.height - letter.height) / 2);
    for (const [column, image] of images.entries())
      if (image) place(sheet, image, left(column), top(row), enlarge);
  }
  return sheet;
}

function blank(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(3 * width * height).fill(255) };
}

function place(sheet: RgbImage, image: RgbImage, left: number, top: number, enlarge: number): void {
  for (let y = 0; y < image.height * enlarge; y++) {
    const from = 3 * image.width * Math.floor(y / enlarge);
    let to = 3 * ((top + y) * sheet.width + left);
    for (let x = 0; x < image.width * enlarge; x++, to += 3) {
      const at = from + 3 * Math.floor(x / enlarge);
      sheet.data.set(image.data.subarray(at, at + 3), to);
    }
  }
}

function write(sheet: RgbImage, text: string, left: number, top: number): void {
  for (const [i, sign] of Array.from(text.toLowerCase()).entries())
    for (const [row, bits] of (glyphs[sign] ?? missingGlyph).entries())
      for (let column = 0; column < 5; column++)
        if (bits & (16 >> column))
          paint(sheet, left + i * letter.width + column * dot, Math.floor(top) + row * dot);
}

function paint(sheet: RgbImage, left: number, top: number): void {
  for (let y = top; y < top + dot; y++) {
    const start = 3 * (y * sheet.width + left);
    sheet.data.fill(0, start, start + 3 * dot);
  }
}
