import { channelAffine, channelDot } from '../../../src/compiler/ops/channels.js';
import { channelMoments } from '../../../src/compiler/ops/moments.js';
import {
  batchNormGrad,
  batchNormInference,
  batchNormTrain,
} from '../../../src/compiler/ops/norm.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';
import { between } from '../../support/draw.js';
import type { OpTable } from '../../support/opCase.js';

/** With one channel, odd maps, and features alone; a batch of one needs more than one pixel. */
const maps: readonly Shape[] = [
  [N, 3, 5, 7],
  [N, 1, 4, 4],
  [N, 4, 3, 1],
  [N, 2, 9],
  [6, 5],
];

const perChannel = (x: Shape, low = 0.5, high = 2) => ({
  shape: x.slice(1, 2),
  draw: between(low, high),
});

const attrs = { epsilon: 1e-3 };

export const norms: readonly OpTable[] = [
  {
    op: batchNormTrain,
    // The statistics feed only the running averages.
    differentiable: ['y'],
    cases: maps.map((x) => ({
      in: { x, scale: perChannel(x), bias: perChannel(x, -1, 1) },
      attrs,
    })),
  },
  {
    op: batchNormGrad,
    noGradient: 'it is a gradient itself',
    linearIn: 'dy',
    cases: maps.map((x) => ({
      in: {
        x,
        scale: perChannel(x),
        mean: perChannel(x, -1, 1),
        variance: perChannel(x),
        dy: x,
      },
      attrs,
    })),
  },
  {
    op: batchNormInference,
    cases: [...maps, [N, 5]].map((x) => ({
      in: {
        x,
        scale: perChannel(x),
        bias: perChannel(x, -1, 1),
        mean: { ...perChannel(x, -1, 1), fixed: true },
        variance: { ...perChannel(x), fixed: true },
      },
      attrs,
    })),
  },
  {
    op: channelMoments,
    cases: maps.filter(({ length }) => length === 4).map((x) => ({ in: { x } })),
  },
  {
    op: channelDot,
    noGradient: 'only a pass over the differentiated graph makes it',
    cases: maps.filter(({ length }) => length === 4).map((a) => ({ in: { a, b: a } })),
  },
  {
    op: channelAffine,
    noGradient: 'only a pass over the differentiated graph makes it',
    cases: maps
      .filter(({ length }) => length === 4)
      .map((x) => {
        const rows = [...x.slice(0, 2), 1, 1];
        return { in: { x, scale: rows, shift: rows } };
      }),
  },
];
