import type { Opset } from '../../../../generated/onnx/index.js';
import type { TensorType } from '../../ir/graph.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { staticDim } from '../../../support/shape.js';
import { tensorData } from '../../../support/tensor.js';

/** N, C, H and W of a map of static size. */
export interface MapSize {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The size of a map [N,C,H,W]. */
export function sizeOfMap(type: TensorType | undefined): MapSize {
  const [batch = 1, channels = 1, height = 1, width = 1] = (type?.shape ?? []).map(staticDim);
  return { batch, channels, height, width };
}

/** Attributes of a convolution over blocked maps that differ from the neutral ones. */
export interface BlockedConv {
  readonly kernel?: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly pads?: readonly number[];
  readonly groups?: number;
  readonly bias?: OnnxValue;
  /** Added to the result, in place. */
  readonly sum?: OnnxValue;
}

/**
 * Writes operators over blocked maps. A blocked map of shape [N,C,H,W], C padded to whole blocks,
 * lies as [N,C/block,H,W,block], while ONNX goes on calling it [N,C,H,W]; so a Reshape to a shape of
 * as many elements reads the blocks as they lie. What padded channels hold is arbitrary but finite:
 * every operator that mixes channels has zero weights for them, and they are cut off at the end.
 */
export class Blocks {
  constructor(
    readonly b: Opset,
    readonly block: number,
  ) {}

  /** Channels rounded up to whole blocks. */
  padded(channels: number): number {
    return Math.ceil(channels / this.block) * this.block;
  }

  reshape(x: OnnxValue, ...shape: number[]): OnnxValue {
    return this.b.Reshape(x, this.b.ints(...shape));
  }

  conv(x: OnnxValue, w: OnnxValue, options: BlockedConv = {}): OnnxValue {
    const { kernel = [1, 1], strides = [1, 1], dilations = [1, 1], groups = 1 } = options;
    const pads = options.pads ?? [0, 0, 0, 0];
    const attributes = { kernel_shape: kernel, strides, dilations, pads, group: groups };
    return this.b.nchwc.Conv(x, w, options.bias ?? null, options.sum ?? null, attributes);
  }

  /** A constant vector [padded C]. */
  constantVector(value: number, channels: number): OnnxValue {
    const size = this.padded(channels);
    return this.b.constant(tensorData('float32', [size], new Array<number>(size).fill(value)));
  }

  /** A vector [C] with zeros for the padded channels. */
  padVector(x: OnnxValue, channels: number): OnnxValue {
    const extra = this.padded(channels) - channels;
    return extra === 0 ? x : this.b.Pad(x, this.b.ints(0, extra));
  }

  /** A vector [padded C] without the padded channels. */
  cutVector(x: OnnxValue, channels: number): OnnxValue {
    if (this.padded(channels) === channels) return x;
    return this.b.Slice(x, this.b.ints(0), this.b.ints(channels));
  }

  /** [N,C,1,1] or [N,C] -> [N * padded C]. */
  padRows(x: OnnxValue, { batch, channels }: MapSize): OnnxValue {
    const padded = this.padded(channels);
    const rows = padded === channels ? x : this.reshape(x, batch, channels);
    const wide =
      padded === channels ? rows : this.b.Pad(rows, this.b.ints(0, 0, 0, padded - channels));
    return this.reshape(wide, batch * padded);
  }

  /** [N, padded C] -> [N,C,1,1]. */
  cutRows(x: OnnxValue, { batch, channels }: MapSize): OnnxValue {
    const padded = this.padded(channels);
    const rows =
      padded === channels
        ? x
        : this.b.Slice(x, this.b.ints(0), this.b.ints(channels), this.b.ints(1));
    return this.reshape(rows, batch, channels, 1, 1);
  }

  /** x * scale + bias + sum with a factor and a term a channel, both [padded C]: one pass over the map. */
  affine(
    x: OnnxValue,
    scale: OnnxValue,
    { channels }: MapSize,
    more: Pick<BlockedConv, 'bias' | 'sum'> = {},
  ): OnnxValue {
    const groups = this.padded(channels);
    return this.conv(x, this.reshape(scale, groups, 1, 1, 1), { groups, ...more });
  }

