import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { grad } from '../../../src/compiler/autodiff/grad.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph, type Value } from '../../../src/compiler/ir/graph.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import * as activations from '../../../src/compiler/ops/activations.js';
import { expand, reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { scalarLike } from '../../../src/compiler/ops/constant.js';
import { conv, type ConvAttributes } from '../../../src/compiler/ops/conv.js';
import * as elementwise from '../../../src/compiler/ops/elementwise.js';
import { gather } from '../../../src/compiler/ops/gather.js';
import { logSoftmax, softmax, softmaxCrossEntropy } from '../../../src/compiler/ops/loss.js';
import { batchNormTrain } from '../../../src/compiler/ops/norm.js';
import { avgPool, maxPool } from '../../../src/compiler/ops/pool.js';
import { reshape, slice, split } from '../../../src/compiler/ops/shape.js';
import { invariant } from '../../../src/support/errors.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { uniform } from '../../../src/support/random.js';
import { repositoryRoot } from '../../support/paths.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

interface Summary {
  readonly shape: readonly number[];
  readonly norm: number;
  readonly samples: readonly number[];
}

interface Goldens {
  readonly seed: number;
  readonly cases: Readonly<
    Record<string, { readonly y: Summary; readonly grads: Readonly<Record<string, Summary>> }>
  >;
}

const file = join(repositoryRoot, 'test/goldens/ops/goldens.json');
const goldens = JSON.parse(readFileSync(file, 'utf8')) as Goldens;

type Operands = Readonly<Record<string, Value | undefined>>;

interface Case {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly build: (operands: Operands) => Value;
}

const map = [2, 4, 9, 8];

const of = (operands: Operands, name: string): Value => {
  const value = operands[name];
  invariant(value, `the case has no ${name}`);
  return value;
};

const convolution = (
  w: readonly number[],
  attrs: Partial<ConvAttributes>,
  bias: { readonly b?: readonly number[] } = {},
): Case => ({
  shapes: { x: map, w, ...bias },
  build: (operands) =>
    conv(of(operands, 'x'), of(operands, 'w'), operands['b'], {
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      groups: 1,
      ...attrs,
    }),
});

const unary = (op: (x: Value) => Value, shape: readonly number[] = map): Case => ({
  shapes: { x: shape },
  build: (operands) => op(of(operands, 'x')),
});

const choice = (op: (a: Value, b: Value) => Value, b: readonly number[]): Case => ({
  shapes: { a: map, b },
  build: (operands) => op(of(operands, 'a'), of(operands, 'b')),
});

const normalisation = (x: readonly number[]): Case => ({
  shapes: { x, scale: [4], bias: [4] },
  build: (operands) => {
    const [scale, bias] = [of(operands, 'scale'), of(operands, 'bias')];
    return batchNormTrain(of(operands, 'x'), scale, bias, { epsilon: 1e-3 }).y;
  },
});

const window = { strides: [2, 2], dilations: [1, 1] } as const;
const padded = { ...window, kernel: [3, 3], pads: [1, 1, 1, 1] } as const;

/** The same calls as in make.py. */
const cases: Readonly<Record<string, Case>> = {
  'conv same': convolution([6, 4, 3, 3], { pads: [1, 1, 1, 1] }, { b: [6] }),
  'conv stride': convolution([6, 4, 3, 3], { strides: [2, 2], pads: [0, 0, 1, 1] }),
  'conv remainder': convolution([6, 4, 3, 3], { strides: [2, 2] }),
  'conv depthwise': convolution([4, 1, 5, 5], { strides: [2, 2], pads: [1, 2, 2, 2], groups: 4 }),
  'conv groups': convolution([6, 2, 3, 3], { pads: [1, 1, 1, 1], groups: 2 }),
  'conv dilation': convolution([3, 4, 3, 3], {
    strides: [2, 2],
    pads: [2, 2, 2, 2],
    dilations: [2, 2],
  }),
  'conv pointwise': convolution([5, 4, 1, 1], {}),
  'conv wide': convolution([5, 4, 2, 3], { pads: [3, 3, 3, 3] }),
  batchNorm: normalisation(map),
  'batchNorm features': normalisation([7, 4]),
  maxPool: unary((x) => maxPool(x, padded)),
  'maxPool even': unary((x) => maxPool(x, { ...window, kernel: [2, 2], pads: [0, 0, 0, 0] })),
  avgPool: unary((x) => avgPool(x, { ...padded, countIncludePad: true })),
  'avgPool exclude': unary((x) => avgPool(x, { ...padded, countIncludePad: false })),
  gelu: unary((x) => elementwise.gelu(x)),
  silu: unary((x) => elementwise.silu(x)),
  hardSwish: unary((x) => elementwise.hardSwish(x)),
  hardSigmoid: unary((x) => elementwise.hardSigmoid(x)),
  'hardSigmoid Keras': unary((x) => elementwise.hardSigmoid(x, { alpha: 0.2, beta: 0.4 })),
  geluTanh: unary((x) => activations.geluTanh(x)),
  softplus: unary((x) => activations.softplus(x)),
  elu: unary((x) => activations.elu(x, { alpha: 0.5 })),
  mish: unary((x) => elementwise.mul(x, elementwise.tanh(activations.softplus(x)))),
  pow: unary((x) => elementwise.power(x, 3)),
  clip: unary((x) => activations.clip(x, { min: -0.5, max: 1 })),
  'ties clip': unary((x) => activations.clip(x, { min: -1, max: 0 })),
  'ties clip above': unary((x) => activations.clip(x, { max: 0 })),
  'ties hardtanh': unary((x) => activations.clip(x, { min: -1, max: 0, open: true })),
  'ties relu6': unary((x) => {
    const scaled = elementwise.mul(x, scalarLike(x, 6));
    return activations.clip(scaled, { min: 0, max: 6, open: true });
  }),
  'ties abs': unary((x) => elementwise.abs(x)),
  'ties leakyRelu': unary((x) => activations.leakyRelu(x, { slope: 0.2 })),
  'ties prelu': {
    shapes: { x: map, w: [4] },
    build: (operands) =>
      activations.prelu(of(operands, 'x'), reshape(of(operands, 'w'), { shape: [1, 4, 1, 1] })),
  },
  'ties elu': unary((x) => activations.elu(x, { alpha: 0.5 })),
  'ties maximum': choice(elementwise.maximum, [4, 1, 8]),
  'ties minimum': choice(elementwise.minimum, [1, 8]),
  slice: unary((x) => slice(x, { axis: 2, start: 1, end: 9, step: 3 })),
  split: unary((x) => split(x, { axis: 1, sizes: [1, 3] })[1] ?? x),
  gather: unary((x) => gather(x, { axis: 2, indices: [3, 3, 0, 8, 3, 0] })),
  expand: unary((x) => expand(x, undefined, { shape: [4, 3, 8] }), [2, 4, 1, 8]),
  'softmax axis': unary((x) => softmax(x, { axis: 1 })),
  logSoftmax: unary((x) => logSoftmax(x, { axis: 1 })),
  softmax: unary((x) => softmax(x), [5, 10]),
  softmaxCrossEntropy: {
    shapes: { logits: [5, 10], target: [5, 10] },
    build: (operands) =>
      softmaxCrossEntropy(of(operands, 'logits'), softmax(of(operands, 'target'))),
  },
};

/** As make.py draws them: whole numbers for cases of ties. */
function draw(stream: string, shape: readonly number[]): NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  const id = { site: fnv1a32(stream), step: 0, sample: 0 };
  const whole = stream.startsWith('ties') && !stream.endsWith('.dy');
  return ndarray(
    shape,
    uniform(size, goldens.seed, id).map((u) => (whole ? Math.floor(u * 4 - 2) : u * 4 - 2)),
  );
}

