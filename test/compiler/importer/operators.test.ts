import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../src/compiler/importer/importOnnx.js';
import { importRules } from '../../../src/compiler/importer/rules/index.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { invariant } from '../../../src/support/errors.js';
import { tensorData } from '../../../src/support/tensor.js';
import { asFloat, ints, noise, type GraphSpec, type NodeSpec } from './graphs.js';
import { suiteFolder } from '../../support/folder.js';
import { classifierOf, differenceOf, importedTogether } from './imported.js';

/** Nodes from `x` [batch,3,6,5] to `v`, how many features that has, the constants, and the layers that are written. */
type Case = readonly [
  name: string,
  nodes: readonly NodeSpec[],
  features: number,
  constants: NonNullable<GraphSpec['constants']>,
  layers: string,
  opset?: number,
];

const whole = 3 * 6 * 5;
const above = (shape: readonly number[], least: number) => {
  const { dtype, data } = noise(shape, 9);
  const values = Array.from(data as Float32Array, (value) => Math.abs(value) + least);
  return tensorData(dtype as 'float32', shape, values);
};
const number = (value: number) => tensorData('float32', [], [value]);
const one = (op: string, attributes: NodeSpec[3] = {}): readonly NodeSpec[] => [
  [op, ['x'], ['v'], attributes],
];
const positive: NodeSpec = ['Add', ['x', 'shift'], ['p']];
const shift = { shift: number(1.5) };

