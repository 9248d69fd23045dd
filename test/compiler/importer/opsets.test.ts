import { describe, expect, it } from 'vitest';
import { tensorData } from '../../../src/support/tensor.js';
import {
  asFloat,
  asFloats,
  compared,
  graphOf,
  ints,
  noise,
  opsOf,
  type GraphSpec,
} from './graphs.js';

const exact = 1e-6;

/** A graph by name, and the operators of its plain form. */
const cases: readonly (readonly [string, GraphSpec, string])[] = [
  [
    'Slice with attributes',
    {
      opset: 9,
      nodes: [['Slice', ['x'], ['y'], { starts: [1, -3], ends: [2 ** 31 - 1, -1], axes: [2, 3] }]],
    },
    'Slice',
  ],
  [
    'Slice with negative axes and steps',
    {
      opset: 13,
      constants: { s: ints(-1), e: ints(-100), a: ints(-1), t: ints(-2) },
      nodes: [['Slice', ['x', 's', 'e', 'a', 't'], ['y']]],
    },
    'Slice',
  ],
  [
    'Pad with attributes',
    { opset: 10, nodes: [['Pad', ['x'], ['y'], { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: 0.5 }]] },
    'Pad',
  ],
  [
    'Pad of some axes',
    {
      opset: 18,
      constants: { p: ints(1, 2), a: ints(-1) },
      nodes: [['Pad', ['x', 'p', '', 'a'], ['y'], { mode: 'reflect' }]],
    },
    'Pad',
  ],
  [
    'Clip with attributes',
    { opset: 7, nodes: [['Clip', ['x'], ['y'], { min: -0.25, max: 0.5 }]] },
    'Clip',
  ],
  [
    'Clip without a lower bound',
    { opset: 9, nodes: [['Clip', ['x'], ['y'], { max: 0.5 }]] },
    'Clip',
  ],
  [
    'Squeeze and Unsqueeze with attributes',
    {
      opset: 11,
      nodes: [
        ['ReduceMean', ['x'], ['m'], { axes: [2, 3] }],
        ['Squeeze', ['m'], ['s'], { axes: [2, -1] }],
        ['Unsqueeze', ['s'], ['y'], { axes: [-1] }],
      ],
    },
    'ReduceMean Squeeze Unsqueeze',
  ],
  [
    'Squeeze of all axes of size 1',
    { opset: 13, image: [1, 3, 1, 1], nodes: [['Squeeze', ['x'], ['y']]] },
    'Squeeze',
  ],
  [
    'ReduceSum of the opset before its axes moved',
    { opset: 11, nodes: [['ReduceSum', ['x'], ['y'], { axes: [-1], keepdims: 0 }]] },
    'ReduceSum',
  ],
  [
    'ReduceMax with its axes as an operand',
    { opset: 18, constants: { a: ints(1) }, nodes: [['ReduceMax', ['x', 'a'], ['y']]] },
    'ReduceMax',
  ],
  [
    'ReduceMean without axes that does nothing',
    {
      opset: 18,
      nodes: [
        ['ReduceMean', ['x'], ['m'], { noop_with_empty_axes: 1 }],
        ['Relu', ['m'], ['y']],
      ],
    },
    'Relu',
  ],
  [
    'Softmax over the last axis',
    { opset: 11, nodes: [['Softmax', ['x'], ['y'], { axis: 3 }]] },
    'Softmax',
  ],
  [
    'Softmax over all axes from one on',
    { opset: 11, nodes: [['Softmax', ['x'], ['y'], { axis: 2 }]] },
    'Reshape Softmax Reshape',
  ],
  [
    'LogSoftmax over all axes but the batch',
    { opset: 9, nodes: [['LogSoftmax', ['x'], ['y']]] },
    'Reshape LogSoftmax Reshape',
  ],
  [
    'Softmax over one axis among others',
    { opset: 13, nodes: [['Softmax', ['x'], ['y'], { axis: -3 }]] },
    'Softmax',
  ],
  [
    'Split with attributes',
    {
      opset: 11,
      nodes: [
        ['Split', ['x'], ['a', 'b'], { axis: 1, split: [1, 2] }],
        ['Add', ['a', 'b'], ['y']],
      ],
    },
    'Split Add',
  ],
  [
    'Split into equal parts',
    {
      opset: 13,
      nodes: [
        ['Split', ['x'], ['a', 'b'], { axis: 2 }],
        ['Add', ['a', 'b'], ['y']],
      ],
    },
    'Split Add',
  ],
  [
    'Split into a number of parts, the last one smaller',
    {
      opset: 18,
      nodes: [
        ['Split', ['x'], ['a', 'b'], { axis: -1, num_outputs: 2 }],
        ['Concat', ['b', 'a'], ['y'], { axis: -1 }],
      ],
    },
    'Split Concat',
  ],
  [
    'TopK with an attribute',
    { opset: 9, nodes: [['TopK', ['x'], ['y', 'i'], { k: 2, axis: 1 }]] },
    'TopK',
  ],
  [
    'Sum of three',
    {
      opset: 8,
      nodes: [
        ['Relu', ['x'], ['a']],
        ['Sum', ['x', 'a', 'x'], ['y']],
      ],
    },
    'Relu Add Add',
  ],
  [
    'Max of one',
    {
      opset: 8,
      nodes: [
        ['Max', ['x'], ['a']],
        ['Relu', ['a'], ['y']],
      ],
    },
    'Relu',
  ],
  [
    'Mean of three',
    {
      opset: 8,
      nodes: [
        ['Relu', ['x'], ['a']],
        ['Mean', ['x', 'a', 'a'], ['y']],
      ],
    },
    'Relu Add Add Mul',
  ],
  [
    'Gemm with factors and a row of bias',
    {
      opset: 9,
      constants: { w: noise([90, 4]), b: noise([1, 4]) },
      nodes: [
        ['Flatten', ['x'], ['f']],
        ['Gemm', ['f', 'w', 'b'], ['y'], { alpha: 0.5, beta: asFloat(2) }],
      ],
    },
    'Flatten Gemm',
  ],
  [
    'Gemm with one number as its bias',
    {
      opset: 11,
      constants: { w: noise([4, 90]), b: tensorData('float32', [], [0.5]) },
      nodes: [
        ['Flatten', ['x'], ['f']],
        ['Gemm', ['f', 'w', 'b'], ['y'], { transB: 1 }],
      ],
    },
    'Flatten Gemm',
  ],
  [
    'Conv with automatic pads',
    {
      opset: 7,
      constants: { w: noise([4, 3, 3, 2]) },
      nodes: [['Conv', ['x', 'w'], ['y'], { auto_pad: 'SAME_UPPER', strides: [2, 2] }]],
    },
    'Conv',
  ],
  [
    'Conv with automatic pads at the front',
    {
      opset: 11,
      constants: { w: noise([4, 3, 2, 4]) },
      nodes: [['Conv', ['x', 'w'], ['y'], { auto_pad: 'SAME_LOWER' }]],
    },
    'Conv',
  ],
  [
    'MaxPool with automatic pads',
    {
      opset: 8,
      nodes: [
        [
          'MaxPool',
          ['x'],
          ['y'],
          { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' },
        ],
      ],
    },
    'MaxPool',
  ],
  [
    'MaxPool that rounds up',
    {
      opset: 10,
      nodes: [['MaxPool', ['x'], ['y'], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }]],
    },
    'MaxPool',
  ],
  [
    'AveragePool that counts its pads',
    {
      opset: 7,
      nodes: [
        [
          'AveragePool',
          ['x'],
          ['y'],
          { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 },
        ],
      ],
    },
    'AveragePool',
  ],
  [
    'AveragePool without pads by name',
    {
      opset: 11,
      nodes: [['AveragePool', ['x'], ['y'], { kernel_shape: [2, 2], auto_pad: 'VALID' }]],
    },
    'AveragePool',
  ],
  [
    'ConvTranspose with a wanted size',
    {
      opset: 11,
      constants: { w: noise([3, 2, 3, 3]) },
      nodes: [['ConvTranspose', ['x', 'w'], ['y'], { strides: [2, 2], output_shape: [12, 10] }]],
    },
    'ConvTranspose',
  ],
  [
    'Upsample with an attribute',
    {
      opset: 8,
      nodes: [['Upsample', ['x'], ['y'], { scales: asFloats(1, 1, 2, 3), mode: 'nearest' }]],
    },
    'Resize',
  ],
  [
    'Upsample with an operand',
    {
      opset: 9,
      constants: { s: tensorData('float32', [4], [1, 1, 2, 2]) },
      nodes: [['Upsample', ['x', 's'], ['y'], { mode: 'linear' }]],
    },
    'Resize',
  ],
  [
    'Resize to fewer pixels, in its first form',
    {
      opset: 10,
      constants: { s: tensorData('float32', [4], [1, 1, 0.6, 0.6]) },
      nodes: [['Resize', ['x', 's'], ['y'], { mode: 'nearest' }]],
    },
    'Resize',
  ],
  [
    'Resize to sizes',
    {
      opset: 13,
      image: [1, 3, 6, 5],
      constants: { s: ints(1, 3, 9, 8) },
      nodes: [
        [
          'Resize',
          ['x', '', '', 's'],
          ['y'],
          { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
        ],
      ],
    },
    'Resize',
  ],
  [
    'Resize of some axes',
    {
      opset: 18,
      constants: { s: ints(9, 8) },
      nodes: [['Resize', ['x', '', '', 's'], ['y'], { mode: 'cubic', axes: [2, 3] }]],
    },
    'Resize',
  ],
  [
    'BatchNormalization with its place for pixels',
    {
      opset: 7,
      constants: {
        s: noise([3]),
        b: noise([3], 2),
        m: noise([3], 3),
        v: tensorData('float32', [3], [0.5, 1, 2]),
      },
      nodes: [
        ['BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['y'], { spatial: 1, epsilon: 0.01 }],
      ],
    },
    'BatchNormalization',
  ],
  [
    'GroupNormalization with a scale for each group',
    {
      opset: 18,
      image: [batchOf(), 4, 2, 2],
      constants: { s: noise([2]), b: noise([2], 2) },
      nodes: [['GroupNormalization', ['x', 's', 'b'], ['y'], { num_groups: 2 }]],
    },
    'GroupNormalization',
  ],
  [
    'Transpose without an order',
    {
      opset: 7,
      nodes: [
        ['Transpose', ['x'], ['t']],
        ['Transpose', ['t'], ['y'], { perm: [3, 0, 1, 2] }],
      ],
    },
    'Transpose Transpose',
  ],
  [
    'Dropout of an old form',
    {
      opset: 7,
      nodes: [
        ['Relu', ['x'], ['r']],
        ['Dropout', ['r'], ['y'], { ratio: 0.3 }],
      ],
    },
    'Relu',
  ],
];

function batchOf() {
  return { symbol: 'n', factor: 1 };
}

describe('a node of an older opset', () => {
  it.each(cases)('keeps its meaning: %s', async (_, spec, ops) => {
    const { plain, difference } = await compared(graphOf(spec));
    expect(opsOf(plain).join(' ')).toBe(ops);
    expect(difference).toBeLessThan(exact);
  });
});
