import type { OnnxGraph, OnnxNode, OnnxTensor } from '../model.js';
import { dtypes } from '../../../support/dtype.js';
import type { Dim, Shape } from '../../../support/shape.js';

/** Elements of the largest tensor whose values are followed. */
const mostElements = 1024;

/** A dimension or an element of which nothing is known. */
export const unknownDim: Dim = { symbol: '?', factor: 1 };

/** Elements of a small tensor, row by row. */
export interface Elements {
  readonly elements: readonly Dim[];
  /** True for floating point: division is then exact. */
  readonly real: boolean;
}

/** The nodes inside a node: the body of a function, a branch of If, the body of Loop or Scan. */
export interface Body {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: OnnxGraph['initializers'];
  readonly table: ValueTable;
  /** Number of times it runs; undefined if that is known only at run time. */
  readonly times: number | undefined;
}

/** Known facts about a graph's values: shapes, and the elements of small tensors. */
export class ValueTable {
  readonly shapes = new Map<string, Shape>();
  readonly known = new Map<string, Elements>();
  /** Bodies of the nodes that have some. */
  readonly bodies = new Map<OnnxNode, readonly Body[]>();

  /** A body sees the values of the graph around it. */
  constructor(private readonly outer?: ValueTable) {}

  shape(name: string | undefined): Shape | undefined {
    if (name === undefined || name === '') return undefined;
    return this.shapes.get(name) ?? this.outer?.shape(name);
  }

  elements(name: string | undefined): Elements | undefined {
    if (name === undefined || name === '') return undefined;
    if (this.known.has(name) || this.shapes.has(name)) return this.known.get(name);
    return this.outer?.elements(name);
  }

  /** Elements that hold dimensions, such as those of Reshape's second input. */
  vector(name: string | undefined): readonly Dim[] | undefined {
    return this.elements(name)?.elements;
  }

  /** A vector that has no symbol in it. */
  numbers(name: string | undefined): readonly number[] | undefined {
    const vector = this.vector(name);
    return vector?.every((dim) => typeof dim === 'number') ? vector : undefined;
  }

  constant(name: string, tensor: OnnxTensor): void {
    this.shapes.set(name, tensor.shape);
    const { dtype, data } = tensor;
    if (typeof dtype !== 'string' || data.length > mostElements) return;
    const { floating, bytes } = dtypes[dtype];
    // 16 bits are held as they are stored.
    if (!floating || bytes > 2)
      this.known.set(name, { elements: Array.from(data, Number), real: floating });
  }
}

/** An integer attribute (default: `fallback`). */
export function int(node: OnnxNode, name: string, fallback: number): number {
  return optionalInt(node, name) ?? fallback;
}

/** An integer attribute; undefined if missing. */
export function optionalInt(node: OnnxNode, name: string): number | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'int' ? attribute.value : undefined;
}

/** A list of integers among a node's attributes. */
export function ints(node: OnnxNode, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value : undefined;
}

/** A text among a node's attributes. */
export function text(node: OnnxNode, name: string): string | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'string' ? attribute.value : undefined;
}

/** A graph among a node's attributes, such as a branch of If. */
export function graphOf(node: OnnxNode, name: string): OnnxGraph | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'graph' ? attribute.value : undefined;
}

/** The value of a Constant node that is a tensor. */
export function constantTensor(node: OnnxNode): OnnxTensor | undefined {
  const attribute = node.opType === 'Constant' ? node.attributes.get('value') : undefined;
  return attribute?.type === 'tensor' ? attribute.value : undefined;
}

export function isUnknown(dim: Dim): boolean {
  return typeof dim !== 'number' && dim.symbol === '?';
}

/** NumPy's broadcast of shapes of which some dimensions may be unknown; undefined if they do not fit. */
export function broadcastKnown(a: Shape, b: Shape): Dim[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const dim = together(a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1);
    if (dim === undefined) return undefined;
    out.push(dim);
  }
  return out;
}

function together(a: Dim, b: Dim): Dim | undefined {
  if (b === 1) return a;
  if (a === 1) return b;
  if (isUnknown(a)) return b;
  if (isUnknown(b)) return a;
  if (typeof a !== 'number' && typeof b !== 'number')
    return a.symbol === b.symbol && a.factor === b.factor ? a : unknownDim;
  return a === b || typeof b !== 'number' ? a : typeof a === 'number' ? undefined : b;
}
