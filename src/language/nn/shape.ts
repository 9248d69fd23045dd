import type { Value } from '../../compiler/ir/graph.js';
import * as shapes from '../../compiler/ops/shape.js';
import { formatShape, staticSize } from '../../support/shape.js';
import { addLayer } from './layer.js';

/**
 * Joins values along an axis, channels by default; [N,C1,H,W], [N,C2,H,W] -> [N,C1+C2,H,W].
 * Errors: other sizes that differ, the batch as axis.
 *
 * @example x = concat([left, right])
 */
export function concat(
  values: readonly [Value, ...Value[]],
  { axis = 1 }: { readonly axis?: number } = {},
): Value {
  return addLayer({ kind: 'concat', inputs: values }, (trace) => {
    const rank = values[0].rank;
    if (!Number.isInteger(axis) || axis < 1 || axis >= rank)
      throw trace.error(
        'axis',
        `concat: axis ${axis} of ${formatShape(values[0].shape)}`,
        `\`axis\` is 1 to ${rank - 1}; axis 0 is the batch`,
      );
    return shapes.concat(values, { axis });
  });
}

export interface PadOptions {
  /** Default 1, the channels. */
  readonly axis?: number;
  /** Zeros before the first element; default 0. */
  readonly before?: number;
  /** Zeros after the last element; default 0. */
  readonly after?: number;
}

/**
 * Zeros before and after along an axis, channels by default; [N,C,H,W] -> [N,before+C+after,H,W].
 * Errors: the batch as axis, a number of zeros below 0.
 *
 * @example shortcut = pad(shortcut, { after: out - shortcut.channels })
 */
export function pad(x: Value, { axis = 1, before = 0, after = 0 }: PadOptions): Value {
  return addLayer({ kind: 'pad', inputs: [x] }, (trace) => {
    if (!Number.isInteger(axis) || axis < 1 || axis >= x.rank)
      throw trace.error(
        'axis',
        `pad: axis ${axis} of ${formatShape(x.shape)}`,
        `\`axis\` is 1 to ${x.rank - 1}; axis 0 is the batch`,
      );
    if (![before, after].every((zeros) => Number.isInteger(zeros) && zeros >= 0))
      throw trace.error(
        'option',
        `pad: ${before} zeros before and ${after} after ${formatShape(x.shape)}`,
        'give whole numbers of at least 0',
      );
    return before + after === 0 ? x : shapes.padAxis(x, { axis, before, after });
  });
}

/**
 * Another shape for each sample, the batch kept; x [N,...] -> [N,...shape]. One size may be -1:
 * what is left. Errors: another number of elements.
 *
 * @example tokens = reshape(x, [64, -1]) // [N,8,8,16] -> [N,64,16]
 */
export function reshape(x: Value, shape: readonly number[]): Value {
  return addLayer({ kind: 'reshape', inputs: [x] }, (trace) => {
    const [batch = 1, ...sample] = x.shape;
    const size = staticSize(sample);
    const known = shape.filter((dim) => dim !== -1);
    const product = known.reduce((a, b) => a * b, 1);
    const open = shape.length - known.length;
    const valid = known.every((dim) => Number.isInteger(dim) && dim >= 1);
    if (!valid || open > 1 || (open === 1 ? size % product !== 0 : size !== product))
      throw trace.error(
        'reshape',
        `reshape: a sample of ${formatShape(x.shape)} has ${size} elements, which [${shape.join(',')}] does not hold`,
        'give the shape of one sample, without the batch; one size may be -1',
      );
    const sizes = shape.map((dim) => (dim === -1 ? size / product : dim));
    return shapes.reshape(x, { shape: [batch, ...sizes] });
  });
}

/**
 * All axes of a sample as one; x [N,C,H,W] -> [N,C*H*W].
 *
 * @example logits = linear(flatten(x), { name: 'fc', out: classes })
 */
export function flatten(x: Value): Value {
  return addLayer({ kind: 'flatten', inputs: [x] }, () => {
    const [batch = 1, ...sample] = x.shape;
    return shapes.reshape(x, { shape: [batch, staticSize(sample)] });
  });
}

/**
 * Axis i of the result is axis permutation[i] of x; the batch, axis 0, stays first. Errors: no
 * permutation of the axes.
 *
 * @example byChannel = transpose(tokens, [0, 2, 1]) // [N,T,C] -> [N,C,T]
 */
export function transpose(x: Value, permutation: readonly number[]): Value {
  return addLayer({ kind: 'transpose', inputs: [x] }, (trace) => {
    const sorted = permutation.toSorted((a, b) => a - b);
    const whole = sorted.length === x.rank && sorted.every((axis, i) => axis === i);
    if (!whole || permutation[0] !== 0)
      throw trace.error(
        'permutation',
        `transpose: [${permutation.join(',')}] of ${formatShape(x.shape)}`,
        `name each axis of 0 to ${x.rank - 1} once, and 0, the batch, first`,
      );
    return shapes.transpose(x, { permutation });
  });
}
