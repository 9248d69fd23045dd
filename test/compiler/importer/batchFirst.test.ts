import { describe, expect, it } from 'vitest';
import { invariant } from '../../../src/support/errors.js';
import { tensorData } from '../../../src/support/tensor.js';
import { importOnnx } from '../../../src/compiler/importer/importOnnx.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { suiteFolder } from '../../support/folder.js';
import { batch, graphOf, ints, noise, type GraphSpec, type NodeSpec } from './graphs.js';
import { classifierOf, differenceOf, importedTogether } from './imported.js';

type Case = readonly [
  name: string,
  nodes: readonly NodeSpec[],
  features: number,
  constants?: GraphSpec['constants'],
];

const number = (value: number) => tensorData('float32', [], [value]);

/** Rows of the image, with the batch as the second axis: [18,N,5]. */
const rows: readonly NodeSpec[] = [
  ['Reshape', ['x', 'tokens'], ['t']],
  ['Transpose', ['t'], ['r'], { perm: [1, 0, 2] }],
];
const tokens = { tokens: ints(-1, 18, 5) };
/** From rows [18,N,C] back to [N,18,C]. */
const back = (from: string): NodeSpec => ['Transpose', [from], ['v'], { perm: [1, 0, 2] }];

const cases: readonly Case[] = [
  [
    'attention of heads that share the axis of the batch',
    [
      ...rows,
      ['MatMul', ['r', 'qkv'], ['p']],
      ['Add', ['p', 'bias'], ['b']],
      ['Split', ['b', 'each'], ['q', 'k', 'w'], { axis: 2 }],
      ['Reshape', ['q', 'heads'], ['q1']],
      ['Reshape', ['k', 'heads'], ['k1']],
      ['Reshape', ['w', 'heads'], ['w1']],
      ['Transpose', ['q1'], ['q2'], { perm: [1, 0, 2] }],
      ['Transpose', ['k1'], ['k2'], { perm: [1, 2, 0] }],
      ['Transpose', ['w1'], ['w2'], { perm: [1, 0, 2] }],
      ['Mul', ['q2', 'scale'], ['q3']],
      ['MatMul', ['q3', 'k2'], ['a']],
      ['Softmax', ['a'], ['s'], { axis: -1 }],
      ['MatMul', ['s', 'w2'], ['o']],
      ['Transpose', ['o'], ['o1'], { perm: [1, 0, 2] }],
      ['Reshape', ['o1', 'flatRows'], ['o2']],
      ['Gemm', ['o2', 'out.weight', 'out.bias'], ['o3'], { transB: 1 }],
      ['Reshape', ['o3', 'unflat'], ['o4']],
      back('o4'),
    ],
    18 * 5,
    {
      ...tokens,
      qkv: noise([5, 12]),
      bias: noise([12], 2),
      each: ints(4, 4, 4),
      heads: ints(18, -1, 2),
      scale: number(0.5),
      flatRows: ints(-1, 4),
      unflat: ints(18, -1, 5),
      'out.weight': noise([5, 4], 3),
      'out.bias': noise([5], 4),
    },
  ],
  [
    'queries and keys taken from a first axis of their own',
    [
      ['Reshape', ['x', 'parts'], ['p']],
      ['Transpose', ['p'], ['t'], { perm: [2, 0, 3, 1, 4] }],
      ['Gather', ['t', 'first'], ['q'], { axis: 0 }],
      ['Gather', ['t', 'last'], ['k'], { axis: 0 }],
      ['Sub', ['q', 'k'], ['v']],
    ],
    3 * 5 * 2,
    {
      parts: ints(-1, 3, 3, 5, 2),
      first: tensorData('int64', [], [0]),
      last: tensorData('int64', [], [-1]),
    },
  ],
  [
    'a normalisation, a softmax over rows, and constants beside them',
    [
      ...rows,
      ['LayerNormalization', ['r', 'n.weight', 'n.bias'], ['n']],
      ['Softmax', ['n'], ['s'], { axis: 0 }],
      ['Add', ['s', 'shift'], ['a']],
      ['Mul', ['a', 'n'], ['m']],
      back('m'),
    ],
    18 * 5,
    { ...tokens, 'n.weight': noise([5]), 'n.bias': noise([5], 2), shift: noise([1, 1, 5], 3) },
  ],
  [
    'means with kept axes, and without',
    [
      ...rows,
      ['ReduceMean', ['r'], ['m'], { axes: [-1] }],
      ['Sub', ['r', 'm'], ['d']],
      ['Slice', ['d', 'from', 'to', 'axis'], ['s']],
      ['ReduceMean', ['s'], ['v'], { axes: [0], keepdims: 0 }],
    ],
    5,
    { ...tokens, from: ints(2), to: ints(9), axis: ints(0) },
  ],
  [
    'windows that become images of the batch',
    [
      ['Slice', ['x', 'zero', 'four', 'wide'], ['c']],
      ['Reshape', ['c', 'parted'], ['p']],
      ['Transpose', ['p'], ['t'], { perm: [0, 2, 4, 3, 5, 1] }],
      ['Reshape', ['t', 'windows'], ['w']],
      ['Reshape', ['w', 'vectors'], ['vs']],
      ['Gemm', ['vs', 'm', 'b'], ['g']],
      ['Reshape', ['g', 'unflat'], ['u']],
      ['Transpose', ['u'], ['v'], { perm: [0, 5, 1, 3, 2, 4] }],
    ],
    6 * 4 * 3,
    {
      zero: ints(0),
      four: ints(4),
      wide: ints(3),
      parted: ints(-1, 3, 3, 2, 2, 2),
      windows: ints(-1, 4, 3),
      vectors: ints(-1, 3),
      unflat: ints(-1, 3, 2, 2, 2, 3),
      m: noise([3, 3]),
      b: noise([3], 2),
    },
  ],
  [
    'a token for each image',
    [
      ['Reshape', ['x', 'tokens'], ['t']],
      ['Shape', ['x'], ['shape']],
      ['Gather', ['shape', 'first'], ['n']],
      ['Concat', ['n', 'rest'], ['size'], { axis: 0 }],
      ['Expand', ['cls_token', 'size'], ['e']],
      ['Concat', ['e', 't'], ['v'], { axis: 1 }],
    ],
    19 * 5,
    { ...tokens, first: ints(0), rest: ints(1, 5), cls_token: noise([1, 1, 5]) },
  ],
];

