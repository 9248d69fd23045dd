import type { NodeTime } from '../../runtime/machine/profile.js';
import { groupBy } from '../../support/groupBy.js';

/** Time of all nodes of one operator. */
export interface OperatorTime {
  readonly operator: string;
  readonly milliseconds: number;
  /** Share of the time of all nodes. */
  readonly share: number;
  /** Nodes of it in a step. */
  readonly nodes: number;
}

/** Time of the nodes of one layer. */
export interface LayerTime {
  /** Its dotted name, or what the nodes without a layer are for. */
  readonly layer: string;
  readonly milliseconds: number;
  /** Part of the milliseconds spent in the backward pass. */
  readonly backwardMilliseconds: number;
  /** Share of the time of all nodes. */
  readonly share: number;
  /** The user's `file:line:column`. */
  readonly source?: string;
}

/** Time by operator, the most first. */
export function timeByOperator(nodes: readonly NodeTime[]): OperatorTime[] {
  const total = sumOf(nodes);
  return [...groupBy(nodes, ({ operator }) => operator)]
    .map(([operator, own]) => ({ operator, ...timeOf(own, total), nodes: own.length }))
    .sort(slowestFirst);
}

/** Time by layer, the most first; `sources` tells the user's lines by the names of nodes. */
export function timeByLayer(
  nodes: readonly NodeTime[],
  sources: ReadonlyMap<string, string | undefined>,
): LayerTime[] {
  const total = sumOf(nodes);
  const groups = groupBy(nodes, ({ name }) => placeOf(name).layer);
  return [...groups]
    .map(([layer, own]) => {
      const backward = own.filter(({ name }) => placeOf(name).phase === 'backward');
      const source = own.map(({ name }) => sourceOf(name, sources)).find((at) => at !== undefined);
      const time = { ...timeOf(own, total), backwardMilliseconds: sumOf(backward) };
      return { layer, ...time, ...(source !== undefined && { source }) };
    })
    .sort(slowestFirst);
}

/** Purpose of nodes without a layer, by their phase. */
const unlayered: Readonly<Record<string, string>> = {
  forward: 'input and loss',
  backward: 'input and loss',
  update: 'optimizer',
};

/** The layer and phase in a node's name, `backward/blocks.0.conv_dw/conv/Conv_1`. */
export function placeOf(name: string): { layer: string; phase: string } {
  const parts = name.split('/');
  const [first = ''] = parts;
  const phase = first === 'backward' || first === 'update' ? first : 'forward';
  // The last two are the primitive and the operator.
  const scope = parts.slice(phase === 'forward' ? 0 : 1, -2).join('/');
  return { layer: scope === '' || phase === 'update' ? (unlayered[phase] ?? '') : scope, phase };
}

/** onnxruntime's optimiser adds to the name of the node that it changes. */
function sourceOf(
  name: string,
  sources: ReadonlyMap<string, string | undefined>,
): string | undefined {
  if (sources.has(name)) return sources.get(name);
  const cut = name.lastIndexOf('_');
  return cut > name.lastIndexOf('/') ? sourceOf(name.slice(0, cut), sources) : undefined;
}

function timeOf(nodes: readonly NodeTime[], total: number) {
  const milliseconds = sumOf(nodes);
  return { milliseconds, share: total === 0 ? 0 : milliseconds / total };
}

function sumOf(nodes: readonly NodeTime[]): number {
  return nodes.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

const slowestFirst = (a: { milliseconds: number }, b: { milliseconds: number }): number =>
  b.milliseconds - a.milliseconds;
