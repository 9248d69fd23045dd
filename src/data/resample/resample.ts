import type { CropRegion } from '../augment/image/cropRegion.js';
import type { RgbImage } from '../augment/image/image.js';
import type { Interpolation } from '../../support/imageView.js';
import { axisOf, type Axis } from './axis.js';
import { kernels, type Kernels } from './kernels.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Part taken from an image: `box` becomes `whole` pixels, of which `window` is kept. */
export interface Framing {
  /** The part of the image that is used; nothing beside it is looked at. */
  readonly box: CropRegion;
  readonly whole: Size;
  /** Need not lie inside `whole`: what is beyond gets the fill. */
  readonly window: CropRegion;
}

/** The two axes of a framing, and where the pixels that it computes lie in the window. */
export interface Resizing {
  readonly across: Axis;
  readonly down: Axis;
  /** The part of the window that shows the image. */
  readonly inside: CropRegion;
  readonly window: Size;
}

/**
 * Plans a resize of an image whose pixels are 1 / `shrunk` of those that the framing counts in, as
 * if a decoder has shrunk it.
 */
export function planResize(
  { box, whole, window }: Framing,
  interpolation: Interpolation,
  image: Size,
  shrunk: Size = { width: 1, height: 1 },
): Resizing {
  const inside = overlap(window, whole);
  const along = (side: 'width' | 'height', start: 'left' | 'top'): Axis => {
    const [from, to] = [box[start] / shrunk[side], (box[start] + box[side]) / shrunk[side]];
    return axisOf({
      ...{ interpolation, from, to, size: whole[side] },
      low: Math.max(0, Math.floor(from)),
      high: Math.min(image[side], Math.ceil(to)),
      offset: window[start] + inside[start],
      length: inside[side],
    });
  };
  return { across: along('width', 'left'), down: along('height', 'top'), inside, window };
}

/** The part of the window, counted from its corner, that lies on the whole. */
function overlap(window: CropRegion, whole: Size): CropRegion {
  const [left, top] = [Math.max(0, -window.left), Math.max(0, -window.top)];
  const right = Math.min(window.width, whole.width - window.left);
  const bottom = Math.min(window.height, whole.height - window.top);
  return { left, top, width: right - left, height: bottom - top };
}

/** The part of the source that a resize needs. */
export function neededBy({ across, down }: Resizing): CropRegion {
  return {
    left: across.first,
    top: down.first,
    width: across.end - across.first,
    height: down.end - down.first,
  };
}

/** Rows that are copied into the kernels' memory at a time. */
const stripRows = 64;

/**
 * Resizes to the bits of Pillow: across first, rounded to 8 bits, then down. `source` holds the
 * part of the image that `neededBy` tells. The pixels beside the image are `fill`.
 */
export function resample(
  source: RgbImage,
  resizing: Resizing,
  fill: readonly number[] = [],
): RgbImage {
  const { across, down, inside, window } = resizing;
  const rowBytes = 3 * source.width;
  const stride = 16 * Math.ceil((3 * inside.width + 1) / 16);
  const strip = Math.min(stripRows, source.height);
  const [acrossTable, downTable] = [
    tableOf(across, 3, across.taps),
    tableOf(down, stride, undefined),
  ];
  const module = kernels();
  // Vectors are read up to 16 bytes beyond the last pixel, and weights of 0 reach further.
  const slack = 16 + 3 * across.taps;
  const places = layOut([
    ...[4 * acrossTable.length, 4 * downTable.length, strip * rowBytes + slack],
    ...[source.height * stride + slack, inside.height * stride + slack],
  ]);
  const [tableA = 0, tableB = 0, from = 0, between = 0, to = 0, size = 0] = places;
  reserve(module, size);
  const bytes = new Uint8Array(module.memory.buffer);
  const ints = new Int32Array(module.memory.buffer);
  ints.set(acrossTable, tableA / 4);
  ints.set(downTable, tableB / 4);
  for (let y = 0; y < source.height; y += strip) {
    const rows = Math.min(strip, source.height - y);
    bytes.set(source.data.subarray(y * rowBytes, (y + rows) * rowBytes), from);
    const target = between + y * stride;
    module.horizontal(from, target, rows, rowBytes, stride, inside.width, tableA);
  }
  module.vertical(between, to, inside.height, stride, tableB);
  return fromRows(bytes.subarray(to), stride, { inside, window }, fill);
}

function fromRows(
  rows: Uint8Array,
  stride: number,
  { inside, window }: Pick<Resizing, 'inside' | 'window'>,
  fill: readonly number[],
): RgbImage {
  const { width, height } = window;
  const data = new Uint8Array(3 * width * height);
  const covered = inside.width === width && inside.height === height;
  if (!covered) for (let i = 0; i < data.length; i++) data[i] = fill[i % 3] ?? 0;
  for (let y = 0; y < inside.height; y++) {
    const row = rows.subarray(y * stride, y * stride + 3 * inside.width);
    data.set(row, 3 * ((inside.top + y) * width + inside.left));
  }
  return { width, height, data };
}

/** The records of an axis for a kernel; `taps` weights each if told, else as many as count. */
function tableOf({ starts, counts, ...axis }: Axis, unit: number, taps?: number): Int32Array {
  const table = new Int32Array(starts.length * (2 + axis.taps));
  let at = 0;
  for (let i = 0; i < starts.length; i++) {
    const own = taps ?? counts[i] ?? 0;
    table[at] = unit * ((starts[i] ?? 0) - axis.first);
    table[at + 1] = own;
    table.set(axis.weights.subarray(i * axis.taps, i * axis.taps + own), at + 2);
    at += 2 + own;
  }
  return table.subarray(0, at);
}

/** Places of pieces of these sizes, aligned to 16 bytes, and the end of them all. */
function layOut(sizes: readonly number[]): number[] {
  const places = [0];
  for (const size of sizes) places.push((places.at(-1) ?? 0) + 16 * Math.ceil(size / 16));
  return places;
}

const page = 65_536;

function reserve({ memory }: Kernels, size: number): void {
  const missing = size - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / page));
}