  /** The same with a factor for each sample's channel, [N * padded C]. */
  affineRows(
    x: OnnxValue,
    scale: OnnxValue,
    size: MapSize,
    more: Pick<BlockedConv, 'bias' | 'sum'> = {},
  ): OnnxValue {
    const groups = size.batch * this.padded(size.channels);
    const image = [1, groups, size.height, size.width];
    const sum = more.sum && this.reshape(more.sum, ...image);
    const y = this.conv(this.reshape(x, ...image), this.reshape(scale, groups, 1, 1, 1), {
      groups,
      ...more,
      ...(sum && { sum }),
    });
    return this.reshape(y, ...this.shape(size));
  }

  /** The shape of a map with its channels padded. */
  shape({ batch, channels, height, width }: MapSize): number[] {
    return [batch, this.padded(channels), height, width];
  }

  /**
   * Mean over each channel's map, [N, padded C]. The pooling operator takes a half to a tenth of
   * ReduceSum's time, which is worst on small maps (32 samples, 672 channels, 4x4: 0.1 against 0.8 ms).
   */
  meanRows(x: OnnxValue, { batch, channels, height, width }: MapSize): OnnxValue {
    const padded = this.padded(channels);
    const maps = this.reshape(x, 1, batch * padded, height, width);
    return this.reshape(this.b.nchwc.GlobalAveragePool(maps), batch, padded);
  }

  /** Mean over batch and pixels, [padded C]. */
  meanOfMaps(x: OnnxValue, size: MapSize): OnnxValue {
    return this.b.Mul(this.sumBatch(this.meanRows(x, size)), this.b.scalar(1 / size.batch));
  }

  /** Sum over each channel's map, [N, padded C]. */
  sumRows(x: OnnxValue, size: MapSize): OnnxValue {
    return this.b.Mul(this.meanRows(x, size), this.b.scalar(size.height * size.width));
  }

  /**
   * Sum over each channel's map of a * b, [N, padded C]: a blocked map is a valid blocked depthwise
   * filter as large as the map, so this is one convolution and no product is stored.
   */
  dotRows(a: OnnxValue, c: OnnxValue, { batch, channels, height, width }: MapSize): OnnxValue {
    const padded = this.padded(channels);
    const groups = batch * padded;
    const dots = this.conv(
      this.reshape(a, 1, groups, height, width),
      this.reshape(c, groups, 1, height, width),
      { kernel: [height, width], groups },
    );
    return this.reshape(dots, batch, padded);
  }

  /** [N, padded C] -> [padded C]. */
  sumBatch(rows: OnnxValue): OnnxValue {
    return this.b.ReduceSum(rows, this.b.ints(0), { keepdims: 0 });
  }

  /**
   * Rows to columns within groups of a block: [groups * block, n] -> [groups, n, block]. The operator
   * that blocks channels does it in a fraction of Transpose's time, and onnxruntime does not merge
   * it with a transpose beside it into one that moves single elements.
   */
  turn(x: OnnxValue, groups: number, elements: number): OnnxValue {
    return this.b.nchwc.ReorderInput(this.reshape(x, groups, this.block, 1, elements));
  }

  /** A dense kernel [O,I,kh,kw] as blocked convolutions want it: [O/block,I/block,kh,kw,block i,block o]. */
  denseKernel(w: OnnxValue, shape: Kernel): OnnxValue {
    const { block } = this;
    const [o, i, kh, kw] = this.#paddedKernel(shape);
    const full = this.#padKernel(w, shape);
    const taps = kh * kw === 1 ? full : this.turn(full, (o * i) / block, kh * kw);
    return this.reshape(this.turn(taps, o / block, i * kh * kw), o, i, kh, kw);
  }

  /**
   * The kernel [O,I,kh,kw] of the convolution that undoes a dense one's channels: the same with o and i
   * exchanged, [I/block,O/block,kh,kw,block o,block i]. Its taps are not flipped yet (`pickTaps`).
   */
  exchangedKernel(w: OnnxValue, shape: Kernel): OnnxValue {
    const { b, block } = this;
    const [o, i, kh, kw] = this.#paddedKernel(shape);
    const full = this.#padKernel(w, shape);
    if (kh * kw === 1) {
      // Read as pixels o with channels i last, blocking the channels is the whole work.
      const pixels = this.reshape(full, 1, 1, o, i);
      return this.reshape(b.nchwc.ReorderInput(pixels, { channels_last: 1 }), i, o, 1, 1);
    }
    const inner = b.nchwc.ReorderInput(this.reshape(full, o, i, kh, kw));
    const split = this.reshape(inner, o / block, block, i / block, kh * kw, block);
    return this.reshape(b.Transpose(split, { perm: [2, 0, 3, 1, 4] }), i, o, kh, kw);
  }

