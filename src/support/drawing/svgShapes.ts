import { escapeXml } from './xml.js';

/** Elements of an SVG from their own origin, with the room that they take. */
export interface Drawn {
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

export const svgFont = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif';
export const ink = '#1f2933';
export const muted = '#616e7c';

export function moved({ lines }: Drawn, x: number, y: number): string {
  return [`<g transform="translate(${round(x)} ${round(y)})">`, ...lines, '</g>'].join('\n');
}

interface TextStyle {
  readonly size?: number;
  readonly weight?: number;
  readonly fill?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
}

/** A line of text on its baseline. */
export function text(x: number, y: number, words: string, style: TextStyle = {}): string {
  const { size = 12, weight = 400, fill = ink, anchor = 'start' } = style;
  const bold = weight === 400 ? '' : ` font-weight="${weight}"`;
  const align = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${fill}"${bold}${align}>${escapeXml(words)}</text>`;
}

/** About the width of a line, in the widest fonts that a reader may have, in pixels. */
export function textWidth(words: string, size: number, weight = 400): number {
  let ems = 0;
  for (const letter of words)
    ems += /[il.,;:'|()[\] ]/.test(letter) ? 0.36 : /[mwMW%]/.test(letter) ? 0.92 : 0.61;
  return ems * size * (weight >= 600 ? 1.08 : 1);
}

/** Text broken between words to lines of a width. */
export function paragraph(words: string, width: number, size = 12): Drawn {
  const lines = [''];
  for (const word of words.split(' ')) {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? word : `${last} ${word}`;
    if (textWidth(longer, size) <= width || last === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const step = size * 1.4;
  return {
    lines: lines.map((line, i) => text(0, size + i * step, line, { size, fill: muted })),
    width,
    height: lines.length * step,
  };
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
