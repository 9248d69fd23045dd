import type { Traced } from '../../compiler/trace/traceModel.js';
import { escapeXml } from '../../support/drawing/xml.js';
import { drawBlocks, drawNodes, noiseLegend } from './graphNodes.js';
import { graphSections, type GraphBlock, type GraphSection } from './graphSections.js';
import {
  ink,
  moved,
  muted,
  paragraph,
  round,
  svgFont,
  text,
  textWidth,
  type Drawn,
} from '../../support/drawing/svgShapes.js';

const margin = 32;
const padding = 20;
const narrowest = 860;
const arrowLength = 26;

interface Totals {
  readonly name: string;
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/**
 * Text of an SVG that stands on its own: image, stages with the nodes of their usual block, layers
 * between them, logits. Dropout and stochastic depth are nodes that show their rates.
 */
export function renderGraph(
  totals: Totals,
  traced: Pick<Traced, 'layers' | 'params' | 'imageShape' | 'classes'>,
): string {
  const sections = graphSections(traced);
  const natural = sections.map(({ nodes }) => drawNodes(nodes).width + 2 * padding);
  const width = Math.ceil(Math.max(narrowest, ...natural));
  const column = [
    port(`image ${dims(traced.imageShape)}`),
    ...sections.map((section) => card(section, width, totals)),
    port(`logits ${traced.classes}`),
  ];
  const middle = margin + width / 2;
  const parts: string[] = [];
  let y = margin + 92;
  for (const [i, drawn] of column.entries()) {
    if (i > 0) parts.push(arrowDown(middle, y - arrowLength, y));
    parts.push(moved(drawn, middle - drawn.width / 2, y));
    y += drawn.height + arrowLength;
  }
  const size = { width: width + 2 * margin, height: Math.ceil(y - arrowLength + margin) };
  return document(totals, size, parts);
}

function document(
  { name, parameters, multiplyAdds }: Totals,
  { width, height }: { readonly width: number; readonly height: number },
  parts: readonly string[],
): string {
  const sizes = `${whole(parameters)} parameters, ${whole(multiplyAdds)} multiply-adds for one image`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="${svgFont}">`,
    `<title>${escapeXml(`${name}: ${sizes}`)}</title>`,
    `<rect width="${width}" height="${height}" fill="#f4f6f8"/>`,
    text(margin, margin + 20, name, { size: 24, weight: 700 }),
    text(margin, margin + 44, sizes, { size: 14, fill: muted }),
    moved(noiseLegend(), margin, margin + 58),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** A stage, or layers between stages. */
function card(section: GraphSection, width: number, totals: Totals): Drawn {
  const { title, blocks, nodes, shape, first } = section;
  const inner = width - 2 * padding;
  const parts = [
    drawNodes(nodes),
    ...(blocks.length > 1 ? [drawBlocks(blocks, inner)] : []),
    ...(first ? [paragraph(`block ${numberOf(blocks[0])} differs: ${first}`, inner)] : []),
  ];
  const lines: string[] = [];
  let y = 70;
  for (const part of parts) {
    lines.push(moved(part, padding, y));
    y += part.height + 14;
  }
  const kind = blocks.length > 0 ? 'stage' : 'layers';
  const made = blocks.length > 1 ? `${blocks.length} blocks` : '';
  return {
    lines: [
      `<g class="${kind}" data-name="${escapeXml(title)}" data-blocks="${blocks.length}">`,
      `<rect width="${width}" height="${round(y + 4)}" rx="12" fill="#ffffff" stroke="#d3dae1"/>`,
      text(padding, 30, title, { size: 16, weight: 700 }),
      text(padding + textWidth(title, 16, 700) + 14, 30, made, { size: 14, fill: muted }),
      text(width - padding, 30, dims(shape), { size: 14, weight: 600, anchor: 'end' }),
      ...shares(section, totals),
      ...lines,
      '</g>',
    ],
    width,
    height: y + 4,
  };
}

const bars = [
  { key: 'parameters', label: 'parameters', colour: '#0072b2' },
  { key: 'multiplyAdds', label: 'multiply-adds', colour: '#009e73' },
] as const;

/** A section's share of all parameters and multiply-adds, as bars and in words. */
function shares(section: GraphSection, totals: Totals): string[] {
  return bars.flatMap(({ key, label, colour }, i) => {
    const share = totals[key] > 0 ? section[key] / totals[key] : 0;
    const x = padding + i * 330;
    const percent = share > 0 && share < 0.001 ? 'below 0.1 %' : `${(100 * share).toFixed(1)} %`;
    return [
      `<rect x="${x}" y="43" width="72" height="7" rx="3.5" fill="#e8ecf0"/>`,
      `<rect x="${x}" y="43" width="${round(72 * share)}" height="7" rx="3.5" fill="${colour}"/>`,
      text(x + 82, 51, `${whole(section[key])} ${label}, ${percent}`, { size: 12, fill: muted }),
    ];
  });
}

/** Arrow where the image enters or the logits leave. */
function port(words: string): Drawn {
  const width = textWidth(words, 14, 600) + 36;
  return {
    lines: [
      `<rect width="${round(width)}" height="34" rx="17" fill="${ink}"/>`,
      text(width / 2, 22, words, { size: 14, weight: 600, fill: '#ffffff', anchor: 'middle' }),
    ],
    width,
    height: 34,
  };
}

function arrowDown(x: number, from: number, to: number): string {
  const at = round(x);
  return `<path d="M${at} ${round(from)} V${round(to - 6)}" stroke="#8a96a3" stroke-width="1.6"/><path d="M${at - 5} ${round(to - 8)} l5 8 l5 -8 z" fill="#8a96a3"/>`;
}

function numberOf(block: GraphBlock | undefined): string {
  return /\d+$/.exec(block?.name ?? '')?.[0] ?? '';
}

function dims(shape: readonly number[]): string {
  return shape.join(' × ');
}

function whole(count: number): string {
  return count.toLocaleString('en-US');
}
