import type { Opset } from '../../../generated/onnx/index.js';
import type { TensorType } from '../../ir/graph.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import { staticDim } from '../../support/shape.js';

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

  /** Sum over each channel's map, [N, padded C]. */
  sumRows(x: OnnxValue, { batch, channels, height, width }: MapSize): OnnxValue {
    const padded = this.padded(channels);
    const blocks = (batch * padded) / this.block;
    const sums = this.b.ReduceSum(
      this.reshape(x, blocks, height * width, this.block),
      this.b.ints(1),
      { keepdims: 0 },
    );
    return this.reshape(sums, batch, padded);
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
   * A dense kernel [O,I,kh,kw] as blocked convolutions want it: [O/block,I/block,kh,kw,block i,block o].
   * Two transposes, of a matrix and of whole blocks, take a quarter of the time of one that moves
   * single elements.
   */
  denseKernel(w: OnnxValue, shape: Kernel): OnnxValue {
    const { b, block } = this;
    const [o, i, kh, kw] = this.#paddedKernel(shape);
    const matrix = this.reshape(this.#padKernel(w, shape), o, i * kh * kw);
    const turned = b.Transpose(matrix, { perm: [1, 0] });
    const split = this.reshape(turned, i / block, block, kh * kw, o / block, block);
    return this.reshape(b.Transpose(split, { perm: [3, 0, 2, 1, 4] }), o, i, kh, kw);
  }

  /** The kernel [O,I,kh,kw] of the convolution that undoes a dense one's channels: the same with o and i exchanged. */
  exchangedKernel(w: OnnxValue, shape: Kernel): OnnxValue {
    const { b, block } = this;
    const [o, i, kh, kw] = this.#paddedKernel(shape);
    const full = this.#padKernel(w, shape);
    if (kh * kw === 1) {
      // The blocks of one row of the matrix stay whole.
      const rows = this.reshape(full, o, i / block, block);
      return this.reshape(b.Transpose(rows, { perm: [1, 0, 2] }), i, o, 1, 1);
    }
    const split = this.reshape(full, o / block, block, i / block, block, kh * kw);
    return this.reshape(b.Transpose(split, { perm: [2, 0, 4, 1, 3] }), i, o, kh, kw);
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
    const { b, block } = this;
    const o = this.padded(out);
    const full = o === out ? w : b.Pad(w, b.ints(0, 0, 0, 0, o - out, 0, 0, 0));
    const split = this.reshape(full, o / block, block, channels * kh * kw);
    return this.reshape(b.Transpose(split, { perm: [0, 2, 1] }), o, channels, kh, kw);
  }

  /** A depthwise kernel [C,1,kh,kw] -> [C/block,kh,kw,block]. */
  depthwiseKernel(w: OnnxValue, [channels, , kh, kw]: Kernel): OnnxValue {
    const { b, block } = this;
    const c = this.padded(channels);
    const full = c === channels ? w : b.Pad(w, b.ints(0, 0, 0, 0, c - channels, 0, 0, 0));
    const split = this.reshape(full, c / block, block, kh * kw);
    return this.reshape(b.Transpose(split, { perm: [0, 2, 1] }), c, 1, kh, kw);
  }

  /** A blocked map [N,C,H,W] -> [N*H*W,C], channels last. */
  pixels(x: OnnxValue, { batch, channels, height, width }: MapSize): OnnxValue {
    const last = this.b.nchwc.ReorderOutput(x, { channels, channels_last: 1 });
    return this.reshape(last, batch * height * width, channels);
  }

  /** A blocked map [N,C,H,W] -> plain [N,C,H*W]. */
  rows(x: OnnxValue, { batch, channels, height, width }: MapSize): OnnxValue {
    const plain = this.b.nchwc.ReorderOutput(x, { channels });
    return this.reshape(plain, batch, channels, height * width);
  }
}

/** [O,I,kh,kw] */
export type Kernel = readonly [number, number, number, number];

/** The shape of a kernel. */
export function kernelShape(type: TensorType | undefined): Kernel {
  const [o = 1, i = 1, kh = 1, kw = 1] = (type?.shape ?? []).map(staticDim);
  return [o, i, kh, kw];
}
