/** Draws lines as an SVG that stands on its own: no script, no font to load. */

import { escapeXml } from './xml.js';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

/** A named line; points with a y that is not a finite number leave a gap. */
export interface Curve {
  readonly name: string;
  readonly points: readonly CurvePoint[];
}

export interface CurveOptions {
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly formatX?: (x: number) => string;
  readonly formatY?: (y: number) => string;
}

/** Okabe and Ito's colours, which colour-blind readers can tell apart, dark enough for thin lines. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'];

const width = 860;
const height = 500;
const plot = { left: 88, right: 836, top: 92, bottom: 428 };
const font = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif';
const ink = '#1f2933';
const muted = '#52606d';
const grid = '#e4e7eb';

interface Axis {
  readonly ticks: readonly number[];
  readonly low: number;
  readonly high: number;
}

/** Text of an SVG with one line for each curve, axes, ticks and a legend. */
export function renderCurves(curves: readonly Curve[], options: CurveOptions = {}): string {
  const points = curves.flatMap((curve) => curve.points.filter(isFinitePoint));
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  // Steps are counted, so nothing lies between two of them.
  const x = axis(xs, 8, xs.every(Number.isInteger) ? 1 : 0);
  const y = axis(ys, 6);
  const toX = (value: number): number => place(value, x, plot.left, plot.right);
  const toY = (value: number): number => place(value, y, plot.bottom, plot.top);
  const { entries, rows } = legend(curves);
  const extra = (rows - 1) * legendRow;
  const below = extra === 0 ? ['', ''] : [`<g transform="translate(0 ${extra})">`, '</g>'];
  const body = [
    `<rect width="${width}" height="${height + extra}" fill="#ffffff"/>`,
    text(plot.left, 36, options.title ?? '', { size: 19, weight: 600, fill: ink }),
    entries,
    below[0] ?? '',
    ...yTicks(y, toY, options.formatY ?? tickFormat(y)),
    ...xTicks(x, toX, options.formatX ?? tickFormat(x)),
    axisLabels(options),
    ...curves.map((curve, i) => line(curve, colourOf(i), toX, toY)),
    points.length === 0
      ? text((plot.left + plot.right) / 2, 260, 'no data yet', { fill: muted, anchor: 'middle' })
      : '',
    below[1] ?? '',
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + extra}" width="${width}" ` +
      `height="${height + extra}" role="img" font-family="${font}">`,
    `<title>${escapeXml(options.title ?? curves.map(({ name }) => name).join(', '))}</title>`,
    ...body.filter((part) => part !== ''),
    '</svg>\n',
  ].join('\n');
}

function isFinitePoint({ x, y }: CurvePoint): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? ink;
}

/** An axis over the values, from one round number to another, by whole multiples of `unit` if that is not 0. */
function axis(values: readonly number[], wanted: number, unit = 0): Axis {
  const lowest = values.reduce((a, b) => Math.min(a, b), Infinity);
  const highest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (lowest > highest) return { ticks: [0, 1], low: 0, high: 1 };
  const span = highest - lowest || Math.abs(highest) || 1;
  const step = roundStep(span / wanted, unit);
  const low = Math.floor(lowest / step + 1e-9) * step;
  const count = Math.max(1, Math.ceil((highest - low) / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, i) => clean(low + i * step));
  return { ticks, low, high: low + count * step };
}

/** The next of 1, 2, 2.5, 5 times a power of ten that is a whole multiple of `unit`. */
function roundStep(rough: number, unit: number): number {
  const least = Math.max(rough, unit);
  const power = 10 ** Math.floor(Math.log10(least));
  const fits = (step: number): boolean => step >= least && (unit === 0 || step % unit === 0);
  return ([1, 2, 2.5, 5].find((factor) => fits(factor * power)) ?? 10) * power;
}

