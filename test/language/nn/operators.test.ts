import { describe, expect, it } from 'vitest';
import { grad } from '../../../src/compiler/autodiff/grad.js';
import { compile } from '../../../src/compiler/compile/compile.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { mul } from '../../../src/compiler/ops/elementwise.js';
import { split } from '../../../src/compiler/ops/shape.js';
import { optimizers } from '../../../src/compiler/optim/index.js';
import { cudaTarget } from '../../../src/compiler/targets/cuda/index.js';
import * as nn from '../../../src/language/nn/index.js';
import type { Value } from '../../../src/language/nn/index.js';
import { invariant } from '../../../src/support/errors.js';
import { artifactOf } from '../../compiler/compile/artifacts.js';
import { nodesOutside } from '../../compiler/targets/cuda/kernels.js';
import { errorOf, shown, user } from '../../support/modelErrors.js';

const mistakes: Readonly<Record<string, (x: Value) => Value>> = {
  'a clip without bounds': (x) => nn.clip(x, {}),
  'a clip between bounds that cross': (x) => nn.clip(x, { min: 1, max: -1 }),
  'a slope that is no number': (x) => nn.leakyRelu(x, { slope: NaN }),
  'a hard sigmoid that falls': (x) => nn.hardSigmoid(x, { alpha: -0.2 }),
  'a division by 0': (x) => nn.div(x, 0),
  'a power of 0': (x) => nn.pow(x, 0),
  'a softmax over the batch': (x) => nn.softmax(x, { axis: 0 }),
  'slopes for what has no channels': (x) => nn.prelu(nn.sum(nn.flatten(x), { axes: [1] })),
  'a slice beyond the axis': (x) => nn.slice(x, { start: 4, end: 9 }),
  'a slice that ends where it starts': (x) => nn.slice(x, { axis: 2, start: -3, end: 11 }),
  'a step backwards': (x) => nn.slice(x, { step: -1 }),
  'parts that are less than the whole': (x) => nn.split(x, { sizes: [4, 3] })[0] ?? x,
  'no parts': (x) => nn.split(x, { sizes: [] })[0] ?? x,
  'a place beyond the axis': (x) => nn.gather(x, { indices: [0, 8] }),
  'no places': (x) => nn.gather(x, { indices: [] }),
  'repeated elements of an axis that has several': (x) => nn.expand(x, { shape: [16, 14, 14] }),
  'a batch for what has one': (x) => nn.expand(x, { batchOf: x }),
  'channels that make no pixels': (x) => nn.pixelShuffle(x, { factor: 3 }),
  'pixels that make no channels': (x) => nn.pixelUnshuffle(x, { factor: 4 }),
};

describe('refuses, at the line of the user and with a hint,', () => {
  for (const [what, build] of Object.entries(mistakes))
    it(what, () => {
      const error = errorOf(build);
      expect(error.where).toEqual(user);
      expect(error.hint).toMatch(/\w/);
    });
});

it('says what is wrong, with the shapes, and how to mend it', () => {
  const text = Object.values(mistakes).map((build) => shown(errorOf(build)));
  expect(text.join('\n\n')).toMatchInlineSnapshot(`
    "ModelError option: clip: invalid bounds: min missing, max missing
    hint: give \`min\`, \`max\` or both; they must be finite numbers, \`min\` not above \`max\`

    ModelError option: clip: invalid bounds: min 1, max -1
    hint: give \`min\`, \`max\` or both; they must be finite numbers, \`min\` not above \`max\`

    ModelError option: leakyRelu: invalid slope NaN
    hint: \`slope\` must be a finite number

    ModelError option: hardSigmoid: invalid alpha -0.2
    hint: \`alpha\` must be a number above 0

    ModelError option: div: invalid number 0
    hint: pass a finite number other than 0 or a value of the network

    ModelError option: pow: the exponent is 0
    hint: pass a finite number other than 0

    ModelError axis: softmax: axis 0 is outside [N,8,14,14]
    hint: \`axis\` must be 1 to 3; axis 0 is the batch

    ModelError rank: prelu: [N] has no axis of channels
    hint: the input must be [N,C,...]

    ModelError slice: slice: 4 to 9 along axis 1 of [N,8,14,14]
    hint: \`start\` and \`end\` must be whole numbers up to 8, \`end\` the greater; below 0 they count from the end

    ModelError slice: slice: -3 to 11 along axis 2 of [N,8,14,14]
    hint: \`start\` and \`end\` must be whole numbers up to 14, \`end\` the greater; below 0 they count from the end

    ModelError option: slice: invalid step -1
    hint: \`step\` must be a whole number of at least 1

    ModelError split: split: parts of 4, 3 along axis 1 of [N,8,14,14]
    hint: \`sizes\` must be whole numbers of at least 1 that add up to 8

    ModelError split: split: parts of nothing along axis 1 of [N,8,14,14]
    hint: \`sizes\` must be whole numbers of at least 1 that add up to 8

    ModelError gather: gather: index 8 on axis 1 of [N,8,14,14]
    hint: \`indices\` must be whole numbers from 0 to 7

    ModelError gather: gather: no index on axis 1 of [N,8,14,14]
    hint: \`indices\` must be whole numbers from 0 to 7

    ModelError shape-mismatch: expand: [N,8,14,14] to samples of [16,14,14]
    hint: an axis that changes must have size 1, and with \`batchOf\` the first one, too; \`shape\` leaves out the batch

    ModelError shape-mismatch: expand: [N,8,14,14] to samples of [8,14,14] and another batch
    hint: an axis that changes must have size 1, and with \`batchOf\` the first one, too; \`shape\` leaves out the batch

    ModelError shape-mismatch: pixelShuffle: [N,8,14,14] by 3
    hint: the input must be [N,C,H,W] with a multiple of 9 channels

    ModelError shape-mismatch: pixelUnshuffle: [N,8,14,14] by 4
    hint: the input must be [N,C,H,W] with height and width that 4 divides"
  `);
});

