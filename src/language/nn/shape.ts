import type { Value } from '../../compiler/ir/graph.js';
import { expand as expandOp } from '../../compiler/ops/broadcast.js';
import { constant } from '../../compiler/ops/constant.js';
import { add } from '../../compiler/ops/elementwise.js';
import { axisWeights, separable } from '../../compiler/ops/separable.js';
import * as shapes from '../../compiler/ops/shape.js';
import { formatShape, staticDim, staticSize } from '../../support/shape.js';
import { tensorData } from '../../support/tensor.js';
import { checkAxis, checkCount } from './checks.js';
import { addLayer } from './layer.js';
import { checkMap, sidesOf, type Padding, type Sides } from './window.js';

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
    checkAxis(trace, 'concat', values[0], axis);
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
    checkAxis(trace, 'pad', x, axis);
    if (![before, after].every((zeros) => Number.isInteger(zeros) && zeros >= 0))
      throw trace.error(
        'option',
        `pad: ${before} zeros before and ${after} after ${formatShape(x.shape)}`,
        'pass whole numbers of at least 0',
      );
    return before + after === 0 ? x : shapes.padAxis(x, { axis, before, after });
  });
}

export interface Pad2dOptions {
  /** Pixels added on every side, [vertical, horizontal], or [top, left, bottom, right]. */
  readonly padding: Exclude<Padding, string>;
  /**
   * What is added, by PyTorch's names: a constant, the map mirrored at its border pixels, these
   * pixels repeated (ONNX's 'edge'), or the map from its other end (default: 'constant').
   */
  readonly mode?: 'constant' | 'reflect' | 'replicate' | 'circular';
  /** The constant (default: 0). */
  readonly value?: number;
}

/**
 * Pixels around each map; x [N,C,H,W] -> [N,C,top+H+bottom,left+W+right]. Errors: negative padding,
 * mirrored pixels of the map's size or more, a value with another mode. Source: PyTorch pad.
 *
 * @example x = pad2d(x, { padding: 3, mode: 'reflect' })
 */
export function pad2d(x: Value, { padding, mode = 'constant', value }: Pad2dOptions): Value {
  return addLayer({ kind: 'pad2d', inputs: [x] }, (trace) => {
    checkMap(trace, 'pad2d', x);
    const [top, left, bottom, right] = sidesOf(padding);
    const wrong = (what: string, hint: string) =>
      trace.error('option', `pad2d: ${what} around ${formatShape(x.shape)}`, hint);
    const sides = [top, left, bottom, right];
    if (!sides.every((side) => Number.isInteger(side) && side >= 0))
      throw wrong(`[${sides.join(',')}] pixels`, '`padding` is whole numbers of at least 0');
    const most = { constant: Infinity, replicate: Infinity, reflect: -1, circular: 0 }[mode];
    if (sides.some((side, i) => side > (i % 2 === 0 ? x.height : x.width) + most))
      throw wrong(
        `[${sides.join(',')}] pixels of mode ${mode}`,
        `the map has too few pixels for it: pad less, or with mode 'replicate'`,
      );
    if (value !== undefined && (mode !== 'constant' || !Number.isFinite(value)))
      throw wrong(`value ${value} with mode ${mode}`, "`value` is a number, for mode 'constant'");
    if (mode === 'constant') return framed(x, [top, left, bottom, right], value ?? 0);
    const extended = (size: number, before: number, after: number) =>
      axisWeights(size, before + size + after, (i) => [[sources[mode](i - before, size), 1]]);
    return separable(x, extended(x.height, top, bottom), extended(x.width, left, right));
  });
}

/** The pixel of a map that stands at a place beyond its border. */
const sources = {
  reflect: (at: number, size: number) => {
    const turned = Math.abs(at);
    return turned < size ? turned : 2 * (size - 1) - turned;
  },
  replicate: (at: number, size: number) => Math.min(Math.max(at, 0), size - 1),
  circular: (at: number, size: number) => (at + size) % size,
};

/** A map in a frame of a constant. */
function framed(x: Value, [top, left, bottom, right]: Sides, value: number): Value {
  const rows = shapes.padAxis(x, { axis: 2, before: top, after: bottom });
  const y = shapes.padAxis(rows, { axis: 3, before: left, after: right });
  if (value === 0) return y;
  const isFrame = (at: number, before: number, size: number): boolean =>
    at < before || at >= before + size;
  const frame = Array.from({ length: y.height * y.width }, (_, i) => {
    const [row, column] = [Math.floor(i / y.width), i % y.width];
    return isFrame(row, top, x.height) || isFrame(column, left, x.width) ? value : 0;
  });
  return add(y, constant(x.graph, tensorData(x.dtype, [1, 1, y.height, y.width], frame)));
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
        `reshape: a sample of ${formatShape(x.shape)} has ${size} elements and cannot become [${shape.join(',')}]`,
        'pass the shape of one sample, without the batch; one size may be -1',
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
        `list each axis from 0 to ${x.rank - 1} once, with 0, the batch, first`,
      );
    return shapes.transpose(x, { permutation });
  });
}

