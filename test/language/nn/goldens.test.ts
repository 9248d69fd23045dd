import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import * as nn from '../../../src/language/nn/index.js';
import type { Value } from '../../../src/language/nn/index.js';
import { invariant } from '../../../src/support/errors.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { uniform } from '../../../src/support/random.js';
import { staticSize } from '../../../src/support/shape.js';
import { repositoryRoot } from '../../support/paths.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

interface Summary {
  readonly norm: number;
  readonly samples: readonly number[];
}

interface Golden {
  /** Names and shapes of PyTorch's state_dict. */
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly shape: readonly number[];
  readonly y: Summary;
  readonly buffers: Readonly<Record<string, Summary>>;
}

const file = join(repositoryRoot, 'test/goldens/layers/goldens.json');
const goldens = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly seed: number;
  readonly cases: Readonly<Record<string, { readonly train: Golden; readonly eval?: Golden }>>;
};

/** A layer at the top of the network, where PyTorch's module has no name either. */
const unnamed = 'layer';

const ceilAverage = { kernel: [4, 3], stride: [3, 2], padding: 1, ceilMode: true } as const;

const cases: Readonly<Record<string, (x: Value) => Value>> = {
  conv2d: (x) =>
    nn.conv2d(x, {
      name: unnamed,
      out: 4,
      kernel: 3,
      stride: 2,
      padding: [1, 0],
      dilation: [1, 2],
      groups: 2,
    }),
  'conv2d same': (x) =>
    nn.conv2d(x, { name: unnamed, out: 4, kernel: 3, stride: 2, padding: 'same' }),
  'conv2d symmetric': (x) =>
    nn.conv2d(x, {
      name: unnamed,
      out: 4,
      kernel: 5,
      stride: 2,
      dilation: 2,
      padding: 'symmetric',
      bias: false,
    }),
  depthwise: (x) => nn.depthwise(x, { name: unnamed, kernel: 3, padding: [1, 1, 1, 1] }),
  batchNorm: (x) => nn.batchNorm(x, { name: unnamed, epsilon: 1e-3, momentum: 0.03 }),
  maxPool: (x) => nn.maxPool(x, { kernel: 3, stride: 2, padding: 1 }),
  avgPool: (x) => nn.avgPool(x, { kernel: 3, stride: 2, padding: 1 }),
  'avgPool same': (x) => nn.avgPool(x, { kernel: 2, padding: 'same' }),
  'maxPool ceil': (x) => nn.maxPool(x, { kernel: 3, stride: 2, padding: 1, ceilMode: true }),
  'maxPool ceil wide': (x) => nn.maxPool(x, { kernel: [2, 3], stride: [3, 4], ceilMode: true }),
  'maxPool ceil small': (x) => nn.maxPool(x, { kernel: [11, 10], stride: [4, 3], ceilMode: true }),
  'avgPool ceil': (x) => nn.avgPool(x, ceilAverage),
  'avgPool ceil exclude': (x) => nn.avgPool(x, { ...ceilAverage, countIncludePad: false }),
  'avgPool ceil wide': (x) => nn.avgPool(x, { kernel: [2, 3], stride: [3, 4], ceilMode: true }),
  mean: (x) => nn.mean(x, { axes: [1, 3] }),
  sum: (x) => nn.sum(x, { axes: [2], keepDims: true }),
  amax: (x) => nn.amax(x),
  norm: (x) => nn.norm(x, { axes: [1, 2], keepDims: true }),
  matmul: (x) => nn.matmul(nn.amax(x, { axes: [1], keepDims: true }), x, { transB: true }),
  interpolate: (x) => nn.interpolate(x, { scale: 2 }),
  'interpolate nearest': (x) => nn.interpolate(x, { size: [5, 19] }),
  'interpolate nearest-exact': (x) => nn.interpolate(x, { size: [4, 13], mode: 'nearest-exact' }),
  'interpolate bilinear': (x) => nn.interpolate(x, { scale: [2, 3], mode: 'bilinear' }),
  'interpolate bilinear scale': (x) => nn.interpolate(x, { scale: [1.7, 0.6], mode: 'bilinear' }),
  'interpolate bilinear corners': (x) =>
    nn.interpolate(x, { size: [13, 5], mode: 'bilinear', alignCorners: true }),
  'interpolate bilinear one': (x) =>
    nn.interpolate(x, { size: 1, mode: 'bilinear', alignCorners: true }),
  'interpolate bicubic': (x) => nn.interpolate(x, { size: [14, 5], mode: 'bicubic' }),
  'interpolate bicubic corners': (x) =>
    nn.interpolate(x, { size: [1, 17], mode: 'bicubic', alignCorners: true }),
  convTranspose2d: (x) =>
    nn.convTranspose2d(x, {
      name: unnamed,
      out: 4,
      kernel: [3, 2],
      stride: [2, 3],
      padding: [1, 0],
      outputPadding: [1, 2],
      groups: 2,
      dilation: [1, 2],
    }),
  'convTranspose2d plain': (x) =>
    nn.convTranspose2d(x, { name: unnamed, out: 5, kernel: 4, padding: 1, bias: false }),
  instanceNorm: (x) => nn.instanceNorm(x, { name: unnamed }),
  'instanceNorm affine': (x) => nn.instanceNorm(x, { name: unnamed, epsilon: 1e-3, affine: true }),
  layerNorm2d: (x) => nn.layerNorm2d(x, { name: unnamed }),
  localResponseNorm: (x) => nn.localResponseNorm(x, { size: 3, alpha: 0.5, beta: 0.6, k: 2 }),
  'localResponseNorm even': (x) => nn.localResponseNorm(x, { size: 4, alpha: 0.5 }),
  pad2d: (x) => nn.pad2d(x, { padding: [3, 1, 0, 2], value: -0.5 }),
  'pad2d reflect': (x) => nn.pad2d(x, { padding: [3, 7, 8, 2], mode: 'reflect' }),
  'pad2d replicate': (x) => nn.pad2d(x, { padding: [0, 9, 10, 2], mode: 'replicate' }),
  'pad2d circular': (x) => nn.pad2d(x, { padding: [1, 8, 9, 2], mode: 'circular' }),
  groupNorm: (x) => nn.groupNorm(x, { name: unnamed, groups: 3, epsilon: 1e-4 }),
  tokens: (x) => {
    const tokens = nn.transpose(nn.reshape(x, [6, -1]), [0, 2, 1]);
    return nn.gelu(nn.linear(nn.layerNorm(tokens, { name: 'norm' }), { name: 'fc', out: 4 }));
  },
  prelu: (x) => nn.prelu(x, { name: unnamed }),
  'prelu shared': (x) => nn.prelu(x, { name: unnamed, shared: true }),
  pixelShuffle: (x) => {
    const channels = nn.pixelUnshuffle(nn.pad(x, { axis: 2, after: 1 }), { factor: 2 });
    return nn.pixelShuffle(nn.slice(channels, { end: 12 }), { factor: 2 });
  },
  classToken: (x) => {
    const init = { kind: 'zeros' } as const;
    const token = nn.parameter(x, { name: 'cls_token', shape: [1, 1, 6], init });
    const pixels = nn.permute(nn.reshape(x, [6, -1]), [0, 2, 1]);
    const tokens = nn.concat([nn.expand(token, { batchOf: x }), pixels]);
    const turned = nn.gather(nn.slice(tokens, { step: 2 }), {
      axis: 2,
      indices: [5, 4, 3, 2, 1, 0],
    });
    const [first, rest] = nn.split(turned, { sizes: [1, 36] });
    invariant(first && rest, 'two parts');
    return nn.mul(first, rest);
  },
  squeezeExcite: (x) => nn.squeezeExcite(x, { name: unnamed, reduced: 2 }),
  mbConv: (x) =>
    nn.mbConv(x, {
      name: unnamed,
      out: 6,
      expand: 4,
      kernel: 5,
      survival: 0.8,
      norm: { epsilon: 1e-3 },
    }),
  classifier: (x) => nn.classifier(x, { classes: 10, dropout: 0.25 }),
};