/** The results of a network for the vector 1, 2, 3, 4 as an image of one row. */
function resultsOf(build: (x: Value) => Value): number[] {
  const model = nn.defineModel({
    name: 'net',
    input: nn.image(1, 1, 4),
    classes: 4,
    build: (x) => nn.flatten(build(x)),
  });
  const { graph } = nn.traceModel(model, { mode: 'eval', batch: 1, dtype: 'float64' });
  const [input] = graph.inputs;
  invariant(input, 'an image');
  const feeds = new Map([[input.name, ndarray([1, 1, 1, 4], [1, 2, 3, 4])]]);
  return Array.from(evaluate(graph, feeds).get('logits')?.data ?? []);
}

describe('arithmetic with a number', () => {
  it.each<[string, (x: Value) => Value, number[]]>([
    ['x - 1', (x) => nn.sub(x, 1), [0, 1, 2, 3]],
    ['1 - x', (x) => nn.sub(1, x), [0, -1, -2, -3]],
    ['12 / x', (x) => nn.div(12, x), [12, 6, 4, 3]],
    ['0 / x', (x) => nn.div(0, x), [0, 0, 0, 0]],
    ['x / 2', (x) => nn.div(x, 2), [0.5, 1, 1.5, 2]],
    ['max(2, x)', (x) => nn.maximum(2, x), [2, 2, 3, 4]],
  ])('%s puts it on the side where it stands', (_, build, wanted) => {
    expect(resultsOf(build)).toEqual(wanted);
  });
});

it('gives places in a row as a slice, whose gradient is cheaper, and others as a gather', () => {
  const opsOf = (indices: readonly number[]): string[] => {
    const made: string[] = [];
    resultsOf((x) => {
      const y = nn.gather(x, { axis: 3, indices });
      made.push(y.producer?.op.name ?? '');
      return nn.pad(y, { axis: 3, after: 4 - indices.length });
    });
    return made;
  };
  expect([[1, 3], [2], [0, 1, 2]].flatMap(opsOf)).toEqual(['slice', 'slice', 'slice']);
  expect(
    [
      [3, 1],
      [2, 2],
      [0, 1, 3],
    ].flatMap(opsOf),
  ).toEqual(['gather', 'gather', 'gather']);
});

it('gives a part of a split that nothing depends on a gradient of zeros', () => {
  const graph = new Graph('split');
  const x = graph.input('x', 'float64', [5]);
  const [, middle] = split(x, { axis: 0, sizes: [1, 2, 2] });
  invariant(middle, 'three parts');
  const loss = reduceSum(mul(middle, middle), { axes: [0], keepDims: false });
  const [dx] = grad(graph, loss, [x]);
  invariant(dx, 'a gradient');
  graph.output('dx', dx);
  const feeds = new Map([['x', ndarray([5], [1, 2, 3, 4, 5])]]);
  expect(Array.from(evaluate(graph, feeds).get('dx')?.data ?? [])).toEqual([0, 4, 6, 0, 0]);
});

it('trains in float16 on CUDA without a node that the provider lacks', () => {
  const act = (y: Value, name: string): Value =>
    nn.elu(nn.leakyRelu(nn.prelu(nn.mish(y), { name })));
  const model = nn.defineModel({
    name: 'all',
    input: nn.image(3, 8, 8),
    classes: 10,
    build: (image, { classes }) => {
      const map = nn.convBnAct(image, { out: 16, kernel: 3, stride: 2, act: nn.relu6 });
      const pixels = nn.pixelUnshuffle(nn.pixelShuffle(map, { factor: 2 }), { factor: 2 });
      const patches = nn.permute(nn.reshape(act(pixels, 'act'), [16, -1]), [0, 2, 1]);
      const init = { kind: 'zeros' } as const;
      const token = nn.parameter(image, { name: 'cls_token', shape: [1, 1, 16], init });
      const tokens = nn.concat([nn.expand(token, { batchOf: patches }), patches]);
      const wide = nn.linear(tokens, { name: 'qkv', out: 24 });
      const [query, key, value] = nn.split(wide, { axis: 2, sizes: [8, 8, 8] });
      invariant(query && key && value, 'three parts');
      const scores = nn.div(nn.matmul(query, key, { transB: true }), Math.sqrt(8));
      const mixed = nn.matmul(nn.softmax(scores, { axis: 1 }), value);
      const chosen = nn.gather(nn.gelu(mixed, { approximate: 'tanh' }), { indices: [0, 3, 3, 1] });
      const kept = nn.maximum(nn.clip(chosen, { max: 2 }), nn.neg(nn.abs(chosen)));
      return nn.linear(nn.flatten(nn.slice(kept, { step: 2 })), { name: 'fc', out: classes });
    },
  });
  const compiled = compile(model, {
    ...{ artifacts: ['train'], imageFormat: 'uint8-nhwc', target: cudaTarget, batch: 4 },
    ...{ precision: 'float16', optimizer: optimizers.sgd() },
  });
  expect(nodesOutside(artifactOf(compiled, 'train'))).toEqual([]);
});
