import {
  logSoftmax,
  softmax,
  softmaxCrossEntropy,
  softmaxCrossEntropyGrad,
} from '../../../src/compiler/ops/loss.js';
import { dropout, stochasticDepth } from '../../../src/compiler/ops/noise.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';
import { awayFrom, between, mask } from '../../support/draw.js';
import type { OpCase, OpTable } from '../../support/opCase.js';

const logits: readonly Shape[] = [
  [N, 10],
  [N, 2],
  [5, 1000],
  [1, 3],
];

/** Not normalised: weights of samples and label smoothing may be multiplied in. */
const soft = between(0, 1);

const rows: readonly OpCase[] = [
  ...logits.map((shape) => ({ in: { x: shape } })),
  { in: { x: [N, 3, 5] } },
  { in: { x: [N, 3, 5, 2] }, attrs: { axis: 1 } },
  { in: { x: [N, 3, 5] }, attrs: { axis: 2 } },
  // e^100 is no float32.
  { in: { x: { shape: [N, 10], draw: between(98, 102) } } },
];

export const losses: readonly OpTable[] = [
  { op: softmax, cases: rows },
  { op: logSoftmax, cases: rows },
  {
    op: softmaxCrossEntropy,
    cases: [
      ...logits.map((shape) => ({
        in: { logits: shape, target: { shape, draw: soft, fixed: true } },
      })),
      {
        in: {
          logits: { shape: [N, 10], draw: between(-80, 80) },
          target: { shape: [N, 10], draw: soft, fixed: true },
        },
      },
    ],
  },
  {
    op: softmaxCrossEntropyGrad,
    noGradient: 'it is a gradient itself',
    linearIn: 'dy',
    cases: logits.map((shape) => ({
      in: { logits: shape, target: { shape, draw: soft }, dy: shape.slice(0, 1) },
    })),
  },
];

const masked = (shape: Shape, per: Shape, keep: number) => ({
  x: { shape, draw: awayFrom(0) },
  mask: { shape: per, draw: mask(keep), fixed: true },
});

export const noise: readonly OpTable[] = [
  {
    op: dropout,
    cases: [
      { in: masked([N, 31], [N, 31], 0.8), attrs: { keep: 0.8, site: 'classifier' } },
      { in: masked([N, 3, 5, 7], [N, 3, 5, 7], 0.5), attrs: { keep: 0.5, site: 'a.b' } },
      { in: masked([N, 4], [N, 4], 1), attrs: { keep: 1, site: 'whole' } },
    ],
  },
  {
    op: stochasticDepth,
    cases: [
      { in: masked([N, 3, 5, 7], [N, 1, 1, 1], 0.6), attrs: { survival: 0.6, site: 'blocks.0' } },
      { in: masked([16, 4], [16, 1], 0.7), attrs: { survival: 0.7, site: 'blocks.1' } },
      { in: masked([N, 4], [N, 1], 1), attrs: { survival: 1, site: 'blocks.2' } },
    ],
  },
];