  /**
   * Taps of a blocked kernel, dense or depthwise: from the last of each axis backwards by a step.
   * Whole blocks move, whereas the same on a plain kernel moves single numbers.
   */
  pickTaps(
    kernel: OnnxValue,
    [out, channels, kh, kw]: Kernel,
    [rows, columns]: readonly [Taps, Taps],
  ): OnnxValue {
    const { b, block } = this;
    if (kh * kw === 1) return kernel;
    const [o, i] = [this.padded(out), channels === 1 ? 1 : this.padded(channels)];
    const inner = channels === 1 ? block : block * block;
    const blocks = this.reshape(kernel, (o * i) / inner, kh, kw, inner);
    const starts = b.ints(rows.last, columns.last);
    // Beyond the first tap, counted from the end.
    const ends = b.ints(-kh - 1, -kw - 1);
    const picked = b.Slice(blocks, starts, ends, b.ints(1, 2), b.ints(-rows.step, -columns.step));
    return this.reshape(picked, o, i, rows.count, columns.count);
  }

  #paddedKernel([out, channels, kh, kw]: Kernel): Kernel {
    return [this.padded(out), this.padded(channels), kh, kw];
  }

  #padKernel(w: OnnxValue, shape: Kernel): OnnxValue {
    const [o, i] = this.#paddedKernel(shape);
    const [out, channels] = shape;
    if (o === out && i === channels) return w;
    return this.b.Pad(w, this.b.ints(0, 0, 0, 0, o - out, i - channels, 0, 0));
  }

  /** A kernel for a plain input of few channels, [O,I,kh,kw] -> [O/block,I,kh,kw,block]. */
  stemKernel(w: OnnxValue, [out, channels, kh, kw]: Kernel): OnnxValue {
    const o = this.padded(out);
    const extra = o - out;
    const full = extra === 0 ? w : this.b.Pad(w, this.b.ints(0, 0, 0, 0, extra, 0, 0, 0));
    const turned = this.turn(full, o / this.block, channels * kh * kw);
    return this.reshape(turned, o, channels, kh, kw);
  }

  /** A depthwise kernel [C,1,kh,kw] -> [C/block,kh,kw,block]. */
  depthwiseKernel(w: OnnxValue, shape: Kernel): OnnxValue {
    return this.stemKernel(w, shape);
  }

  /**
   * A map with zeros left and right. The operator takes outputs whose window reaches into padding of its
   * own one by one, and others several at a time (1,920 maps of 28x28, 5x5 outputs with windows as large
   * as the map: 3.7 in place of 6.0 ms with one thread, 2.9 in place of 3.5 with two, since Pad has one).
   */
  widen(
    x: OnnxValue,
    { batch, channels, height, width }: MapSize,
    [left, right]: readonly [number, number],
  ): OnnxValue {
    if (left + right === 0) return x;
    const rows = (batch * this.padded(channels) * height) / this.block;
    const pads = this.b.ints(0, left, 0, 0, right, 0);
    return this.b.Pad(this.reshape(x, rows, width, this.block), pads);
  }

  /** Every `down`-th row and every `right`-th column of a blocked map. */
  subsample(x: OnnxValue, size: MapSize, [down = 1, right = 1]: readonly number[]): OnnxValue {
    if (down === 1 && right === 1) return x;
    const { b, block } = this;
    const [, padded = 1] = this.shape(size);
    const maps = (size.batch * padded) / block;
    const pixels = this.reshape(x, maps, size.height, size.width, block);
    const ends = b.ints(size.height, size.width);
    const kept = b.Slice(pixels, b.ints(0, 0), ends, b.ints(1, 2), b.ints(down, right));
    return this.reshape(
      kept,
      size.batch,
      padded,
      Math.ceil(size.height / down),
      Math.ceil(size.width / right),
    );
  }

  /**
   * A matrix in blocks of rows, [rows/block, columns, block], as a plain one, or its transpose: [rows,
   * columns] if `upright`, else [columns, rows].
   */
  plainMatrix(
    x: OnnxValue,
    [rows, columns]: readonly [number, number],
    upright: boolean,
  ): OnnxValue {
    const padded = this.padded(rows);
    if (upright)
      return this.rows(this.reshape(x, 1, padded, 1, columns), {
        batch: 1,
        channels: rows,
        height: 1,
        width: columns,
      });
    const blocks = this.reshape(x, padded / this.block, columns, this.block);
    const turned = this.reshape(this.b.Transpose(blocks, { perm: [1, 0, 2] }), columns, padded);
    return rows === padded
      ? turned
      : this.b.Slice(turned, this.b.ints(0), this.b.ints(rows), this.b.ints(1));
  }

  /**
   * Blocked maps of every phase of the rows and columns, `parts[row phase][column phase]`, woven into
   * one map of `size`; zeros for a part that is missing.
   */
  weave(
    parts: readonly (readonly (OnnxValue | undefined)[])[],
    { batch, channels, height, width }: MapSize,
  ): OnnxValue {
    const { b, block } = this;
    const down = parts.length;
    const right = parts[0]?.length ?? 1;
    const [rows, columns] = [Math.ceil(height / down), Math.ceil(width / right)];
    const padded = this.padded(channels);
    const maps = (batch * padded) / block;
    /** Pieces of `length` numbers, `pieces` of each part, taking turns; those missing at the end are padded. */
    const join = (
      list: readonly (OnnxValue | undefined)[],
      pieces: number,
      length: number,
    ): OnnxValue | undefined => {
      const present = list.flatMap((part) => (part ? [this.reshape(part, pieces, length)] : []));
      const [only] = present;
      if (only === undefined) return undefined;
      const last = list.length - 1;
      if (present.length === 1 && list[0]) return b.Pad(only, b.ints(0, 0, 0, length * last));
      const zeros = (): OnnxValue => b.Expand(b.scalar(0), b.ints(pieces, length));
      let next = 0;
      return b.Concat(
        list.map((part) => (part && present[next++]) ?? zeros()),
        { axis: 1 },
      );
    };
    const lines = parts.map((line) => join(line, maps * rows * columns, block));
    const whole = join(lines, maps * rows, right * columns * block);
    if (whole === undefined) return b.Expand(b.scalar(0), b.ints(batch, padded, height, width));
    if (rows * down === height && columns * right === width)
      return this.reshape(whole, batch, padded, height, width);
    const full = this.reshape(whole, maps, rows * down, columns * right * block);
    const cut = b.Slice(full, b.ints(0, 0), b.ints(height, width * block), b.ints(1, 2));
    return this.reshape(cut, batch, padded, height, width);
  }

  /** A blocked map [N,C,H,W] -> [N*H*W,C], channels last. */
  pixels(x: OnnxValue, { batch, channels, height, width }: MapSize): OnnxValue {
    const last = this.b.nchwc.ReorderOutput(x, { channels, channels_last: 1 });
    return this.reshape(last, batch * height * width, channels);
  }

  /**
   * A blocked map as a matrix over the pixels of a grid, channels last, each with the pixels that `at` names,
   * zeros where it names one outside: [N * pixels of the grid, pixels named * C].
   */
  shifted(
    x: OnnxValue,
    size: MapSize,
    [rows, columns]: readonly [number, number],
    at: (row: number, column: number) => readonly (readonly number[])[],
  ): OnnxValue {
    const { b } = this;
    const { batch, channels, height, width } = size;
    const indices = Array.from({ length: rows * columns }, (_, i) =>
      at(Math.floor(i / columns), i % columns).map(([row = 0, column = 0]) =>
        row < 0 || column < 0 || row >= height || column >= width
          ? height * width
          : row * width + column,
      ),
    );
    const pixels = this.reshape(this.pixels(x, size), batch, height * width, channels);
    const framed = b.Pad(pixels, b.ints(0, 0, 0, 0, 1, 0));
    const taken = b.Gather(framed, b.ints(...indices.flat()), { axis: 1 });
    return this.reshape(taken, batch * rows * columns, (indices[0]?.length ?? 1) * channels);
  }

  /** A blocked map [N,C,H,W] -> plain [N,C,H*W]. */
  rows(x: OnnxValue, { batch, channels, height, width }: MapSize): OnnxValue {
    const plain = this.b.nchwc.ReorderOutput(x, { channels });
    return this.reshape(plain, batch, channels, height * width);
  }
}

/** Taps of one axis of a kernel: `count` of them, from `last` down by `step`. */
export interface Taps {
  readonly last: number;
  readonly step: number;
  readonly count: number;
}

/** [O,I,kh,kw] */
export type Kernel = readonly [number, number, number, number];

/** The shape of a kernel. */
export function kernelShape(type: TensorType | undefined): Kernel {
  const [o = 1, i = 1, kh = 1, kw = 1] = (type?.shape ?? []).map(staticDim);
  return [o, i, kh, kw];
}
