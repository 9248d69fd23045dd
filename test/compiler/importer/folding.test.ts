import { describe, expect, it } from 'vitest';
import type { OnnxTensor } from '../../../src/compiler/onnx/model.js';
import { tensorData } from '../../../src/support/tensor.js';
import {
  asFloat,
  batch,
  compared,
  graphOf,
  ints,
  noise,
  opsOf,
  type GraphSpec,
  type NodeSpec,
} from './graphs.js';

type Constants = Readonly<Record<string, OnnxTensor>>;

const floats = (shape: readonly number[], ...values: number[]) =>
  tensorData('float32', shape, values);
const whole = (shape: readonly number[], ...values: number[]) => tensorData('int64', shape, values);

/** Constants, and nodes that make `k` of them. */
const cases: readonly (readonly [string, Constants, readonly NodeSpec[], number?])[] = [
  ['Transpose', { a: noise([2, 3, 4]) }, [['Transpose', ['a'], ['k'], { perm: [2, 0, 1] }]]],
  [
    'Gather',
    { a: noise([3, 4]), i: whole([2, 2], 0, -1, 2, 1) },
    [['Gather', ['a', 'i'], ['k'], { axis: 1 }]],
  ],
  [
    'GatherElements',
    { a: noise([3, 4]), i: whole([2, 4], 0, 1, 2, 1, 2, 2, -1, 0) },
    [['GatherElements', ['a', 'i'], ['k']]],
  ],
  [
    'Slice backwards',
    { a: noise([4, 5]), s: ints(-1, 4), e: ints(-100, 0), x2: ints(0, 1), t: ints(-2, -3) },
    [['Slice', ['a', 's', 'e', 'x2', 't'], ['k']]],
  ],
  [
    'Concat',
    { a: noise([2, 3]), b: noise([2, 1], 2) },
    [['Concat', ['a', 'b'], ['k'], { axis: -1 }]],
  ],
  [
    'Split',
    { a: noise([2, 5]), s: ints(2, 3) },
    [['Split', ['a', 's'], ['rest', 'k'], { axis: 1 }]],
  ],
  ['Expand', { a: noise([3, 1]), s: ints(2, 1, 4) }, [['Expand', ['a', 's'], ['k']]]],
  ['Tile', { a: noise([2, 3]), r: ints(2, 2) }, [['Tile', ['a', 'r'], ['k']]]],
  ['Pad', { a: noise([2, 3]), p: ints(1, 0, 0, 2) }, [['Pad', ['a', 'p'], ['k']]]],
  [
    'ScatterND',
    { a: noise([4, 3]), i: whole([2, 1], 2, 0), u: noise([2, 3], 2) },
    [['ScatterND', ['a', 'i', 'u'], ['k']]],
  ],
  ['Trilu', { a: noise([3, 4]), n: whole([], 1) }, [['Trilu', ['a', 'n'], ['k'], { upper: 0 }]]],
  [
    'Where',
    { c: tensorData('bool', [2, 1], [1, 0]), a: noise([1, 3]), b: noise([2, 3], 2) },
    [['Where', ['c', 'a', 'b'], ['k']]],
  ],
  [
    'Range',
    { a: floats([], 0.5), b: floats([], 3), d: floats([], 0.75) },
    [['Range', ['a', 'b', 'd'], ['k']]],
  ],
  [
    'ConstantOfShape',
    { s: ints(2, 3) },
    [['ConstantOfShape', ['s'], ['k'], { value: { type: 'tensor', value: floats([1], 1.5) } }]],
  ],
  ['NonZero', { a: whole([2, 3], 0, 5, 0, 1, 1, 0) }, [['NonZero', ['a'], ['k']]]],
  ['CumSum', { a: noise([2, 3]), i: whole([], 1) }, [['CumSum', ['a', 'i'], ['k']]], 2e-6],
  ['integer division', { a: ints(-7, 7, 9), b: ints(2, -2, 4) }, [['Div', ['a', 'b'], ['k']]]],
  ['Mod of whole numbers', { a: ints(-7, 7, 9), b: ints(3, -3, 4) }, [['Mod', ['a', 'b'], ['k']]]],
  [
    'Mod of fractions',
    { a: floats([2], -7.5, 7.5), b: floats([2], 2, -2) },
    [['Mod', ['a', 'b'], ['k'], { fmod: 1 }]],
  ],
  ['Pow', { a: floats([3], 4, 2, 0.5), b: floats([], 1.5) }, [['Pow', ['a', 'b'], ['k']]]],
  [
    'comparisons',
    { a: ints(1, 2, 3), b: ints(2) },
    [
      ['Greater', ['a', 'b'], ['g']],
      ['LessOrEqual', ['a', 'b'], ['l']],
      ['Or', ['g', 'l'], ['o']],
      ['Not', ['g'], ['n']],
      ['And', ['o', 'n'], ['k']],
    ],
  ],
  [
    'roundings',
    { a: floats([5], -1.5, 0.5, 1.5, 2.4, -0.2) },
    [
      ['Round', ['a'], ['r']],
      ['Floor', ['a'], ['f']],
      ['Ceil', ['a'], ['c']],
      ['Concat', ['r', 'f', 'c'], ['k'], { axis: 0 }],
    ],
  ],
  [
    'functions',
    { a: floats([4], 0.25, 1, 2, 3) },
    [
      ['Sqrt', ['a'], ['s']],
      ['Exp', ['s'], ['e']],
      ['Log', ['e'], ['l']],
      ['Neg', ['l'], ['n']],
      ['Tanh', ['n'], ['t']],
      ['Erf', ['t'], ['k']],
    ],
    2e-6,
  ],
  [
    'ReduceProd',
    { a: whole([2, 3], 1, 2, 3, 4, 5, 6) },
    [['ReduceProd', ['a'], ['k'], { axes: [1], keepdims: 0 }]],
  ],
  [
    'ReduceMean and ReduceL2',
    { a: noise([2, 3]) },
    [
      ['ReduceMean', ['a'], ['m'], { axes: [0] }],
      ['ReduceL2', ['m'], ['k'], { axes: [1] }],
    ],
    2e-6,
  ],
  [
    'Shape and Size',
    { a: noise([2, 3, 4]) },
    [
      ['Shape', ['a'], ['s'], { start: 1 }],
      ['Size', ['a'], ['z']],
      ['Unsqueeze', ['z', 'zero'], ['u']],
      ['Concat', ['s', 'u'], ['k'], { axis: 0 }],
    ],
  ],
  ['Clip', { a: noise([5]), l: floats([], -0.2) }, [['Clip', ['a', 'l'], ['k']]]],
  [
    'Cast to whole numbers',
    { a: floats([3], -1.7, 0.5, 2.9) },
    [['Cast', ['a'], ['k'], { to: 7 }]],
  ],
  ['MatMul', { a: noise([2, 3]), b: noise([3, 2], 2) }, [['MatMul', ['a', 'b'], ['k']]], 2e-6],
  ['EyeLike', { a: noise([3, 3]) }, [['EyeLike', ['a'], ['k'], { k: 1 }]]],
];

