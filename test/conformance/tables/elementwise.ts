import * as activations from '../../../src/compiler/ops/activations.js';
import * as ops from '../../../src/compiler/ops/elementwise.js';
import type { Op } from '../../../src/compiler/ir/graph.js';
import { batchDim as N, type Shape } from '../../../src/support/shape.js';
import { awayFrom, between, gaussian, integers, type Draw } from '../../support/draw.js';
import type { OpCase, OpTable } from '../../support/opCase.js';

const shapes: readonly Shape[] = [[N, 3, 5, 7], [1, 1, 1, 1], [N, 13], [], [4]];

const unary = (op: Op, draw: Draw = gaussian, ...attrs: readonly object[]): OpTable => ({
  op,
  cases: eachOf(attrs).flatMap((given) =>
    shapes.map((shape) => ({ in: { x: { shape, draw } }, ...given })),
  ),
});

const gradientOf = (op: Op, draw: Draw = gaussian, ...attrs: readonly object[]): OpTable => ({
  op,
  cases: eachOf(attrs).flatMap((given) =>
    shapes.map((shape) => ({ in: { x: { shape, draw }, dy: shape }, ...given })),
  ),
  noGradient: 'it is a gradient itself',
  linearIn: 'dy',
});

/** Attributes of cases; one case without where there are none. */
const eachOf = (attrs: readonly object[]): readonly Pick<OpCase, 'attrs'>[] =>
  attrs.length === 0 ? [{}] : attrs.map((given) => ({ attrs: given }));

/** Numbers and quarters in turn: the bounds of a clip among them. */
const quarters: Draw = (count, stream) => integers(9)(count, stream).map((i) => (i - 4) / 4);

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
const ofEitherSign: Draw = (count, stream) =>
  positive(count, stream).map((v, i) => (i % 2 === 0 ? -v : v));

/** Operands that differ wherever they meet, however they are broadcast. */
const choice = (op: Op): OpTable => ({
  op,
  cases: pairs.map(([a, b]): OpCase => ({
    in: { a: { shape: a, draw: quarters }, b: { shape: b, draw: between(0.05, 0.2) } },
  })),
});

const bounds = [{ min: -0.5, max: 1 }, { max: 1 }, { min: -0.5 }].flatMap((given) => [
  given,
  { ...given, open: true },
]);

/** Keras's form, whose middle is not at 0. */
const keras = { alpha: 0.2, beta: 0.4 };

/** One slope for each channel, for all, and for each element. */
const slopes: readonly (readonly [Shape, Shape])[] = [
  [
    [N, 3, 5, 7],
    [1, 3, 1, 1],
  ],
  [[N, 3, 5, 7], [1]],
  [[N, 13], []],
  [[N, 4], [4]],
  [
    [2, 5],
    [2, 5],
  ],
];

export const elementwise: readonly OpTable[] = [
  binary(ops.add),
  binary(ops.sub),
  binary(ops.mul),
  binary(ops.div, positive),
  choice(ops.minimum),
  choice(ops.maximum),
  unary(ops.neg),
  unary(ops.abs, awayFrom(0)),
  {
    op: ops.pow,
    cases: [
      ...unary(ops.pow, positive, { exponent: 1.5 }, { exponent: -2 }).cases,
      ...unary(ops.pow, ofEitherSign, { exponent: -3 }).cases,
    ],
  },
  unary(ops.sqrt, positive),
  unary(ops.exp),
  unary(ops.log, positive),
  unary(ops.tanh),
  unary(ops.sigmoid, between(-9, 9)),
  unary(ops.relu, awayFrom(0)),
  gradientOf(ops.reluGrad, awayFrom(0)),
  unary(ops.silu, between(-9, 9)),
  gradientOf(ops.siluGrad, between(-9, 9)),
  unary(ops.hardSigmoid, awayFrom(-3, 3, 2.5, -2.5), {}, keras, { alpha: 0.25 }),
  gradientOf(ops.hardSigmoidGrad, awayFrom(-3, 3, 2.5, -2.5), {}, keras, { alpha: 0.25 }),
  unary(ops.hardSwish, awayFrom(-3, 3)),
  gradientOf(ops.hardSwishGrad, awayFrom(-3, 3)),
  unary(ops.erf, between(-3, 3)),
  unary(ops.gelu, between(-6, 6)),
  gradientOf(ops.geluGrad, between(-6, 6)),
  // Below -4 it is a small difference of large numbers in float32, PyTorch's too.
  unary(activations.geluTanh, between(-3, 6)),
  gradientOf(activations.geluTanhGrad, between(-6, 6)),
  unary(activations.clip, awayFrom(-0.5, 1), ...bounds),
  // On the bounds, too: there the two kinds differ.
  gradientOf(activations.clipGrad, quarters, ...bounds),
  unary(activations.leakyRelu, awayFrom(0), { slope: 0.01 }, { slope: 1.5 }),
  {
    op: activations.prelu,
    cases: slopes.map(([x, slope]) => ({ in: { x: { shape: x, draw: awayFrom(0) }, slope } })),
  },
  unary(activations.elu, awayFrom(0), { alpha: 1 }, { alpha: 0.5 }),
  unary(activations.softplus, between(-5, 9)),
];
