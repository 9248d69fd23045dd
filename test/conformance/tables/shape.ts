import { Graph, type Op } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { after } from '../../../src/compiler/ops/after.js';
import {
  expand as expandOp,
  expandLike,
  reducedShape,
  reduceSum,
  type ReduceAttributes,
} from '../../../src/compiler/ops/broadcast.js';
import { isFinite, select } from '../../../src/compiler/ops/choose.js';
import { constantOp } from '../../../src/compiler/ops/constant.js';
import { flattenOp, unflattenOp } from '../../../src/compiler/ops/flatten.js';
import { gather } from '../../../src/compiler/ops/gather.js';
import {
  argMax,
  countOf,
  reduceMax,
  reduceMaxGrad,
  reduceMean,
  reduceNorm,
  sameArgMax,
} from '../../../src/compiler/ops/reduce.js';
import {
  cast,
  concatOp,
  equal,
  padAxis,
  reshape,
  slice,
  splitOp,
  transpose,
} from '../../../src/compiler/ops/shape.js';
import { invariant } from '../../../src/support/errors.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';
import { tensorData } from '../../../src/support/tensor.js';
import { awayFrom, distinct, gaussian, integers, mask, type Draw } from '../../support/draw.js';
import type { OpCase, OpTable } from '../../support/opCase.js';

/** The primitive behind a function that is not the primitive itself. */
function opBehind(apply: (graph: Graph) => { producer: { op: Op } | undefined }): Op {
  const { producer } = apply(new Graph('any'));
  invariant(producer, 'the function adds a node');
  return producer.op;
}

const countOp = opBehind((graph) => countOf(graph.input('x', 'float32', [N]), { axes: [0] }));

/** Every third number is infinite, of either sign, or NaN. */
const sometimesInfinite: Draw = (count, stream) =>
  gaussian(count, stream).map((z, i) =>
    i % 3 === 0 ? ([Infinity, -Infinity, NaN][i / 3] ?? z) : z,
  );

const flat = (factor: number) => ({ symbol: N.symbol, factor });

const reductions: readonly OpCase[] = [
  { in: { x: [N, 3, 5, 7] }, attrs: { axes: [2, 3], keepDims: true } },
  { in: { x: [N, 3, 5, 7] }, attrs: { axes: [2, 3], keepDims: false } },
  { in: { x: [N, 3, 5, 7] }, attrs: { axes: [0, 2, 3], keepDims: false } },
  { in: { x: [N, 4] }, attrs: { axes: [0], keepDims: true } },
  { in: { x: [N, 4] }, attrs: { axes: [0, 1], keepDims: false } },
  { in: { x: [N] }, attrs: { axes: [0], keepDims: false } },
  { in: { x: [N, 3, 1] }, attrs: { axes: [2], keepDims: false } },
  { in: { x: [N, 3] }, attrs: { axes: [], keepDims: false } },
  { in: { x: [N, 3] }, attrs: { axes: [], keepDims: true } },
  { in: { x: [] }, attrs: { axes: [], keepDims: false } },
];

const expand = (x: Shape, like: Shape, axes?: readonly number[]): OpCase => ({
  in: { x, like: { shape: like, fixed: true } },
  attrs: axes === undefined ? {} : { axes },
});

const drawn = (draw: Draw): readonly OpCase[] =>
  reductions.map(({ in: { x }, attrs = {} }) => ({
    in: { x: { shape: x as Shape, draw } },
    attrs,
  }));

/** The rows of reduceMaxGrad: the same reductions, of distinct elements and of ones with many ties. */
const shares: readonly OpCase[] = reductions.flatMap(({ in: { x }, attrs = {} }) => {
  const { axes, keepDims } = attrs as ReduceAttributes;
  const dy = reducedShape(x as Shape, { axes, keepDims });
  return [distinct, integers(3)].map((draw) => ({
    in: { x: { shape: x as Shape, draw }, dy },
    attrs,
  }));
});