describe('a constant part of a graph', () => {
  it.each(
    cases.map(([name, constants, nodes, tolerance = 0]) => ({ name, constants, nodes, tolerance })),
  )('is computed as onnxruntime does: $name', async ({ constants, nodes, tolerance }) => {
    // The images, times 0, plus what was computed.
    const spec: GraphSpec = {
      opset: 15,
      constants: { ...constants, zero: ints(0), none: floats([], 0), flat: ints(-1) },
      nodes: [
        ...nodes,
        ['Cast', ['k'], ['floats'], { to: 1 }],
        ['Reshape', ['floats', 'flat'], ['row']],
        ['ReduceMax', ['x'], ['most'], { axes: [1, 2, 3], keepdims: 0 }],
        ['Mul', ['most', 'none'], ['nothing']],
        ['Unsqueeze', ['nothing', 'flat'], ['column']],
        ['Add', ['column', 'row'], ['y']],
      ],
    };
    const { plain, difference } = await compared(graphOf(spec));
    expect(opsOf(plain)).toEqual(['ReduceMax', 'Mul', 'Unsqueeze', 'Add']);
    expect(difference).toBeLessThanOrEqual(tolerance);
  });
});

describe('a weight', () => {
  const image = [batch, 2, 3, 3];
  const product = (nodes: readonly NodeSpec[], constants: Constants, opset = 13) =>
    graphOf({ opset, image, constants, nodes: [...nodes, ['Conv', ['x', 'w'], ['y']]] });

  it('may be float16, cast', async () => {
    const half = tensorData('float16', [2, 2, 1, 1], [0.5, -1, 0.25, 2]);
    const model = product([['Cast', ['h'], ['w'], { to: 1 }]], { h: half });
    const { plain, difference } = await compared(model);
    expect(plain.nodes[0]?.operands[1]).toMatchObject({
      kind: 'constant',
      constant: { name: 'h', tensor: { dtype: 'float32' } },
    });
    expect(plain.notes).toContainEqual(expect.stringContaining('float16'));
    expect(difference).toBe(0);
  });

  it('may be float64', async () => {
    const double = tensorData('float64', [2, 2, 1, 1], [0.5, -1, 0.25, 2]);
    const { difference } = await compared(
      product([['Cast', ['d'], ['w'], { to: 1 }]], { d: double }),
    );
    expect(difference).toBe(0);
  });

  it('may be an alias of another, and has the name of its alias', async () => {
    const nodes: NodeSpec[] = [
      ['Identity', ['a.weight'], ['b.weight']],
      ['Identity', ['b.weight'], ['/made']],
      ['Conv', ['x', '/made'], ['y']],
    ];
    const constants = { 'a.weight': noise([2, 2, 1, 1]) };
    const { plain } = await compared(graphOf({ opset: 13, image, constants, nodes }));
    expect(plain.nodes[0]?.operands[1]).toMatchObject({ constant: { name: 'b.weight' } });
  });

  it('may lie in a node', async () => {
    const value = { type: 'tensor', value: noise([2, 2, 1, 1]) } as const;
    const { plain, difference } = await compared(product([['Constant', [], ['w'], { value }]], {}));
    expect(opsOf(plain)).toEqual(['Conv']);
    expect(difference).toBe(0);
  });

  it('may be an input as well', async () => {
    const model = product([], { w: noise([2, 2, 1, 1]) });
    const inputs = [
      ...model.graph.inputs,
      { name: 'w', dtype: 'float32' as const, shape: [2, 2, 1, 1] },
    ];
    const { plain } = await compared({ ...model, graph: { ...model.graph, inputs } });
    expect(plain.input.name).toBe('x');
  });

  it.each([
    ['of the tensor', {}, floats([], 0.5), tensorData('uint8', [], [3])],
    ['of each channel', { axis: 0 }, floats([2], 0.5, 0.25), tensorData('uint8', [2], [3, 7])],
  ])('may be quantised with a scale %s', async (_, attributes, scale, zero) => {
    const quantised = tensorData('uint8', [2, 2, 1, 1], [0, 3, 9, 255]);
    const nodes: NodeSpec[] = [['DequantizeLinear', ['q', 's', 'z'], ['w'], attributes]];
    const { plain, difference } = await compared(
      product(nodes, { q: quantised, s: scale, z: zero }),
    );
    expect(plain.nodes[0]?.operands[1]).toMatchObject({ constant: { name: 'q' } });
    expect(difference).toBeLessThan(1e-6);
  });

  it('may be of signed bytes', async () => {
    const bytes = {
      dtype: { foreign: 'int8' },
      shape: [2, 2, 1, 1],
      data: Uint8Array.of(255, 1, 128, 127),
    };
    const zero = { dtype: { foreign: 'int8' }, shape: [], data: Uint8Array.of(0) };
    const nodes: NodeSpec[] = [['DequantizeLinear', ['q', 's', 'z'], ['w']]];
    const { difference } = await compared(
      product(nodes, { q: bytes, s: floats([], 0.5), z: zero }),
    );
    expect(difference).toBeLessThan(1e-6);
  });

  it('may be normalised by its own statistics, as standardised convolutions have it', async () => {
    const constants = {
      raw: noise([1, 2, 4]),
      s: floats([2], 1, 1),
      b: floats([2], 0, 0),
      m: floats([2], 0, 0),
      v: floats([2], 1, 1),
      size: ints(2, 2, 2, 1),
    };
    const nodes: NodeSpec[] = [
      [
        'BatchNormalization',
        ['raw', 's', 'b', 'm', 'v'],
        ['n', 'rm', 'rv'],
        { training_mode: 1, epsilon: asFloat(1e-5) },
      ],
      ['Reshape', ['n', 'size'], ['w']],
    ];
    const { plain, difference } = await compared(product(nodes, constants, 15));
    expect(opsOf(plain)).toEqual(['Conv']);
    expect(difference).toBeLessThan(2e-6);
  });
});