/**
 * `transpose` by the name that PyTorch has for it: axis i of the result is axis order[i] of x. Errors: no
 * permutation of the axes, another axis than the batch first.
 *
 * @example tokens = permute(x, [0, 2, 3, 1]) // [N,C,H,W] -> [N,H,W,C]
 */
export function permute(x: Value, order: readonly number[]): Value {
  return transpose(x, order);
}

export interface ExpandOptions {
  /** Sizes of a sample, without the batch (default: x's own). */
  readonly shape?: readonly number[];
  /** A value whose batch x gets: for a parameter [1,...], which has none. */
  readonly batchOf?: Value;
}

/**
 * x with axes of size 1 repeated; [N,1,C] -> [N,T,C], or a parameter [1,T,C] -> [N,T,C] with the batch of
 * another value. Errors: an axis of another size than 1 that is to change. Source: PyTorch expand.
 *
 * @example
 * const token = parameter(x, { name: 'cls_token', shape: [1, 1, 64], init: { kind: 'zeros' } });
 * x = concat([expand(token, { batchOf: x }), x]); // [N,T,64] -> [N,1+T,64]
 */
export function expand(x: Value, { shape, batchOf }: ExpandOptions): Value {
  return addLayer({ kind: 'expand', inputs: batchOf ? [x, batchOf] : [x] }, (trace) => {
    const [own, ...sample] = x.shape;
    const sizes = shape ?? sample.map(staticDim);
    const fits =
      sizes.length === sample.length &&
      sizes.every(
        (size, i) =>
          Number.isInteger(size) && size >= 1 && [size, 1].includes(staticDim(sample[i])),
      );
    if (!fits || (batchOf !== undefined && own !== 1))
      throw trace.error(
        'shape-mismatch',
        `expand: ${formatShape(x.shape)} to samples of ${formatShape(sizes)}${batchOf ? ' and another batch' : ''}`,
        'an axis that changes must have size 1, and with `batchOf` the first one, too; `shape` leaves out the batch',
      );
    return expandOp(x, batchOf, { shape: sizes });
  });
}

export interface PixelShuffleOptions {
  /** Times that height and width grow. */
  readonly factor: number;
}

/**
 * Channels laid out as pixels; x [N,C*f*f,H,W] -> [N,C,H*f,W*f]. Errors: an input that is not a map, channels
 * that the square of `factor` does not divide. Source: arXiv 1609.05158, PyTorch PixelShuffle.
 *
 * @example x = pixelShuffle(conv2d(x, { out: 12, kernel: 3 }), { factor: 2 }) // 3 channels, twice the size
 */
export function pixelShuffle(x: Value, { factor }: PixelShuffleOptions): Value {
  return addLayer({ kind: 'pixelShuffle', inputs: [x] }, (trace) => {
    checkCount(trace, 'pixelShuffle', 'factor', factor);
    if (x.rank !== 4 || x.channels % (factor * factor) !== 0)
      throw trace.error(
        'shape-mismatch',
        `pixelShuffle: ${formatShape(x.shape)} by ${factor}`,
        `the input must be [N,C,H,W] with a multiple of ${factor * factor} channels`,
      );
    const [{ channels, height, width }, [batch = 1]] = [x, x.shape];
    const out = channels / (factor * factor);
    const parts = shapes.reshape(x, { shape: [batch, out, factor, factor, height, width] });
    const woven = shapes.transpose(parts, { permutation: [0, 1, 4, 2, 5, 3] });
    return shapes.reshape(woven, { shape: [batch, out, height * factor, width * factor] });
  });
}

export interface PixelUnshuffleOptions {
  /** Times that height and width shrink. */
  readonly factor: number;
}

/**
 * Pixels laid out as channels, the inverse of `pixelShuffle`; x [N,C,H*f,W*f] -> [N,C*f*f,H,W]. Errors: an
 * input that is not a map, a size that `factor` does not divide. Source: PyTorch PixelUnshuffle.
 *
 * @example x = pixelUnshuffle(x, { factor: 2 })
 */
export function pixelUnshuffle(x: Value, { factor }: PixelUnshuffleOptions): Value {
  return addLayer({ kind: 'pixelUnshuffle', inputs: [x] }, (trace) => {
    checkCount(trace, 'pixelUnshuffle', 'factor', factor);
    if (x.rank !== 4 || x.height % factor !== 0 || x.width % factor !== 0)
      throw trace.error(
        'shape-mismatch',
        `pixelUnshuffle: ${formatShape(x.shape)} by ${factor}`,
        `the input must be [N,C,H,W] with height and width that ${factor} divides`,
      );
    const [{ channels, height, width }, [batch = 1]] = [x, x.shape];
    const [rows, columns] = [height / factor, width / factor];
    const parts = shapes.reshape(x, { shape: [batch, channels, rows, factor, columns, factor] });
    const woven = shapes.transpose(parts, { permutation: [0, 1, 3, 5, 2, 4] });
    return shapes.reshape(woven, { shape: [batch, channels * factor * factor, rows, columns] });
  });
}