const folder = suiteFolder();
const loaded = importedTogether(
  cases.map(([, nodes, features, constants = {}]) => classifierOf(nodes, features, { constants })),
  folder,
);

describe('a graph whose batch is not the first axis', () => {
  it.each(cases.map(([name], i) => [name, i] as const))(
    'becomes one that has it first: %s',
    async (_, i) => {
      const one = (await loaded)[i];
      invariant(one, 'each case is imported');
      expect(await differenceOf(one)).toBeLessThan(1e-5);
    },
  );

  it('is refused with the node that moves the batch where nothing is known of what reads it', () => {
    const { bytes } = writeModel(
      graphOf({
        opset: 17,
        image: [batch, 3, 6, 5],
        constants: { shift: noise([18, 1, 1]), flat: ints(-1, 90), ...tokens },
        nodes: [
          ...rows,
          ['Add', ['r', 'shift'], ['a']],
          ['Transpose', ['a'], ['b'], { perm: [1, 0, 2] }],
          ['Reshape', ['b', 'flat'], ['y']],
        ],
      }),
    );
    expect(() => importOnnx(bytes, { name: 'foreign' })).toThrow(
      expect.objectContaining({
        code: 'onnx-import',
        notes: expect.arrayContaining([
          expect.stringMatching(/^Transpose, .* moves the batch from the first axis$/),
        ]) as unknown,
      }),
    );
  });
});
