import type { GraphBlock, GraphNode, NodeFamily } from './graphSections.js';
import {
  ink,
  muted,
  round,
  text,
  textWidth,
  type Drawn,
  moved,
} from '../../support/drawing/svgShapes.js';

interface Colour {
  readonly fill: string;
  readonly stroke: string;
}

/** Tints of Okabe and Ito's colours, which colour-blind readers can tell apart. */
const colours: Readonly<Record<NodeFamily, Colour>> = {
  conv: { fill: '#e3f0fa', stroke: '#0072b2' },
  depthwise: { fill: '#e4f6fd', stroke: '#3a9bd1' },
  linear: { fill: '#ece9f7', stroke: '#6a5acd' },
  excite: { fill: '#f9eaf3', stroke: '#cc79a7' },
  pool: { fill: '#e2f4ee', stroke: '#009e73' },
  norm: { fill: '#f1f4f7', stroke: '#8a96a3' },
  shape: { fill: '#f7f8fa', stroke: '#b4bdc6' },
  noise: { fill: '#fff2d1', stroke: '#c77c00' },
  join: { fill: '#ffffff', stroke: '#52606d' },
};

const wire = '#8a96a3';
const nodeHeight = 56;
const gap = 26;
const joinRadius = 12;
/** A longer row is broken, if no shortcut leads around the place. */
const widestRow = 1400;
/** Depth to which a shortcut runs below the nodes. */
const dip = 16;

/** Blocks that a stage shows one by one; of more, the first and the last. */
const mostBlocks = 24;
const endBlocks = 4;

/** The nodes of a block from left to right, in rows; a shortcut runs below what it leads around. */
export function drawNodes(nodes: readonly GraphNode[]): Drawn {
  const rows: GraphNode[][] = [[]];
  for (const unit of unitsOf(nodes)) {
    const row = rows.at(-1) ?? [];
    if (row.length > 0 && drawRow([...row, ...unit]).width > widestRow) rows.push([...unit]);
    else row.push(...unit);
  }
  const drawn = rows.map((row) => drawRow(row));
  const lines: string[] = [];
  let y = 0;
  for (const row of drawn) {
    lines.push(moved(row, 0, y));
    y += row.height + 16;
  }
  return { lines, width: Math.max(...drawn.map(({ width }) => width)), height: y - 16 };
}

/** Units that must stay in one row: nodes with the sum whose shortcut leads around them. */
function unitsOf(nodes: readonly GraphNode[]): GraphNode[][] {
  const last = nodes.findLastIndex(({ shortcut }) => shortcut);
  const units: GraphNode[][] = [];
  let open: GraphNode[] = [];
  for (const [i, node] of nodes.entries()) {
    open.push(node);
    if (i < last && !node.shortcut) continue;
    units.push(open);
    open = [];
  }
  return units;
}

function drawRow(nodes: readonly GraphNode[]): Drawn {
  const middle = nodeHeight / 2;
  const lines: string[] = [];
  let x = 0;
  // The shortcut to the next sum leaves the wire here.
  let fork = gap / 2;
  let below = 0;
  for (const node of nodes) {
    lines.push(arrow(x, x + gap, middle));
    x += gap;
    if (node.family === 'join') {
      lines.push(join(node, x, middle));
      if (node.shortcut) {
        const bypass = shortcut(node.shortcut, fork, x + joinRadius);
        lines.push(...bypass.lines);
        below = Math.max(below, bypass.height - nodeHeight);
        fork = x + 2 * joinRadius + gap / 2;
      }
      x += 2 * joinRadius;
    } else {
      const drawn = drawNode(node);
      lines.push(moved(drawn, x, 0));
      x += drawn.width;
    }
  }
  lines.push(arrow(x, x + gap, middle));
  return { lines, width: x + gap, height: nodeHeight + below };
}

/** One node: what it is, its sizes, and what follows it at once. */
function drawNode(node: GraphNode): Drawn {
  const { family, label, after, rates } = node;
  if (rates) return noiseNode(label, rates);
  const { fill, stroke } = colours[family];
  const rows = [
    { words: label, size: 13, weight: 600, fill: ink },
    { words: node.detail, size: 12, weight: 400, fill: ink },
    { words: after.join(' · '), size: 11, weight: 400, fill: muted },
  ].filter(({ words }) => words !== '');
  const width = widestOf(rows) + 24;
  return {
    lines: [
      `<g class="node" data-family="${family}">`,
      `<rect width="${round(width)}" height="${nodeHeight}" rx="8" fill="${fill}" stroke="${stroke}"/>`,
      ...centred(rows, width),
      '</g>',
    ],
    width,
    height: nodeHeight,
  };
}

interface Row {
  readonly words: string;
  readonly size: number;
  readonly weight: number;
  readonly fill: string;
}

function widestOf(rows: readonly Row[]): number {
  return Math.max(...rows.map(({ words, size, weight }) => textWidth(words, size, weight)));
}

/** Rows of text in the middle of a node. */
function centred(rows: readonly Row[], width: number): string[] {
  const step = 16;
  const top = nodeHeight / 2 - ((rows.length - 1) * step) / 2 + 4.5;
  return rows.map(({ words, ...style }, i) =>
    text(width / 2, top + i * step, words, { ...style, anchor: 'middle' }),
  );
}

