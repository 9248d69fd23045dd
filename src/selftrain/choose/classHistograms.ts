import { escapeXml } from '../../support/drawing/xml.js';
import type { ClassCounts } from './keptStore.js';
import { gridSteps, type ConfidenceCounts } from './selection.js';

interface ClassHistogram {
  readonly name: string;
  /** Labels by hundredths of confidence, [101]. */
  readonly histogram: Float64Array;
  readonly images: number;
  /** Images at or above it were kept. */
  readonly threshold: number;
  readonly kept: number;
  readonly copies: number;
}

const bins = 20;
const panel = { width: 208, height: 132, left: 8, top: 34, right: 200, bottom: 112 };
const margin = 16;
const head = 62;
const font = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif';
const colours = {
  kept: '#0072b2',
  dropped: '#c9ced6',
  line: '#d55e00',
  ink: '#1f2933',
  muted: '#52606d',
};

/** More panels than this would be a picture nobody looks at. */
const mostPanels = 60;

/** The histograms of counted labels, as renderClassHistograms. */
export function drawCounts(
  classes: readonly string[],
  counts: ConfidenceCounts,
  classCounts: readonly ClassCounts[],
): string {
  return renderClassHistograms(
    classCounts.map((own, i) => ({
      name: classes[i] ?? '',
      histogram: counts.histogram(i),
      ...own,
    })),
  );
}

/**
 * Draws an SVG with a histogram of confidences for each class, with the part above the threshold in
 * colour. If there are very many classes, those with the most and the fewest kept images.
 */
export function renderClassHistograms(classes: readonly ClassHistogram[]): string {
  const shown = shownOf(classes);
  const columns = Math.min(4, shown.length);
  const rows = Math.ceil(shown.length / columns);
  const width = 2 * margin + columns * panel.width;
  const height = head + rows * panel.height + margin;
  const left = classes.length - shown.length;
  const note = left > 0 ? `; ${left} classes between the most and the fewest are not shown` : '';
  const panels = shown.map((own, i) => {
    const x = margin + (i % columns) * panel.width;
    const y = head + Math.floor(i / columns) * panel.height;
    return `<g transform="translate(${x} ${y})">${draw(own)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
      `height="${height}" role="img" font-family="${font}">`,
    '<title>Confidence of pseudo-labels by class</title>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(margin + panel.left, 28, 'Confidence of pseudo-labels by class', 17, colours.ink, 600),
    text(
      margin + panel.left,
      48,
      `heights by square root; blue: at or above the threshold (line)${note}`,
      11,
      colours.muted,
    ),
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function shownOf(classes: readonly ClassHistogram[]): readonly ClassHistogram[] {
  if (classes.length <= mostPanels) return classes;
  const sorted = classes.toSorted((a, b) => b.kept - a.kept);
  return [...sorted.slice(0, mostPanels / 2), ...sorted.slice(-mostPanels / 2)];
}

function draw({ name, histogram, images, threshold, kept, copies }: ClassHistogram): string {
  const heights = barHeights(histogram, threshold);
  const step = (panel.right - panel.left) / bins;
  const bars = heights.flatMap(({ below, above }, i) => {
    const x = panel.left + i * step;
    return [bar(x, step, below + above, colours.dropped), bar(x, step, above, colours.kept)];
  });
  const at = round(panel.left + threshold * (panel.right - panel.left));
  const again = copies > kept ? `, ${count(copies)} with copies` : '';
  return [
    text(panel.left, 12, name, 12, colours.ink, 600),
    text(panel.left, 27, `${count(kept)} of ${count(images)} kept${again}`, 10, colours.muted),
    ...bars.filter((own) => own !== ''),
    `<line x1="${at}" y1="${panel.top}" x2="${at}" y2="${panel.bottom}" stroke="${colours.line}"/>`,
    `<line x1="${panel.left}" y1="${panel.bottom}" x2="${panel.right}" y2="${panel.bottom}" stroke="${colours.muted}"/>`,
    text(panel.left, panel.bottom + 12, '0', 9, colours.muted),
    text(panel.right - 6, panel.bottom + 12, '1', 9, colours.muted),
  ].join('');
}

/** Heights of the bars, the parts below and above the threshold; the highest one is 1. */
function barHeights(
  histogram: Float64Array,
  threshold: number,
): { below: number; above: number }[] {
  const counts = Array.from({ length: bins }, () => ({ below: 0, above: 0 }));
  for (const [k, images] of histogram.entries()) {
    const bin = counts[Math.min(bins - 1, Math.floor((k * bins) / gridSteps))];
    if (bin) bin[(k + 1) / gridSteps > threshold + 1e-6 ? 'above' : 'below'] += images;
  }
  const most = Math.max(1, ...counts.map(({ below, above }) => below + above));
  return counts.map(({ below, above }) => {
    const total = below + above;
    const height = Math.sqrt(total / most);
    const share = total === 0 ? 0 : above / total;
    return { below: height * (1 - share), above: height * share };
  });
}

function bar(x: number, step: number, share: number, fill: string): string {
  if (share === 0) return '';
  const height = round(Math.max(1, share * (panel.bottom - panel.top)));
  const y = round(panel.bottom - height);
  return `<rect x="${round(x + 0.5)}" y="${y}" width="${round(step - 1)}" height="${height}" fill="${fill}"/>`;
}

function text(
  x: number,
  y: number,
  content: string,
  size: number,
  fill: string,
  weight = 400,
): string {
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" font-weight="${weight}">${escapeXml(content)}</text>`;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
