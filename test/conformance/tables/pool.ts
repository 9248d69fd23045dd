import {
  avgPool,
  avgPoolGrad,
  maxPool,
  maxPoolGrad,
  type PoolAttributes,
} from '../../../src/compiler/ops/pool.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';
import { distinct } from '../../support/draw.js';
import type { OpTable } from '../../support/opCase.js';

interface Pooling extends Partial<PoolAttributes> {
  /** Channels and size of the input. */
  readonly x: readonly [number, number, number];
  readonly kernel: readonly [number, number];
  /** H and W of the output. */
  readonly y: readonly [number, number];
  /** Of a mean: what it never counts. */
  readonly excess?: readonly [number, number];
}

const poolings: readonly Pooling[] = [
  { x: [3, 6, 4], kernel: [2, 2], strides: [2, 2], y: [3, 2] },
  // Overlapping windows, without and with padding; a window of the whole map; one pixel.
  { x: [2, 5, 7], kernel: [3, 3], y: [3, 5] },
  { x: [2, 7, 7], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], y: [4, 4] },
  { x: [3, 5, 4], kernel: [5, 4], y: [1, 1] },
  { x: [3, 5, 4], kernel: [1, 1], y: [5, 4] },
  // Rows that no window reaches, and the rounding up of 'ceil mode' as padding at the end.
  { x: [2, 8, 6], kernel: [3, 3], strides: [2, 2], y: [3, 2] },
  { x: [2, 8, 6], kernel: [3, 3], strides: [2, 2], pads: [0, 0, 1, 1], y: [4, 3] },
  { x: [2, 7, 5], kernel: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1], y: [4, 3] },
  // Windows that leave gaps, unequal sides, odd padding.
  { x: [2, 9, 8], kernel: [2, 2], strides: [3, 3], y: [3, 3] },
  { x: [2, 9, 8], kernel: [3, 2], strides: [1, 2], pads: [2, 0, 1, 1], y: [10, 4] },
  { x: [1, 4, 4], kernel: [3, 3], pads: [1, 1, 1, 1], y: [4, 4] },
];

const dilated: readonly Pooling[] = [
  { x: [2, 7, 8], kernel: [3, 2], dilations: [2, 3], y: [3, 5] },
  {
    x: [2, 9, 9],
    kernel: [3, 3],
    strides: [2, 2],
    dilations: [2, 2],
    pads: [1, 1, 2, 2],
    y: [4, 4],
  },
];

const shapesOf = ({ x, y, kernel, excess, ...attrs }: Pooling) => ({
  counting: excess === undefined ? {} : { excess },
  x: [N, ...x] as Shape,
  y: [N, x[0], ...y] as Shape,
  attrs: {
    kernel,
    strides: attrs.strides ?? [1, 1],
    pads: attrs.pads ?? [0, 0, 0, 0],
    dilations: attrs.dilations ?? [1, 1],
  },
});

/** Padding at the end that 'ceil mode' added, beside padding that counts, and alone. */
const uncounted: readonly Pooling[] = [
  { x: [2, 7, 6], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 2], excess: [0, 1], y: [4, 4] },
  { x: [2, 6, 7], kernel: [3, 2], strides: [2, 2], pads: [0, 0, 1, 1], excess: [1, 1], y: [3, 4] },
  { x: [1, 4, 6], kernel: [4, 3], strides: [3, 3], pads: [1, 0, 2, 0], excess: [1, 0], y: [2, 2] },
];

const maxima = [...poolings, ...dilated, ...uncounted].map(shapesOf);
const means = [...poolings, ...uncounted].flatMap((pooling) =>
  [true, false].map((countIncludePad) => {
    const { x, y, attrs, counting } = shapesOf(pooling);
    return { x, y, attrs: { ...attrs, ...counting, countIncludePad } };
  }),
);

const own = 'it is a gradient itself';

export const pools: readonly OpTable[] = [
  {
    op: maxPool,
    cases: maxima.map(({ x, y, attrs }) => ({
      in: { x: { shape: x, draw: distinct } },
      attrs,
      result: y,
    })),
  },
  {
    op: maxPoolGrad,
    noGradient: own,
    linearIn: 'dy',
    cases: maxima.map(({ x, y, attrs }) => ({
      in: { x: { shape: x, draw: distinct }, dy: y },
      attrs,
    })),
  },
  { op: avgPool, cases: means.map(({ x, y, attrs }) => ({ in: { x }, attrs, result: y })) },
  {
    op: avgPoolGrad,
    noGradient: own,
    linearIn: 'dy',
    cases: means.map(({ x, y, attrs }) => ({
      in: { dy: y },
      attrs: { ...attrs, input: x.slice(2) },
    })),
  },
];