export const shapes: readonly OpTable[] = [
  { op: reduceSum, cases: reductions },
  { op: reduceMean, cases: reductions },
  { op: reduceMax, cases: drawn(distinct) },
  {
    op: reduceMaxGrad,
    noGradient: 'it is a gradient itself',
    linearIn: 'dy',
    cases: shares,
  },
  { op: reduceNorm, cases: drawn(awayFrom(0)) },
  {
    op: countOp,
    cases: reductions.map(({ in: { x }, attrs }) => ({
      in: { x: { shape: x as Shape, fixed: true } },
      attrs: { axes: (attrs as { axes: readonly number[] }).axes },
    })),
  },
  {
    op: after,
    noGradient: 'the backward pass itself is where it stands',
    cases: [
      { in: { x: [N, 3, 2, 2], token: [N, 4] } },
      { in: { x: [N, 5], token: [3] } },
      // An image.
      { in: { x: { shape: [N, 5], dtype: 'uint8', draw: integers(256) }, token: [3] } },
    ],
  },
  {
    op: expandLike,
    cases: [
      expand([], [N, 3, 5]),
      expand([], []),
      expand([], [N]),
      expand([N, 3, 1, 1], [N, 3, 5, 7]),
      expand([N, 3], [N, 3, 5, 7], [2, 3]),
      expand([3], [N, 3, 5, 7], [0, 2, 3]),
      expand([N], [N, 3], [1]),
      expand([1, 3], [N, 3]),
      expand([3], [N, 3]),
      expand([3, 1], [N, 2, 3, 4]),
      expand([5], [N, 3, 5, 7], [1]),
      expand([1, 1, 4], [2, 3, 4]),
    ],
  },
  {
    op: argMax,
    noGradient: 'an index has none',
    cases: [[N, 10], [N, 3, 5], [7], [N, 1]].map((shape) => ({
      in: { x: { shape, draw: distinct } },
    })),
  },
  {
    op: sameArgMax,
    noGradient: 'a truth value has none',
    // With rows that agree, and with equal largest elements, of which the first counts.
    cases: [
      [N, 10],
      [N, 3, 2],
      [7, 3],
      [N, 1],
    ].flatMap((shape) =>
      [distinct, integers(3)].map((draw) => ({ in: { a: { shape, draw }, b: { shape, draw } } })),
    ),
  },
  {
    op: reshape,
    cases: [
      { in: { x: [N, 3, 5, 7] }, attrs: { shape: [N, 105] } },
      { in: { x: [N, 3, 5, 7] }, attrs: { shape: [flat(105)] } },
      { in: { x: [flat(6), 4] }, attrs: { shape: [N, 6, 4] } },
      { in: { x: [flat(6), 4] }, attrs: { shape: [flat(12), 2] } },
      { in: { x: [3] }, attrs: { shape: [1, 3, 1, 1] } },
      { in: { x: [1] }, attrs: { shape: [] } },
      { in: { x: [] }, attrs: { shape: [1, 1] } },
      { in: { x: [N] }, attrs: { shape: [N, 1, 1, 1] } },
    ],
  },
  {
    op: transpose,
    cases: [
      { in: { x: [N, 3, 5, 7] }, attrs: { permutation: [0, 2, 3, 1] } },
      { in: { x: [N, 3, 5, 7] }, attrs: { permutation: [3, 1, 0, 2] } },
      { in: { x: [N, 4] }, attrs: { permutation: [1, 0] } },
      { in: { x: [5] }, attrs: { permutation: [0] } },
    ],
  },
  {
    op: slice,
    cases: [
      { in: { x: [N, 6, 5] }, attrs: { axis: 1, start: 2, end: 5 } },
      { in: { x: [N, 6, 5] }, attrs: { axis: 2, start: 0, end: 1 } },
      { in: { x: [N, 6, 5] }, attrs: { axis: 2, start: 0, end: 5 } },
      { in: { x: [7] }, attrs: { axis: 0, start: 6, end: 7 } },
      { in: { x: [N, 7, 5] }, attrs: { axis: 1, start: 1, end: 7, step: 2 } },
      { in: { x: [N, 7, 5] }, attrs: { axis: 1, start: 0, end: 6, step: 4 } },
      { in: { x: [N, 5] }, attrs: { axis: 1, start: 2, end: 5, step: 9 } },
      { in: { x: [7] }, attrs: { axis: 0, start: 0, end: 7, step: 3 } },
    ],
  },
  {
    op: splitOp,
    cases: [
      { in: { x: [N, 6, 5] }, attrs: { axis: 1, sizes: [2, 2, 2] } },
      { in: { x: [N, 3, 6] }, attrs: { axis: 2, sizes: [1, 5] } },
      { in: { x: [4] }, attrs: { axis: 0, sizes: [4] } },
    ],
  },
  {
    op: gather,
    cases: [
      { in: { x: [N, 5, 3] }, attrs: { axis: 1, indices: [4, 0, 3, 1, 2] } },
      { in: { x: [N, 5, 3] }, attrs: { axis: 1, indices: [3, 1] } },
      { in: { x: [N, 3, 4] }, attrs: { axis: 2, indices: [1, 1, 3, 1, 0, 3] } },
      { in: { x: [N, 2] }, attrs: { axis: 1, indices: [1, 0, 0, 1] } },
      { in: { x: [9, 2] }, attrs: { axis: 0, indices: [8, 2, 2, 5] } },
    ],
  },
  {
    op: expandOp,
    cases: [
      { in: { x: [N, 1, 4] }, attrs: { shape: [3, 4] }, result: [N, 3, 4] },
      { in: { x: [N, 3, 1, 1] }, attrs: { shape: [3, 5, 1] }, result: [N, 3, 5, 1] },
      { in: { x: [N, 4] }, attrs: { shape: [4] }, result: [N, 4] },
      {
        in: { x: [1, 1, 4], batch: { shape: [N, 7], fixed: true } },
        attrs: { shape: [1, 4] },
        result: [N, 1, 4],
      },
      {
        in: { x: [1, 1, 4], batch: { shape: [N, 7, 2], fixed: true } },
        attrs: { shape: [3, 4] },
        result: [N, 3, 4],
      },
    ],
  },
  {
    op: padAxis,
    cases: [
      { in: { x: [N, 3, 5] }, attrs: { axis: 1, before: 2, after: 1 } },
      { in: { x: [N, 3, 5] }, attrs: { axis: 2, before: 0, after: 3 } },
      { in: { x: [N, 3, 5] }, attrs: { axis: 2, before: 0, after: 0 } },
      { in: { x: [4] }, attrs: { axis: 0, before: 1, after: 0 } },
    ],
  },
  {
    op: concatOp,
    cases: [
      { in: { 'input 0': [N, 3, 5], 'input 1': [N, 2, 5] }, attrs: { axis: 1 } },
      { in: { 'input 0': [N, 3], 'input 1': [N, 1], 'input 2': [N, 4] }, attrs: { axis: 1 } },
      { in: { 'input 0': [N, 3, 5] }, attrs: { axis: 1 } },
      { in: { 'input 0': [2, 5], 'input 1': [3, 5] }, attrs: { axis: 0 } },
    ],
  },
  {
    op: flattenOp,
    noGradient: 'only the update of parameters joins tensors',
    cases: [
      { in: { 'input 0': [3, 2, 1, 1], 'input 1': [4], 'input 2': [] } },
      { in: { 'input 0': [5] } },
    ],
  },
  {
    op: unflattenOp,
    noGradient: 'only the update of parameters joins tensors',
    cases: [
      { in: { x: [11] }, attrs: { shapes: [[3, 2, 1, 1], [4], []] } },
      { in: { x: [5] }, attrs: { shapes: [[5]] } },
    ],
  },
  {
    op: cast,
    cases: [
      { in: { x: [N, 5] }, attrs: { to: 'float32' } },
      { in: { x: [N, 5] }, attrs: { to: 'float64' } },
      { in: { x: { shape: [N, 5], dtype: 'int64', draw: integers(9) } }, attrs: { to: 'float32' } },
      {
        in: { x: { shape: [N, 5], dtype: 'uint8', draw: integers(256) } },
        attrs: { to: 'float32' },
      },
      { in: { x: { shape: [N, 5], dtype: 'bool', draw: mask(0.5) } }, attrs: { to: 'float32' } },
    ],
  },
  {
    op: equal,
    noGradient: 'a truth value has none',
    cases: [
      {
        in: {
          a: { shape: [N, 20], dtype: 'int64', draw: integers(3) },
          b: { shape: [N, 20], dtype: 'int64', draw: integers(3) },
        },
      },
      { in: { a: { shape: [9], draw: integers(2) }, b: { shape: [9], draw: integers(2) } } },
    ],
  },
  {
    op: isFinite,
    noGradient: 'a truth value has none',
    cases: [
      { in: { x: [N, 3, 5] } },
      { in: { x: [] } },
      { in: { x: { shape: [N, 6], draw: sometimesInfinite } } },
    ],
  },
  {
    op: select,
    noGradient: 'only updates choose',
    cases: [
      { in: { condition: { shape: [], dtype: 'bool', draw: mask(0.5) }, a: [N, 3], b: [N, 3] } },
      { in: { condition: { shape: [], dtype: 'bool', draw: mask(1) }, a: [], b: [] } },
      {
        in: { condition: { shape: [N, 1], dtype: 'bool', draw: mask(0.5) }, a: [N, 9], b: [N, 9] },
      },
    ],
  },
  {
    op: constantOp,
    noGradient: 'it depends on nothing',
    cases: [
      { in: {}, attrs: { tensor: tensorData('float32', [2, 3], [1, -2, 3, 0.5, 0.25, -0.125]) } },
      { in: {}, attrs: { tensor: tensorData('float32', [], [7]) } },
      { in: {}, attrs: { tensor: tensorData('int64', [3], [-1, 0, 2 ** 40]) } },
      { in: {}, attrs: { tensor: tensorData('bool', [2], ndarray([2], [0, 1]).data) } },
    ],
  },
];