const plain = (name: string): string => name.replace(`${unnamed}.`, '');

function draw(id: string, shape: readonly number[], keep?: number): NdArray {
  const u = uniform(staticSize(shape), goldens.seed, { site: fnv1a32(id), step: 0, sample: 0 });
  if (keep !== undefined)
    return ndarray(
      shape,
      u.map((v) => (v < keep ? 1 : 0)),
    );
  return ndarray(
    shape,
    u.map((v) => (id.endsWith('running_var') ? v + 0.5 : 2 * v - 1)),
  );
}

function summarise(x: NdArray | undefined): Summary {
  invariant(x, 'no such output');
  const norm = Math.sqrt(x.data.reduce((sum, v) => sum + v * v, 0));
  return {
    norm,
    samples: Array.from({ length: 8 }, (_, i) => x.data[(i * 7919) % x.data.length] ?? NaN),
  };
}

function expectClose(actual: Summary, golden: Summary): void {
  expect(relativeError(actual.samples, golden.samples)).toBeLessThan(tolerances.float64);
  expect(relativeError([actual.norm], [golden.norm])).toBeLessThan(tolerances.float64);
}

function compare(name: string, build: (x: Value) => Value, mode: 'train' | 'eval'): void {
  const golden = goldens.cases[name]?.[mode];
  invariant(golden, `no golden ${name}`);
  let made: Value | undefined;
  const model = nn.defineModel({
    name: 'golden',
    input: nn.image(6, 9, 8),
    classes: staticSize(golden.shape.slice(1)),
    build: (x) => {
      made = build(x);
      return nn.flatten(made);
    },
  });
  const traced = nn.traceModel(model, { mode, batch: 'dynamic', dtype: 'float64' });
  const { graph, params, buffers, noise } = traced;
  expect(made?.shape.slice(1)).toEqual(golden.shape.slice(1));
  const state = [...params, ...buffers].map(({ name: dotted, shape }) => [plain(dotted), shape]);
  expect(Object.fromEntries(state)).toEqual(golden.state);

  const masks = new Map(noise.map(({ name: input, keep }) => [input, keep]));
  const inputs = graph.inputs.map(({ name: input, value }): [string, NdArray] => {
    const shape = value.shape.map((dim) => (typeof dim === 'number' ? dim : 2 * dim.factor));
    return [input, draw(`${name}.${plain(input)}`, shape, masks.get(input))];
  });
  const feeds = new Map(inputs);
  const results = evaluate(graph, feeds);
  expectClose(summarise(results.get('logits')), golden.y);
  for (const { name: buffer } of buffers) {
    const after = golden.buffers[plain(buffer)];
    invariant(after, `PyTorch has no ${buffer}`);
    expectClose(summarise(results.get(`new.${buffer}`) ?? feeds.get(buffer)), after);
  }
}

describe('a layer agrees with PyTorch in names, shapes and values', () => {
  for (const [name, build] of Object.entries(cases)) {
    it(name, () => compare(name, build, 'train'));
    const evaluated = goldens.cases[name]?.eval;
    if (evaluated) it(`${name} in evaluation mode`, () => compare(name, build, 'eval'));
  }

  it('in every case of the script', () => {
    expect(Object.keys(cases)).toEqual(Object.keys(goldens.cases));
  });
});
