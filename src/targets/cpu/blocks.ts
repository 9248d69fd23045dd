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
   * Rows to columns within groups of a block: [groups * block, n] -> [groups, n, block]. The operator
   * that blocks channels does it in a fraction of Transpose's time, and onnxruntime does not merge
   * it with a transpose beside it into one that moves single elements.
   */
  #turn(x: OnnxValue, groups: number, elements: number): OnnxValue {
    return this.b.nchwc.ReorderInput(this.reshape(x, groups, this.block, 1, elements));
  }

  /** A dense kernel [O,I,kh,kw] as blocked convolutions want it: [O/block,I/block,kh,kw,block i,block o]. */
  denseKernel(w: OnnxValue, shape: Kernel): OnnxValue {
    const { block } = this;
    const [o, i, kh, kw] = this.#paddedKernel(shape);
    const full = this.#padKernel(w, shape);
    const taps = kh * kw === 1 ? full : this.#turn(full, (o * i) / block, kh * kw);
    return this.reshape(this.#turn(taps, o / block, i * kh * kw), o, i, kh, kw);
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
    const o = this.padded(out);
    const extra = o - out;
    const full = extra === 0 ? w : this.b.Pad(w, this.b.ints(0, 0, 0, 0, extra, 0, 0, 0));
    const turned = this.#turn(full, o / this.block, channels * kh * kw);
    return this.reshape(turned, o, channels, kh, kw);
  }

  /** A depthwise kernel [C,1,kh,kw] -> [C/block,kh,kw,block]. */
  depthwiseKernel(w: OnnxValue, shape: Kernel): OnnxValue {
    return this.stemKernel(w, shape);
  }

  /**
   * A map [N,C,H,W], blocked or plain, as C images whose channels are the samples, blocked:
   * [C,N/block,H,W,block], N padded with zeros and the maps by `pads`: the operator takes outputs
   * whose window reaches into its own padding one by one, and here most do.
   */
  channelsAsImages(
    x: OnnxValue,
    { batch, channels, height, width }: MapSize,
    plain: boolean,
    [top = 0, left = 0, bottom = 0, right = 0]: readonly number[],
  ): { readonly images: OnnxValue; readonly channels: number } {
    const { b, block } = this;
    const pixels = height * width;
    const images = plain ? channels : this.padded(channels);
    const samples = this.padded(batch);
    const rows = this.#padSamples(x, batch, images * pixels);
    const columns = this.#turn(rows, samples / block, images * pixels);
    // The elements of a sample lie [C,H*W] or [C/block,H*W,block].
    const inner = plain ? 1 : block;
    const split = this.reshape(columns, samples / block, images / inner, pixels, inner, block);
    const blocked = b.Transpose(split, { perm: [1, 3, 0, 2, 4] });
    const maps = this.reshape(blocked, (images * samples) / block, height, width, block);
    const ends = [0, bottom, right, 0];
    const framed =
      top + left + bottom + right === 0 ? maps : b.Pad(maps, b.ints(0, top, left, 0, ...ends));
    const size = [height + top + bottom, width + left + right];
    return { images: this.reshape(framed, images, samples, ...size), channels: images };
  }

  /** A blocked map [N,O,H,W] as a dense kernel over samples: [O/block,N/block,H,W,block n,block o]. */
  samplesAsKernel(dy: OnnxValue, { batch, channels, height, width }: MapSize): OnnxValue {
    const { b, block } = this;
    const pixels = height * width;
    const out = this.padded(channels);
    const samples = this.padded(batch);
    const rows = this.#padSamples(dy, batch, out * pixels);
    const split = this.reshape(rows, samples / block, block, out / block, pixels, block);
    return this.reshape(b.Transpose(split, { perm: [2, 0, 3, 1, 4] }), out, samples, height, width);
  }

  /** [N,...] -> [N rounded up to whole blocks, elements of a sample]. */
  #padSamples(x: OnnxValue, batch: number, elements: number): OnnxValue {
    const rows = this.reshape(x, batch, elements);
    const extra = this.padded(batch) - batch;
    return extra === 0 ? rows : this.b.Pad(rows, this.b.ints(0, 0, extra, 0));
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