/** Without the dust of binary fractions: 0.30000000000000004 is 0.3. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}

function place(value: number, { low, high }: Axis, from: number, to: number): number {
  return Number((from + ((value - low) / (high - low)) * (to - from)).toFixed(2));
}

function tickFormat({ ticks }: Axis): (value: number) => string {
  const digits = Math.max(...ticks.map((tick) => (String(tick).split('.')[1] ?? '').length));
  return (value) =>
    Math.abs(value) >= 10_000 ? value.toLocaleString('en-US') : value.toFixed(Math.min(digits, 6));
}

function yTicks({ ticks }: Axis, toY: (y: number) => number, format: (y: number) => string) {
  return ticks.map((tick) => {
    const y = toY(tick);
    return (
      `<line x1="${plot.left}" y1="${y}" x2="${plot.right}" y2="${y}" stroke="${grid}"/>` +
      text(plot.left - 10, y + 4.5, format(tick), { anchor: 'end', fill: muted, size: 13 })
    );
  });
}

function xTicks({ ticks }: Axis, toX: (x: number) => number, format: (x: number) => string) {
  const base =
    `<line x1="${plot.left}" y1="${plot.bottom}" x2="${plot.right}" y2="${plot.bottom}" ` +
    `stroke="${muted}"/>`;
  const marks = ticks.map((tick) => {
    const x = toX(tick);
    return (
      `<line x1="${x}" y1="${plot.bottom}" x2="${x}" y2="${plot.bottom + 5}" stroke="${muted}"/>` +
      text(x, plot.bottom + 22, format(tick), { anchor: 'middle', fill: muted, size: 13 })
    );
  });
  return [base, ...marks];
}

function axisLabels({ xLabel = '', yLabel = '' }: CurveOptions): string {
  const middle = (plot.left + plot.right) / 2;
  const across = text(middle, height - 22, xLabel, { anchor: 'middle', fill: ink, size: 14 });
  if (yLabel === '') return across;
  const y = (plot.top + plot.bottom) / 2;
  const up = text(24, y, yLabel, { anchor: 'middle', fill: ink, size: 14 });
  return `${across}<g transform="rotate(-90 24 ${y})">${up}</g>`;
}

/** About the advance of a letter at 14 px in a sans-serif font; nothing here can measure text. */
const letterWidth = 7.6;

/** The height of a row of the legend. */
const legendRow = 22;

/** Names beside their colours, in as many rows as the picture's width asks for. */
function legend(curves: readonly Curve[]): { readonly entries: string; readonly rows: number } {
  let [x, row]: [number, number] = [plot.left, 0];
  const entries = curves.map(({ name }, i) => {
    const own = 32 + Math.ceil(name.length * letterWidth);
    if (x > plot.left && x + own > width) [x, row] = [plot.left, row + 1];
    const y = 62 + row * legendRow;
    const entry =
      `<line x1="${x}" y1="${y}" x2="${x + 24}" y2="${y}" stroke="${colourOf(i)}" stroke-width="3" ` +
      `stroke-linecap="round"/>${text(x + 32, y + 5, name, { fill: ink, size: 14 })}`;
    x += own + 26;
    return entry;
  });
  return { entries: entries.join('\n'), rows: row + 1 };
}

/** Above this many points the marks would touch. */
const mostMarks = 60;

function line(
  { points }: Curve,
  colour: string,
  toX: (x: number) => number,
  toY: (y: number) => number,
): string {
  let pen = 'M';
  let path = '';
  for (const point of points) {
    if (!isFinitePoint(point)) {
      pen = 'M';
      continue;
    }
    path += `${pen}${toX(point.x)} ${toY(point.y)}`;
    pen = 'L';
  }
  if (path === '') return '';
  const drawn = points.filter(isFinitePoint);
  const marks =
    drawn.length > mostMarks
      ? []
      : drawn.map(({ x, y }) => `<circle cx="${toX(x)}" cy="${toY(y)}" r="3" fill="${colour}"/>`);
  return (
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.2" ` +
    `stroke-linejoin="round" stroke-linecap="round"/>${marks.join('')}`
  );
}

interface TextStyle {
  readonly fill: string;
  readonly size?: number;
  readonly weight?: number;
  readonly anchor?: 'start' | 'middle' | 'end';
}

function text(x: number, y: number, content: string, style: TextStyle): string {
  if (content === '') return '';
  const { fill, size = 14, weight = 400, anchor = 'start' } = style;
  return (
    `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}" font-weight="${weight}" ` +
    `text-anchor="${anchor}">${escapeXml(content)}</text>`
  );
}
