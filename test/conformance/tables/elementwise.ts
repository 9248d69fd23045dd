import * as ops from '../../../src/compiler/ops/elementwise.js';
import type { Op } from '../../../src/compiler/ir/graph.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';
import { awayFrom, between, gaussian, type Draw } from '../../support/draw.js';
import type { OpCase, OpTable } from '../../support/opCase.js';

const shapes: readonly Shape[] = [[N, 3, 5, 7], [1, 1, 1, 1], [N, 13], [], [4]];

const unary = (op: Op, draw: Draw = gaussian): OpTable => ({
  op,
  cases: shapes.map((shape) => ({ in: { x: { shape, draw } } })),
});

const gradientOf = (op: Op, draw: Draw = gaussian): OpTable => ({
  op,
  cases: shapes.map((shape) => ({ in: { x: { shape, draw }, dy: shape } })),
  noGradient: 'it is a gradient itself',
  linearIn: 'dy',
});

/** Pairs of shapes: equal, per channel, per sample, scalars, leading axes, both sides repeated. */
const pairs: readonly (readonly [Shape, Shape])[] = [
  [
    [N, 3, 5, 7],
    [N, 3, 5, 7],
  ],
  [
    [N, 3, 5, 7],
    [1, 3, 1, 1],
  ],
  [
    [N, 3, 1, 1],
    [N, 3, 5, 7],
  ],
  [
    [N, 1, 5, 1],
    [1, 3, 1, 7],
  ],
  [[N, 3, 2, 2], []],
  [[], [N, 3]],
  [[7], [N, 3, 5, 7]],
  [
    [N, 3, 5],
    [3, 1],
  ],
  [[], []],
  [
    [N, 4],
    [1, 4],
  ],
  [
    [1, 1],
    [N, 1],
  ],
];

const binary = (op: Op, second: Draw = gaussian): OpTable => ({
  op,
  cases: pairs.map(([a, b]): OpCase => ({ in: { a, b: { shape: b, draw: second } } })),
});

const positive = between(0.5, 3);

export const elementwise: readonly OpTable[] = [
  binary(ops.add),
  binary(ops.sub),
  binary(ops.mul),
  binary(ops.div, positive),
  {
    ...binary(ops.minimum),
    noGradient: 'clipping by a norm applies it to scalars outside the loss',
  },
  unary(ops.neg),
  unary(ops.sqrt, positive),
  unary(ops.exp),
  unary(ops.log, positive),
  unary(ops.tanh),
  unary(ops.sigmoid, between(-9, 9)),
  unary(ops.relu, awayFrom(0)),
  gradientOf(ops.reluGrad, awayFrom(0)),
  unary(ops.silu, between(-9, 9)),
  gradientOf(ops.siluGrad, between(-9, 9)),
  unary(ops.hardSigmoid, awayFrom(-3, 3)),
  gradientOf(ops.hardSigmoidGrad, awayFrom(-3, 3)),
  unary(ops.hardSwish, awayFrom(-3, 3)),
  gradientOf(ops.hardSwishGrad, awayFrom(-3, 3)),
  unary(ops.erf, between(-3, 3)),
  unary(ops.gelu, between(-6, 6)),
  gradientOf(ops.geluGrad, between(-6, 6)),
];