function noiseNode(label: string, [low, high]: readonly [number, number]): Drawn {
  const words = low === high ? formatRate(low) : `${formatRate(low)} to ${formatRate(high)}`;
  const rows = [
    { words: label, size: 12, weight: 600, fill: ink },
    { words, size: 13, weight: 700, fill: '#8f5600' },
  ];
  const width = widestOf(rows) + 34;
  return {
    lines: [
      `<g class="noise" data-kind="${label}" data-rate="${words}">`,
      pill(width, nodeHeight, high === 0),
      ...centred(rows, width),
      '</g>',
    ],
    width,
    height: nodeHeight,
  };
}

/** Noise is the one round thing; dashed if nothing is dropped. */
function pill(width: number, height: number, dashed: boolean): string {
  const { fill, stroke } = colours.noise;
  const style = dashed ? ` fill="#ffffff" stroke-dasharray="4 3"` : ` fill="${fill}"`;
  return `<rect width="${round(width)}" height="${height}" rx="${height / 2}"${style} stroke="${stroke}" stroke-width="1.4"/>`;
}

/** The share that is dropped, to four digits behind the point. */
export function formatRate(rate: number): string {
  return String(Number(rate.toFixed(4)));
}

function join({ label }: GraphNode, x: number, middle: number): string {
  const centre = round(x + joinRadius);
  const { fill, stroke } = colours.join;
  return [
    `<circle cx="${centre}" cy="${middle}" r="${joinRadius}" fill="${fill}" stroke="${stroke}" stroke-width="1.4"/>`,
    text(centre, middle + 5.5, label, { size: 16, weight: 600, anchor: 'middle' }),
  ].join('\n');
}

/** From the wire down, below the nodes, and up into a sum; with the layers that lie on it. */
function shortcut(nodes: readonly GraphNode[], from: number, to: number): Drawn {
  const middle = nodeHeight / 2;
  const side = nodes.map((node) => drawNode(node));
  const row = side.reduce((sum, { width }) => sum + width, 0) + gap * Math.max(0, side.length - 1);
  const bottom = nodeHeight + dip + (side.length > 0 ? nodeHeight / 2 : 0);
  const [a, b, top] = [round(from), round(to), middle + joinRadius];
  const lines = [
    `<path d="M${a} ${middle} V${bottom - 8} q0 8 8 8 H${round(to - 8)} q8 0 8 -8 V${top + 5}" fill="none" stroke="${wire}" stroke-width="1.4"/>`,
    `<path d="M${b - 4} ${top + 7} l4 -7 l4 7 z" fill="${wire}"/>`,
    `<circle cx="${a}" cy="${middle}" r="2.6" fill="${wire}"/>`,
  ];
  let x = (from + to - row) / 2;
  for (const drawn of side) {
    lines.push(moved(drawn, x, bottom - nodeHeight / 2));
    x += drawn.width + gap;
  }
  return { lines, width: to, height: bottom + (side.length > 0 ? nodeHeight / 2 : 0) + 4 };
}

function arrow(from: number, to: number, y: number): string {
  return `<path d="M${round(from)} ${y} H${round(to - 6)}" stroke="${wire}" stroke-width="1.4"/><path d="M${round(to - 7)} ${y - 4} l7 4 l-7 4 z" fill="${wire}"/>`;
}

/** A stage's blocks one after another, each with the rates of its own noise. */
export function drawBlocks(blocks: readonly GraphBlock[], width: number): Drawn {
  const shown: (GraphBlock | number)[] =
    blocks.length <= mostBlocks
      ? [...blocks]
      : [...blocks.slice(0, endBlocks), blocks.length - 2 * endBlocks, ...blocks.slice(-endBlocks)];
  const lines = [text(0, 16.5, 'blocks', { fill: muted })];
  const start = textWidth('blocks', 12) + 14;
  let [x, y] = [start, 0];
  for (const item of shown) {
    const drawn = typeof item === 'number' ? omission(item) : block(item);
    if (x > start && x + drawn.width > width) [x, y] = [start, y + 32];
    lines.push(moved(drawn, x, y));
    x += drawn.width + 14;
  }
  return { lines, width, height: y + 24 };
}

function omission(count: number): Drawn {
  const words = `… ${count} more …`;
  const width = textWidth(words, 12);
  return { lines: [text(0, 16, words, { size: 12, fill: muted })], width, height: 24 };
}

function block({ name, noise }: GraphBlock): Drawn {
  const number = /\d+$/.exec(name)?.[0] ?? name;
  const wide = textWidth(number, 12) + 18;
  const lines = [
    `<g class="block" data-name="${name}">`,
    `<rect width="${round(wide)}" height="24" rx="5" fill="#ffffff" stroke="${colours.join.stroke}"/>`,
    text(wide / 2, 16.5, number, { size: 12, weight: 600, anchor: 'middle' }),
  ];
  let x = wide;
  for (const { kind, rate } of noise) {
    const words = formatRate(rate);
    const width = textWidth(words, 11.5) + 18;
    lines.push(
      `<path d="M${round(x)} 12 h5" stroke="${wire}"/>`,
      `<g class="noise" data-kind="${kind}" data-rate="${words}" transform="translate(${round(x + 5)} 2)">`,
      pill(width, 20, rate === 0),
      text(width / 2, 14.2, words, { size: 11.5, weight: 600, fill: '#8f5600', anchor: 'middle' }),
      '</g>',
    );
    x += width + 5;
  }
  return { lines: [...lines, '</g>'], width: x, height: 24 };
}

/** A small noise node and what it means. */
export function noiseLegend(): Drawn {
  const words = 'noise in training, with the share that it drops; dashed where that is 0';
  return {
    lines: [pill(30, 16, false), text(38, 12.5, words, { size: 12, fill: muted })],
    width: 38 + textWidth(words, 12),
    height: 16,
  };
}
