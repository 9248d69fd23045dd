import { describe, expect, it } from 'vitest';
import { tensorData } from '../../../src/support/tensor.js';
import { noise, type GraphSpec, type NodeSpec } from './graphs.js';
import { suiteFolder } from '../../support/folder.js';
import { invariant } from '../../../src/support/errors.js';
import { classifierOf, differenceOf, importedTogether } from './imported.js';

const number = (value: number) => tensorData('float32', [], [value]);
const whole = 3 * 6 * 5;

/** Nodes from `x` to `v`, the constants, and the call that is written for them. */
type Case = readonly [
  name: string,
  nodes: readonly NodeSpec[],
  constants: GraphSpec['constants'],
  written: string,
];

const known: readonly Case[] = [
  [
    'a layer normalisation of channels between transposes',
    [
      ['Transpose', ['x'], ['t'], { perm: [0, 2, 3, 1] }],
      ['LayerNormalization', ['t', 'n.weight', 'n.bias'], ['l'], { epsilon: 0.001 }],
      ['Transpose', ['l'], ['v'], { perm: [0, 3, 1, 2] }],
    ],
    { 'n.weight': noise([3]), 'n.bias': noise([3], 2) },
    "layerNorm2d(x, { name: 'n', epsilon: 0.001 })",
  ],
  [
    'x * sigmoid(x)',
    [
      ['Sigmoid', ['x'], ['s']],
      ['Mul', ['s', 'x'], ['v']],
    ],
    {},
    'silu(x)',
  ],
  [
    'x * hardSigmoid(x)',
    [
      ['HardSigmoid', ['x'], ['s'], { alpha: 1 / 6, beta: 0.5 }],
      ['Mul', ['x', 's'], ['v']],
    ],
    {},
    'hardSwish(x)',
  ],
  [
    'x * clip(x + 3, 0, 6) / 6',
    [
      ['Add', ['x', 'three'], ['a']],
      ['Clip', ['a', 'zero', 'six'], ['c']],
      ['Div', ['c', 'six'], ['d']],
      ['Mul', ['x', 'd'], ['v']],
    ],
    { three: number(3), zero: number(0), six: number(6) },
    'hardSwish(x)',
  ],
  [
    'clip(x + 3, 0, 6) / 6',
    [
      ['Add', ['three', 'x'], ['a']],
      ['Clip', ['a', 'zero', 'six'], ['c']],
      ['Div', ['c', 'six'], ['v']],
    ],
    { three: number(3), zero: number(0), six: number(6) },
    'hardSigmoid(x)',
  ],
  [
    'x * tanh(softplus(x))',
    [
      ['Softplus', ['x'], ['s']],
      ['Tanh', ['s'], ['t']],
      ['Mul', ['x', 't'], ['v']],
    ],
    {},
    'mish(x)',
  ],
  [
    'x * (1 + erf(x / sqrt 2)) / 2',
    [
      ['Div', ['x', 'root'], ['d']],
      ['Erf', ['d'], ['e']],
      ['Add', ['e', 'one'], ['a']],
      ['Mul', ['x', 'a'], ['m']],
      ['Mul', ['m', 'half'], ['v']],
    ],
    { root: number(Math.SQRT2), one: number(1), half: number(0.5) },
    'gelu(x)',
  ],
  [
    'x / 2 * (1 + erf(x * sqrt 1/2))',
    [
      ['Mul', ['x', 'root'], ['d']],
      ['Erf', ['d'], ['e']],
      ['Add', ['one', 'e'], ['a']],
      ['Mul', ['x', 'half'], ['m']],
      ['Mul', ['m', 'a'], ['v']],
    ],
    { root: number(Math.SQRT1_2), one: number(1), half: number(0.5) },
    'gelu(x)',
  ],
  [
    'GELU by tanh',
    [
      ['Pow', ['x', 'three'], ['p']],
      ['Mul', ['p', 'c'], ['q']],
      ['Add', ['x', 'q'], ['r']],
      ['Mul', ['r', 'root'], ['s']],
      ['Tanh', ['s'], ['t']],
      ['Add', ['t', 'one'], ['a']],
      ['Mul', ['x', 'a'], ['m']],
      ['Mul', ['m', 'half'], ['v']],
    ],
    {
      three: number(3),
      c: number(0.044715),
      root: number(Math.sqrt(2 / Math.PI)),
      one: number(1),
      half: number(0.5),
    },
    "gelu(x, { approximate: 'tanh' })",
  ],
  [
    'a written-out layer normalisation',
    [
      ['ReduceMean', ['x'], ['m'], { axes: [-1] }],
      ['Sub', ['x', 'm'], ['d']],
      ['Pow', ['d', 'two'], ['p']],
      ['ReduceMean', ['p'], ['q'], { axes: [-1] }],
      ['Add', ['q', 'eps'], ['e']],
      ['Sqrt', ['e'], ['r']],
      ['Div', ['d', 'r'], ['u']],
      ['Mul', ['u', 'norm.weight'], ['s']],
      ['Add', ['s', 'norm.bias'], ['v']],
    ],
    {
      two: number(2),
      eps: number(1e-6),
      'norm.weight': noise([5]),
      'norm.bias': noise([5], 2),
    },
    "layerNorm(x, { name: 'norm', epsilon: 0.000001 })",
  ],
  [
    'a product with a matrix and a bias',
    [
      ['MatMul', ['x', 'm'], ['p']],
      ['Add', ['b', 'p'], ['v']],
    ],
    { m: noise([5, 5]), b: noise([5], 2) },
    "linear(x, { name: 'fc1', out: 5 })",
  ],
];

