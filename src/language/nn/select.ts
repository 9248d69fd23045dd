import type { Value } from '../../compiler/ir/graph.js';
import { gather as gatherOp } from '../../compiler/ops/gather.js';
import * as shapes from '../../compiler/ops/shape.js';
import { formatShape, staticDim } from '../../support/shape.js';
import { traceOf } from '../../compiler/trace/trace.js';
import { checkAxis, checkCount } from './checks.js';
import { addLayer } from './layer.js';

export interface SliceOptions {
  /** From 1 on (default: 1, the channels or tokens). */
  readonly axis?: number;
  /** The first element; below 0 from the end (default: 0). */
  readonly start?: number;
  /** The element after the last; below 0 from the end (default: all). */
  readonly end?: number;
  /** Takes each so many of them (default: 1). */
  readonly step?: number;
}

/**
 * Elements `start` to `end`, exclusive, along an axis, as x[:, start:end:step] in NumPy; [N,T,C] -> [N,T',C].
 * Errors: the batch as axis, a range that is empty or beyond the axis.
 *
 * @example patches = slice(tokens, { start: 1 }) // without the class token
 */
export function slice(x: Value, options: SliceOptions): Value {
  return addLayer({ kind: 'slice', inputs: [x] }, (trace) => {
    const { axis = 1, step = 1 } = options;
    checkAxis(trace, 'slice', x, axis);
    checkCount(trace, 'slice', 'step', step);
    const size = staticDim(x.shape[axis]);
    const placeOf = (place: number): number => (place < 0 ? size + place : place);
    const [start, end] = [placeOf(options.start ?? 0), placeOf(options.end ?? size)];
    const isRange = [start, end].every(Number.isInteger) && start >= 0 && start < end;
    if (!isRange || end > size)
      throw trace.error(
        'slice',
        `slice: ${options.start ?? 0} to ${options.end ?? size} along axis ${axis} of ${formatShape(x.shape)}`,
        `\`start\` and \`end\` must be whole numbers up to ${size}, \`end\` the greater; below 0 they count from the end`,
      );
    if (end - start === size && step === 1) return x;
    return shapes.slice(x, step === 1 ? { axis, start, end } : { axis, start, end, step });
  });
}

export interface SplitOptions {
  /** From 1 on (default: 1, the channels or tokens). */
  readonly axis?: number;
  /** Sizes of the parts; together they are the axis. */
  readonly sizes: readonly number[];
}

/**
 * Parts along an axis, in order; [N,C,H,W] -> [N,sizes[i],H,W] each. Errors: the batch as axis, sizes whose
 * sum is not that of the axis. Source: PyTorch split.
 *
 * @example const [query, key, value] = split(x, { axis: 2, sizes: [64, 64, 64] })
 */
export function split(x: Value, { axis = 1, sizes }: SplitOptions): Value[] {
  const trace = traceOf('split', [x]);
  checkAxis(trace, 'split', x, axis);
  const size = staticDim(x.shape[axis]);
  const total = sizes.reduce((a, b) => a + b, 0);
  if (!sizes.every((part) => Number.isInteger(part) && part >= 1) || total !== size)
    throw trace.error(
      'split',
      `split: parts of ${sizes.join(', ') || 'nothing'} along axis ${axis} of ${formatShape(x.shape)}`,
      `\`sizes\` must be whole numbers of at least 1 that add up to ${size}`,
    );
  let parts: readonly Value[] | undefined;
  return sizes.map((_, i) =>
    addLayer({ kind: 'split', inputs: [x] }, () => {
      parts ??= shapes.split(x, { axis, sizes });
      return parts[i] ?? x;
    }),
  );
}

export interface GatherOptions {
  /** From 1 on (default: 1, the channels or tokens). */
  readonly axis?: number;
  /** Places along the axis, in any order and as often as they are named. */
  readonly indices: readonly number[];
}

/**
 * Elements at constant places along an axis; [N,T,C] -> [N,indices,C]. Errors: the batch as axis, no place, a
 * place beyond the axis. Source: PyTorch index_select.
 *
 * @example flipped = gather(x, { axis: 3, indices: [3, 2, 1, 0] })
 */
export function gather(x: Value, { axis = 1, indices }: GatherOptions): Value {
  return addLayer({ kind: 'gather', inputs: [x] }, (trace) => {
    checkAxis(trace, 'gather', x, axis);
    const size = staticDim(x.shape[axis]);
    const outside = indices.find((place) => !Number.isInteger(place) || place < 0 || place >= size);
    if (indices.length === 0 || outside !== undefined)
      throw trace.error(
        'gather',
        `gather: ${outside === undefined ? 'no index' : `index ${outside}`} on axis ${axis} of ${formatShape(x.shape)}`,
        `\`indices\` must be whole numbers from 0 to ${size - 1}`,
      );
    const range = rangeOf(indices);
    return range ? shapes.slice(x, { axis, ...range }) : gatherOp(x, { axis, indices });
  });
}

/** Places that rise by equal steps, as a slice takes them; its gradient costs less. */
function rangeOf(indices: readonly number[]): Omit<shapes.SliceAttributes, 'axis'> | undefined {
  const [start = 0, second = start + 1] = indices;
  const step = second - start;
  if (step < 1 || indices.some((place, i) => place !== start + i * step)) return undefined;
  const end = (indices.at(-1) ?? start) + 1;
  return step === 1 ? { start, end } : { start, end, step };
}
