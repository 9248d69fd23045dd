import { fingerprint } from '../../support/hash.js';
import { formatShape } from '../../support/shape.js';
import { bytesOf, type TensorData } from '../../support/tensor.js';
import type { AttributeValue, Attributes, Graph, Node, TensorType, Value } from './graph.js';
import { formatSite } from './origin.js';

export interface PrintOptions {
  /** Append each node's scope and source position. */
  readonly origins?: boolean;
}

const shownElements = 8;

/**
 * A graph as text, for snapshots and dumps. Inputs go by their names, other values are numbered in
 * the order of their definition, so equal programs print equally.
 */
export function printGraph(graph: Graph, { origins = false }: PrintOptions = {}): string {
  const names = new Map<Value, string>();
  const nameOf = (value: Value | undefined): string =>
    value === undefined ? '-' : (names.get(value) ?? '?');
  const inputs = graph.inputs.map(({ name, value }) => {
    names.set(value, name);
    return `  ${name}: ${formatType(value.type)}`;
  });
  let count = 0;
  const nodes = graph.nodes.map((node) => {
    for (const output of node.outputs) names.set(output, `%${count++}`);
    const attrs = formatAttributes(node.attrs);
    const call = `${node.op.name}(${node.inputs.map(nameOf).join(', ')})${attrs && ` {${attrs}}`}`;
    const types = node.outputs.map(({ type }) => formatType(type)).join(', ');
    const from = origins ? formatOrigin(node) : '';
    return `  ${node.outputs.map(nameOf).join(', ')} = ${call}: ${types}${from}`;
  });
  const outputs = graph.outputs.map(({ name, value }) => `  ${name} = ${nameOf(value)}`);
  return [
    `graph ${graph.name}`,
    ...['inputs', ...inputs],
    ...['nodes', ...nodes],
    ...['outputs', ...outputs],
  ].join('\n');
}

function formatType({ dtype, shape }: TensorType): string {
  return dtype + formatShape(shape);
}

function formatOrigin({ origin: { scope, site, phase } }: Node): string {
  const parts = [
    phase === 'forward' ? '' : phase,
    scope,
    site === undefined ? '' : formatSite(site),
  ];
  const known = parts.filter((part) => part !== '');
  return known.length === 0 ? '' : `  # ${known.join(' ')}`;
}

function formatAttributes(attrs: Attributes): string {
  return Object.entries(attrs)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${formatAttribute(value)}`)
    .join(', ');
}

function formatAttribute(value: AttributeValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object') return String(value);
  if ('symbol' in value) return formatShape([value]).slice(1, -1);
  if ('data' in value) return formatTensor(value);
  return `[${value.map(formatAttribute).join(',')}]`;
}

/** Few elements are written out; many become a fingerprint of their bytes. */
function formatTensor(tensor: TensorData): string {
  if (tensor.data.length <= shownElements)
    return `[${Array.from(tensor.data, formatElement).join(',')}]`;
  const words = Array.from(bytesOf(tensor), (byte) => String.fromCharCode(byte)).join('');
  return `#${fingerprint(words).slice(0, 16)}`;
}

function formatElement(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