const almost: readonly Case[] = [
  [
    'a sigmoid of another value',
    [
      ['Relu', ['x'], ['r']],
      ['Sigmoid', ['r'], ['s']],
      ['Mul', ['x', 's'], ['v']],
    ],
    {},
    'silu',
  ],
  [
    'a clip to 5',
    [
      ['Add', ['x', 'three'], ['a']],
      ['Clip', ['a', 'zero', 'five'], ['c']],
      ['Div', ['c', 'six'], ['d']],
      ['Mul', ['x', 'd'], ['v']],
    ],
    { three: number(3), zero: number(0), five: number(5), six: number(6) },
    'hardSwish',
  ],
  [
    'a mean over another axis',
    [
      ['ReduceMean', ['x'], ['m'], { axes: [2] }],
      ['Sub', ['x', 'm'], ['d']],
      ['Pow', ['d', 'two'], ['p']],
      ['ReduceMean', ['p'], ['q'], { axes: [-1] }],
      ['Add', ['q', 'eps'], ['e']],
      ['Sqrt', ['e'], ['r']],
      ['Div', ['d', 'r'], ['u']],
      ['Mul', ['u', 'w'], ['s']],
      ['Add', ['s', 'b'], ['v']],
    ],
    { two: number(2), eps: number(1e-3), w: noise([5]), b: noise([5], 2) },
    'layerNorm',
  ],
];

const folder = suiteFolder();
const loaded = importedTogether(
  [...known, ...almost].map(([, nodes, constants]) => classifierOf(nodes, whole, { constants })),
  folder,
);

const numbered = (cases: readonly Case[], from: number) =>
  cases.map(([name, , , written], i) => [name, written, from + i] as const);

describe('a group of nodes that is known', () => {
  it.each(numbered(known, 0))('%s is written as one call', async (_, written, i) => {
    const one = (await loaded)[i];
    invariant(one, 'each case is imported');
    const calls = Object.values(one.imported.recognised).reduce((a, b) => a + b, 0);
    expect(one.imported.source).toContain(written);
    expect(calls).toBe(3);
    expect(await differenceOf(one)).toBeLessThan(1e-5);
  });
});

describe('a group of nodes that is almost known', () => {
  it.each(numbered(almost, known.length))('%s is written as it is', async (_, layer, i) => {
    const one = (await loaded)[i];
    invariant(one, 'each case is imported');
    expect(one.imported.recognised).not.toHaveProperty(layer);
    expect(await differenceOf(one)).toBeLessThan(1e-5);
  });
});
