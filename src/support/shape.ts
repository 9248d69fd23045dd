import { invariant } from './errors.js';

/** A multiple of a size known only at run time, such as the batch `N` or `49N`. */
export interface SymbolicDim {
  readonly symbol: string;
  readonly factor: number;
}

/** One dimension: a number, or a multiple of a symbol. */
export type Dim = number | SymbolicDim;
/** Sizes of the axes of a tensor. */
export type Shape = readonly Dim[];

/** The symbolic batch size of a model traced without a fixed one. */
export const batchDim: SymbolicDim = { symbol: 'N', factor: 1 };

export function dimEquals(a: Dim, b: Dim): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.symbol === b.symbol && a.factor === b.factor;
}

export function shapeEquals(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dimEquals(dim, b[i] ?? -1));
}

/** `N`, `49N` or `56`; also the dim_param of ONNX. */
export function formatDim(dim: Dim): string {
  if (typeof dim === 'number') return String(dim);
  return dim.factor === 1 ? dim.symbol : `${dim.factor}${dim.symbol}`;
}

/** `[N,24,56,56]` */
export function formatShape(shape: Shape): string {
  return `[${shape.map(formatDim).join(',')}]`;
}

/** Dimensions as JSON has them: numbers, or text such as `N`. */
export function jsonShape(shape: Shape): (number | string)[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : formatDim(dim)));
}

/** Product of dimensions; at most one of them may be symbolic. */
export function sizeOf(shape: Shape): Dim {
  let factor = 1;
  let symbol: string | undefined;
  for (const dim of shape) {
    if (typeof dim === 'number') factor *= dim;
    else {
      invariant(
        symbol === undefined,
        `product of two symbolic dimensions in ${formatShape(shape)}`,
      );
      symbol = dim.symbol;
      factor *= dim.factor;
    }
  }
  return symbol === undefined ? factor : { symbol, factor };
}

/** Exact quotient of two dimensions, or undefined if it is none (48N / N = 48, 48N / 8 = 6N). */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  const [fa, fb] = [factorOf(a), factorOf(b)];
  if (fb === 0 || fa % fb !== 0) return undefined;
  if (typeof b !== 'number')
    return typeof a !== 'number' && a.symbol === b.symbol ? fa / fb : undefined;
  return typeof a === 'number' ? fa / fb : { symbol: a.symbol, factor: fa / fb };
}

function factorOf(dim: Dim): number {
  return typeof dim === 'number' ? dim : dim.factor;
}

/** Number of elements of a shape without symbols. */
export function staticSize(shape: Shape): number {
  const size = sizeOf(shape);
  invariant(typeof size === 'number', `a static shape is needed, not ${formatShape(shape)}`);
  return size;
}

/** The dimension as a number. */
export function staticDim(dim: Dim | undefined): number {
  invariant(
    typeof dim === 'number',
    `a static dimension is needed, not ${dim ? formatDim(dim) : 'none'}`,
  );
  return dim;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] ?? 1;
  }
  return strides;
}

/** NumPy's broadcast of two shapes, or undefined if they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Dim[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const da = a[a.length - rank + i] ?? 1;
    const db = b[b.length - rank + i] ?? 1;
    if (dimEquals(da, db) || db === 1) out.push(da);
    else if (da === 1) out.push(db);
    else return undefined;
  }
  return out;
}
