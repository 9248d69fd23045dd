import type { OnnxValue } from '../../../support/onnxValue.js';
import type { Blocks, MapSize } from './blocks.js';

/*
 * Maps with their samples in the place of channels, for gradients of kernels: a blocked convolution sums over
 * channels, and dw is a sum over samples. A sample may also be cut into bands of rows, each of which counts as
 * a sample, so that a small batch fills a block.
 */

/** Bands of rows of a framed map that overlap: `count` of `height` rows, each `step` rows below the last. */
export interface Bands {
  readonly count: number;
  readonly height: number;
  readonly step: number;
}

/** Bands of a map dy: `count` of `rows` rows each, which do not overlap. */
interface Cut {
  readonly count: number;
  readonly rows: number;
}

/**
 * Bands into which maps are cut so that those of all samples are whole blocks, if that sums fewer
 * products than a batch filled up with zeros; else one.
 */
export function bandsOf({ batch, height }: MapSize, block: number): Cut {
  let count = 1;
  while ((batch * count) % block !== 0) count += 1;
  const rows = Math.ceil(height / count);
  const filled = Math.ceil(batch / block) * block * height;
  return batch * count * rows < filled ? { count, rows } : { count: 1, rows: height };
}

/** Images whose channels are samples: their values, and how many there are. */
interface Images {
  readonly images: OnnxValue;
  readonly channels: number;
}

/**
 * A map [N,C,H,W], blocked or plain, as C images whose channels are the samples, blocked:
 * [C,N/block,H,W,block], N padded with zeros and the maps by `pads`: the operator takes outputs
 * whose window reaches into its own padding one by one, and here most do.
 */
export function channelsAsImages(
  k: Blocks,
  x: OnnxValue,
  { batch, channels, height, width }: MapSize,
  plain: boolean,
  [top = 0, left = 0, bottom = 0, right = 0]: readonly number[],
): Images {
  const { b, block } = k;
  const pixels = height * width;
  const images = plain ? channels : k.padded(channels);
  const samples = k.padded(batch);
  const rows = padSamples(k, x, batch, images * pixels);
  const columns = k.turn(rows, samples / block, images * pixels);
  // The elements of a sample lie [C,H*W] or [C/block,H*W,block].
  const inner = plain ? 1 : block;
  const split = k.reshape(columns, samples / block, images / inner, pixels, inner, block);
  const blocked = b.Transpose(split, { perm: [1, 3, 0, 2, 4] });
  const maps = k.reshape(blocked, (images * samples) / block, height, width, block);
  const ends = [0, bottom, right, 0];
  const framed =
    top + left + bottom + right === 0 ? maps : b.Pad(maps, b.ints(0, top, left, 0, ...ends));
  const size = [height + top + bottom, width + left + right];
  return { images: k.reshape(framed, images, samples, ...size), channels: images };
}

/** The same with the bands of each sample for samples. */
export function bandsAsImages(
  k: Blocks,
  x: OnnxValue,
  { batch, channels, height, width }: MapSize,
  plain: boolean,
  [top = 0, left = 0, , right = 0]: readonly number[],
  bands: Bands,
): Images {
  const { b } = k;
  const [inner, images] = plain ? [1, channels] : [k.block, k.padded(channels)];
  const maps = k.reshape(x, (batch * images) / inner, height, width, inner);
  const size = { height: bands.height, width: left + width + right };
  const parts = Array.from({ length: bands.count }, (_, i) => {
    // Where negative, a pad cuts.
    const begin = top - i * bands.step;
    const end = bands.height - height - begin;
    const band = b.Pad(maps, b.ints(0, begin, left, 0, 0, end, right, 0));
    return k.reshape(band, batch, images * size.height * size.width);
  });
  const whole = b.Concat(parts, { axis: 1 });
  return channelsAsImages(k, whole, { batch: batch * bands.count, channels, ...size }, plain, []);
}

/** A blocked map [N,O,H,W] as a dense kernel over samples: [O/block,N/block,H,W,block n,block o]. */
export function samplesAsKernel(
  k: Blocks,
  dy: OnnxValue,
  { batch, channels, height, width }: MapSize,
): OnnxValue {
  const { b, block } = k;
  const pixels = height * width;
  const out = k.padded(channels);
  const samples = k.padded(batch);
  const rows = padSamples(k, dy, batch, out * pixels);
  const split = k.reshape(rows, samples / block, block, out / block, pixels, block);
  return k.reshape(b.Transpose(split, { perm: [2, 0, 3, 1, 4] }), out, samples, height, width);
}

/** The same over bands, whose number divides a block: zeros below the last. */
export function bandsAsKernel(
  k: Blocks,
  dy: OnnxValue,
  { batch, channels, height, width }: MapSize,
  { count, rows }: Cut,
): OnnxValue {
  const { b, block } = k;
  const out = k.padded(channels);
  const lines = k.reshape(dy, (batch * out) / block, height, width * block);
  const below = rows * count - height;
  const full = below === 0 ? lines : b.Pad(lines, b.ints(0, 0, 0, 0, below, 0));
  const together = block / count;
  const split = [batch / together, together, out / block, count, rows * width, block];
  const kernel = b.Transpose(k.reshape(full, ...split), { perm: [2, 0, 4, 1, 3, 5] });
  return k.reshape(kernel, out, batch * count, rows, width);
}

/** [N,...] -> [N rounded up to whole blocks, elements of a sample]. */
function padSamples(k: Blocks, x: OnnxValue, batch: number, elements: number): OnnxValue {
  const rows = k.reshape(x, batch, elements);
  const extra = k.padded(batch) - batch;
  return extra === 0 ? rows : k.b.Pad(rows, k.b.ints(0, 0, extra, 0));
}