const cases: readonly Case[] = [
  [
    'Conv',
    [
      [
        'Conv',
        ['x', 'w', 'b'],
        ['v'],
        { kernel_shape: [3, 2], pads: [1, 0, 1, 1], strides: [2, 1] },
      ],
    ],
    4 * 3 * 5,
    { w: noise([4, 3, 3, 2]), b: noise([4], 2) },
    'conv2d linear',
  ],
  [
    'Conv by channel',
    [['Conv', ['x', 'w'], ['v'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 3 }]],
    whole,
    { w: noise([3, 1, 3, 3]) },
    'depthwise linear',
  ],
  [
    'Conv in groups with a multiplier',
    [['Conv', ['x', 'w'], ['v'], { kernel_shape: [1, 1], group: 3, dilations: [1, 1] }]],
    6 * 6 * 5,
    { w: noise([6, 1, 1, 1]) },
    'conv2d linear',
  ],
  [
    'BatchNormalization',
    [['BatchNormalization', ['x', 's', 'b', 'm', 'q'], ['v'], { epsilon: 0.001, momentum: 0.99 }]],
    whole,
    { s: noise([3]), b: noise([3], 2), m: noise([3], 3), q: above([3], 0.5) },
    'batchNorm linear',
  ],
  ['Relu', one('Relu'), whole, {}, 'relu linear'],
  ['Sigmoid', [['Sigmoid', ['x'], ['v']]], whole, {}, 'sigmoid linear'],
  ['Tanh', one('Tanh'), whole, {}, 'tanh linear'],
  ['HardSwish', one('HardSwish'), whole, {}, 'hardSwish linear'],
  ['HardSigmoid', one('HardSigmoid', { alpha: 0.2, beta: 0.4 }), whole, {}, 'hardSigmoid linear'],
  ['Softplus', one('Softplus'), whole, {}, 'softplus linear'],
  ['Elu', one('Elu', { alpha: 0.5 }), whole, {}, 'elu linear'],
  ['LeakyRelu', one('LeakyRelu', { alpha: 0.25 }), whole, {}, 'leakyRelu linear'],
  ['Softmax', one('Softmax', { axis: 1 }), whole, {}, 'softmax linear'],
  ['LogSoftmax', one('LogSoftmax', { axis: -1 }), whole, {}, 'logSoftmax linear'],
  [
    'Clip',
    [['Clip', ['x', 'low', 'high'], ['v']]],
    whole,
    { low: number(-0.25), high: number(0.5) },
    'clip linear',
  ],
  [
    'Clip to 6',
    [['Clip', ['x', 'low', 'high'], ['v']]],
    whole,
    { low: number(0), high: number(6) },
    'relu6 linear',
  ],
  ['PRelu', [['PRelu', ['x', 's'], ['v']]], whole, { s: noise([3, 1, 1]) }, 'prelu linear'],
  ['Abs', one('Abs'), whole, {}, 'abs linear'],
  ['Neg', one('Neg'), whole, {}, 'neg linear'],
  ['Exp', one('Exp'), whole, {}, 'exp linear'],
  ['Log', [positive, ['Log', ['p'], ['v']]], whole, shift, 'add linear log'],
  ['Sqrt', [positive, ['Sqrt', ['p'], ['v']]], whole, shift, 'add linear sqrt'],
  ['Reciprocal', [positive, ['Reciprocal', ['p'], ['v']]], whole, shift, 'add div linear'],
  ['Pow', [['Pow', ['x', 'two'], ['v']]], whole, { two: number(2) }, 'linear pow'],
  ['Sub of a number', [['Sub', ['shift', 'x'], ['v']]], whole, shift, 'linear sub'],
  [
    'Div by a channel',
    [['Div', ['x', 's'], ['v']]],
    whole,
    { s: above([3, 1, 1], 1) },
    'div linear parameter',
  ],
  [
    'Mul by a channel',
    [['Mul', ['s', 'x'], ['v']]],
    whole,
    { s: noise([1, 3, 1, 1]) },
    'linear mul parameter',
  ],
  [
    'Max',
    [
      ['Relu', ['x'], ['r']],
      ['Max', ['x', 'r'], ['v']],
    ],
    whole,
    {},
    'linear maximum relu',
  ],
  ['Min', [['Min', ['x', 'half'], ['v']]], whole, { half: number(0.5) }, 'linear minimum'],
  [
    'MaxPool with ceil_mode',
    one('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
    3 * 3 * 2,
    {},
    'linear maxPool',
  ],
  [
    'AveragePool',
    one('AveragePool', { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] }),
    whole,
    {},
    'avgPool linear',
  ],
  [
    'AveragePool with count_include_pad',
    one('AveragePool', {
      kernel_shape: [3, 3],
      strides: [1, 1],
      pads: [1, 1, 1, 1],
      count_include_pad: 1,
    }),
    whole,
    {},
    'avgPool linear',
  ],
  ['GlobalMaxPool', one('GlobalMaxPool'), 3, {}, 'globalMaxPool linear'],
  ['ReduceMean', one('ReduceMean', { axes: [1], keepdims: 0 }), 30, {}, 'linear mean'],
  ['ReduceMax', one('ReduceMax', { axes: [3], keepdims: 1 }), 18, {}, 'amax linear'],
  ['ReduceSum', [['ReduceSum', ['x', 'axes'], ['v']]], 18, { axes: ints(-1) }, 'linear sum'],
  ['ReduceL2', one('ReduceL2', { axes: [1, 2] }), 5, {}, 'linear norm'],
  [
    'Concat',
    [
      ['Relu', ['x'], ['r']],
      ['Concat', ['x', 'r'], ['v'], { axis: 2 }],
    ],
    2 * whole,
    {},
    'concat linear relu',
  ],
  [
    'Reshape',
    [
      ['Reshape', ['x', 'to'], ['r']],
      ['Relu', ['r'], ['v']],
    ],
    whole,
    { to: ints(-1, 9, 10) },
    'linear relu reshape',
  ],
  ['Transpose', one('Transpose', { perm: [0, 2, 3, 1] }), whole, {}, 'linear transpose'],
  [
    'Pad',
    [['Pad', ['x', 'pads'], ['v']]],
    4 * 6 * 8,
    { pads: ints(0, 1, 0, 1, 0, 0, 0, 2) },
    'linear pad pad',
  ],
  [
    'Slice backwards',
    [['Slice', ['x', 's', 'e', 'a', 't'], ['v']]],
    3 * 6 * 3,
    { s: ints(-1), e: ints(-100), a: ints(3), t: ints(-2) },
    'gather linear',
  ],
  [
    'Slice',
    [['Slice', ['x', 's', 'e', 'a', 't'], ['v']]],
    3 * 3 * 2,
    { s: ints(1, 0), e: ints(6, 2), a: ints(2, 3), t: ints(2, 1) },
    'linear slice slice',
  ],
  [
    'Split',
    [
      ['Split', ['x', 'sizes'], ['a', 'b'], { axis: 2 }],
      ['Mul', ['a', 'a'], ['aa']],
      ['Concat', ['aa', 'b'], ['v'], { axis: 2 }],
    ],
    whole,
    { sizes: ints(2, 4) },
    'concat linear mul slice slice',
  ],
  [
    'Gather',
    [['Gather', ['x', 'i'], ['v'], { axis: 1 }]],
    2 * 30,
    { i: ints(2, 0) },
    'gather linear',
  ],
  ['Tile', [['Tile', ['x', 'n'], ['v']]], 2 * whole, { n: ints(1, 1, 2, 1) }, 'concat linear'],
  [
    'Expand',
    [
      ['ReduceMax', ['x'], ['m'], { axes: [2] }],
      ['Expand', ['m', 'size'], ['v']],
    ],
    3 * 4 * 5,
    { size: ints(1, 3, 4, 5) },
    'amax expand linear',
  ],
  [
    'DepthToSpace',
    [
      ['Conv', ['x', 'w'], ['c'], { kernel_shape: [1, 1] }],
      ['DepthToSpace', ['c'], ['v'], { blocksize: 2, mode: 'CRD' }],
    ],
    2 * 12 * 10,
    { w: noise([8, 3, 1, 1]) },
    'conv2d linear reshape reshape transpose',
  ],
  ['MatMul', [['MatMul', ['x', 'm'], ['v']]], 3 * 6 * 7, { m: noise([5, 7]) }, 'linear linear'],
  [
    'MatMul of two',
    [
      ['Transpose', ['x'], ['t'], { perm: [0, 1, 3, 2] }],
      ['MatMul', ['x', 't'], ['v']],
    ],
    3 * 36,
    {},
    'linear matmul transpose',
  ],
  [
    'LayerNormalization',
    [['LayerNormalization', ['x', 's', 'b'], ['v'], { axis: -1, epsilon: 0.01 }]],
    whole,
    { s: noise([5]), b: noise([5], 2) },
    'layerNorm linear',
  ],
  [
    'GroupNormalization',
    [['GroupNormalization', ['x', 's', 'b'], ['v'], { num_groups: 3 }]],
    whole,
    { s: noise([3]), b: noise([3], 2) },
    'groupNorm linear',
    21,
  ],
  [
    'Resize to the nearest',
    [
      [
        'Resize',
        ['x', '', 'scales'],
        ['v'],
        { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
      ],
    ],
    4 * whole,
    { scales: tensorData('float32', [4], [1, 1, 2, 2]) },
    'interpolate linear',
  ],
  [
    'Resize by lines',
    [
      [
        'Resize',
        ['x', '', '', 'sizes'],
        ['v'],
        { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' },
      ],
    ],
    3 * 8 * 11,
    { sizes: ints(2, 3, 8, 11) },
    'interpolate linear',
  ],
  [
    'ConvTranspose',
    [
      [
        'ConvTranspose',
        ['x', 'w', 'b'],
        ['v'],
        { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
      ],
    ],
    4 * 12 * 10,
    { w: noise([3, 4, 3, 3]), b: noise([4], 2) },
    'convTranspose2d linear',
  ],
  [
    'InstanceNormalization',
    [['InstanceNormalization', ['x', 's', 'b'], ['v'], { epsilon: 0.001 }]],
    whole,
    { s: noise([3]), b: noise([3], 2) },
    'instanceNorm linear',
  ],
  [
    'LRN',
    one('LRN', { size: 3, alpha: 0.5, beta: 0.75, bias: 2.5 }),
    whole,
    {},
    'linear localResponseNorm',
  ],
  ['Gelu', one('Gelu', { approximate: 'tanh' }), whole, {}, 'gelu linear', 20],
  ['Mish', one('Mish'), whole, {}, 'linear mish', 18],
];

const folder = suiteFolder();
const loaded = importedTogether(
  cases.map(([, nodes, features, constants, , opset = 17]) =>
    classifierOf(nodes, features, { constants, opset }),
  ),
  folder,
);

describe('an operator of a foreign file', () => {
  it.each(cases.map(([name, , , , layers], i) => [name, layers, i] as const))(
    '%s becomes layers that compute the same',
    async (_, layers, i) => {
      const one = (await loaded)[i];
      invariant(one, 'each case is imported');
      const written = Object.entries(one.imported.recognised).flatMap(([layer, count]) =>
        new Array<string>(count).fill(layer),
      );
      const own = written.filter((layer) => layer !== 'flatten');
      expect(own.toSorted()).toEqual(layers.split(' ').toSorted());
      expect(await differenceOf(one)).toBeLessThan(1e-5);
    },
  );

  it('has a case each', () => {
    const covered = new Set(cases.flatMap(([, nodes]) => nodes.map(([op]) => op)));
    const elsewhere = 'Add Erf Flatten Gemm GlobalAveragePool Squeeze Swish Unsqueeze'.split(' ');
    const missing = Object.keys(importRules).filter((op) => !covered.has(op));
    expect(missing.filter((op) => !elsewhere.includes(op))).toEqual([]);
  });
});

describe('what has no layer', () => {
  const importing = (nodes: readonly NodeSpec[]) =>
    importOnnx(writeModel(classifierOf(nodes, whole)).bytes, { name: 'odd', file: 'odd.onnx' });

  it('is told all at once, with how often, where first and why', () => {
    const nodes: readonly NodeSpec[] = [
      ['Erf', ['x'], ['e']],
      ['Erf', ['e'], ['f']],
      ['Selu', ['f'], ['g']],
      ['ThresholdedRelu', ['g'], ['v']],
    ];
    expect(() => importing(nodes)).toThrow(
      expect.objectContaining({
        code: 'onnx-import',
        where: 'odd.onnx',
        notes: [
          'Erf, 2 times, first Erf_0: a layer has it only within GELU',
          'Selu, 1 time, first Selu_2: no layer does what it does',
          'ThresholdedRelu, 1 time, first ThresholdedRelu_3: no layer does what it does',
        ],
      }),
    );
  });

  it('keeps an option whose value is whole', () => {
    const { source } = importing(one('LeakyRelu', { alpha: asFloat(1) }));
    expect(source).toContain('leakyRelu(x, { slope: 1 })');
  });
});