/** Norm and samples together; a sample's error counts relative to the root mean square. */
function expectSummary(actual: NdArray | undefined, wanted: Summary, what: string): void {
  expect(actual?.shape, what).toEqual(wanted.shape);
  const data = actual?.data ?? new Float64Array();
  const norm = Math.hypot(...data);
  const samples = wanted.samples.map((_, i) => data[(i * 7919) % data.length] ?? NaN);
  expect(relativeError([norm], [wanted.norm]), what).toBeLessThan(tolerances.float64);
  const typical = wanted.norm / Math.sqrt(data.length);
  const error = relativeError([...samples, typical], [...wanted.samples, typical]);
  expect(error, what).toBeLessThan(tolerances.float64);
}

it('has a call for every golden value', () => {
  expect(Object.keys(cases)).toEqual(Object.keys(goldens.cases));
});

it.each(Object.entries(cases))("%s is PyTorch's, and so are its gradients", (name, entry) => {
  const graph = new Graph(name);
  const feeds = new Map<string, NdArray>();
  const declare = (key: string, shape: readonly number[]): Value => {
    feeds.set(key, draw(`${name}.${key}`, shape));
    return graph.input(key, 'float64', shape);
  };
  const shapes = Object.entries(entry.shapes);
  const operands = shapes.map(([key, shape]) => [key, declare(key, shape)] as const);
  const y = entry.build(Object.fromEntries(operands));
  const product = elementwise.mul(y, declare('dy', y.shape as readonly number[]));
  const axes = y.shape.map((_, axis) => axis);
  const loss = reduceSum(product, { axes, keepDims: false });
  const golden = goldens.cases[name];
  invariant(golden, `goldens.json has no ${name}`);
  const wrt = Object.keys(golden.grads);
  const declared = Object.fromEntries(operands);
  const grads = grad(
    graph,
    loss,
    wrt.map((key) => of(declared, key)),
  );
  graph.output('y', y);
  wrt.forEach((key, i) => {
    graph.output(`grad ${key}`, of({ [key]: grads[i] }, key));
  });
  const results = evaluate(graph, feeds);
  expectSummary(results.get('y'), golden.y, `${name}: y`);
  for (const [key, wanted] of Object.entries(golden.grads))
    expectSummary(results.get(`grad ${key}`), wanted, `${name}: gradient of ${key}`);
});
