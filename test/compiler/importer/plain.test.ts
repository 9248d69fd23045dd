import { describe, expect, it } from 'vitest';
import { plainGraph } from '../../../src/compiler/importer/plain/makePlain.js';
import type { OnnxModel, OnnxTensor } from '../../../src/compiler/onnx/model.js';
import { ArtifactError } from '../../../src/support/errors.js';
import { tensorData } from '../../../src/support/tensor.js';
import {
  batch,
  compared,
  graphOf,
  ints,
  nodeOf,
  noise,
  opsOf,
  type GraphSpec,
  type NodeSpec,
} from './graphs.js';

const small = 1e-6;

function failure(model: OnnxModel, options = {}): ArtifactError {
  try {
    plainGraph(model, options);
  } catch (error) {
    if (error instanceof ArtifactError) return error;
    throw error;
  }
  throw new Error('it was read');
}

const floats = (shape: readonly number[], ...values: number[]): OnnxTensor =>
  tensorData('float32', shape, values);

describe('the batch', () => {
  it('passes through sizes that a graph computes', async () => {
    const nodes: NodeSpec[] = [
      ['Shape', ['x'], ['s']],
      ['Gather', ['s', 'zero'], ['n']],
      ['Unsqueeze', ['n', 'axis'], ['u']],
      ['Concat', ['u', 'three', 'rest'], ['size'], { axis: 0 }],
      ['Reshape', ['x', 'size'], ['y']],
    ];
    const constants = {
      zero: tensorData('int64', [], [0]),
      axis: ints(0),
      three: ints(3),
      rest: ints(-1),
    };
    const { plain, difference } = await compared(graphOf({ opset: 13, constants, nodes }));
    expect(opsOf(plain)).toEqual(['Reshape']);
    expect(plain.outputs[0]?.shape).toEqual([{ symbol: 'N', factor: 1 }, 3, 30]);
    expect(difference).toBe(0);
  });

  it('expands a class token', async () => {
    const nodes: NodeSpec[] = [
      ['Flatten', ['x'], ['f']],
      ['Shape', ['x'], ['s']],
      ['Slice', ['s', 'zero', 'one', 'zero'], ['n']],
      ['Concat', ['n', 'ninety'], ['size'], { axis: 0 }],
      ['Expand', ['token', 'size'], ['t']],
      ['Concat', ['t', 'f'], ['y'], { axis: 1 }],
    ];
    const constants = { zero: ints(0), one: ints(1), ninety: ints(90), token: noise([1, 90]) };
    const { plain, difference } = await compared(graphOf({ opset: 13, constants, nodes }));
    expect(opsOf(plain)).toEqual(['Flatten', 'Expand', 'Concat']);
    expect(difference).toBe(0);
  });

  /** Graphs of a fixed batch in whose constants that batch stands. */
  const fixed: readonly (readonly [string, number, Omit<GraphSpec, 'opset' | 'image'>])[] = [
    ['a flat row', 1, { constants: { s: ints(1, -1) }, nodes: [['Reshape', ['x', 's'], ['y']]] }],
    [
      'windows',
      1,
      {
        constants: { s: ints(1, 3, 2, 3, 5), w: ints(2, 3, 3, 5), b: ints(1, 2, 3, 15) },
        nodes: [
          ['Reshape', ['x', 's'], ['p']],
          ['Transpose', ['p'], ['t'], { perm: [0, 2, 1, 3, 4] }],
          ['Reshape', ['t', 'w'], ['o']],
          ['Relu', ['o'], ['r']],
          ['Reshape', ['r', 'b'], ['y']],
        ],
      },
    ],
    [
      'heads behind the length',
      1,
      {
        constants: {
          s: ints(3, 30, 1),
          m: ints(3, 30),
          h: ints(30, 3, 1),
          w: noise([3, 3]),
          l: ints(1, 30, 3),
        },
        nodes: [
          ['Reshape', ['x', 'flat'], ['f']],
          ['Transpose', ['f'], ['t'], { perm: [2, 0, 1] }],
          ['Reshape', ['t', 'rows'], ['g']],
          ['Gemm', ['g', 'w'], ['q']],
          ['Reshape', ['q', 'parted'], ['p']],
          ['Reshape', ['p', 'split'], ['v']],
          ['Transpose', ['v'], ['u'], { perm: [1, 0, 2] }],
          ['Softmax', ['u'], ['a'], { axis: -1 }],
          ['Transpose', ['a'], ['c'], { perm: [1, 0, 2] }],
          ['Reshape', ['c', 'rows'], ['d']],
          ['Gemm', ['d', 'w'], ['e']],
          ['Reshape', ['e', 'parted'], ['j']],
          ['Transpose', ['j'], ['y'], { perm: [1, 0, 2] }],
        ],
      },
    ],
    [
      'a row of a constant for each image',
      2,
      { constants: { k: floats([2, 1, 1, 1], 0.5, 0.5) }, nodes: [['Add', ['x', 'k'], ['y']]] },
    ],
    [
      'rows that are joined',
      2,
      {
        constants: {
          k: floats([2, 1, 6, 5], ...Array.from({ length: 60 }, (_, i) => (i % 30) / 30)),
        },
        nodes: [['Concat', ['x', 'k'], ['y'], { axis: 1 }]],
      },
    ],
    [
      'several images in a size',
      2,
      { constants: { s: ints(2, 18, 5) }, nodes: [['Reshape', ['x', 's'], ['y']]] },
    ],
    [
      'a whole slice',
      1,
      { constants: { a: ints(0), b: ints(1) }, nodes: [['Slice', ['x', 'a', 'b', 'a'], ['y']]] },
    ],
  ];
  const more = {
    flat: ints(1, 3, 30),
    rows: ints(30, 3),
    parted: ints(30, 1, 3),
    split: ints(30, 3, 1),
  };

  it.each(fixed.map(([name, count, spec]) => ({ name, count, spec })))(
    'is freed where a file has fixed it: $name',
    async ({ count, spec }) => {
      const model = graphOf({
        ...spec,
        constants: { ...more, ...spec.constants },
        opset: 13,
        image: [count, 3, 6, 5],
      });
      const { plain, difference } = await compared(model);
      expect(plain.input.shape[0]).toEqual({ symbol: 'N', factor: 1 });
      expect(plain.outputs[0]?.shape[0]).toEqual({ symbol: 'N', factor: 1 });
      expect(plain.notes[0]).toContain(`fixes to ${count}`);
      expect(difference).toBeLessThan(small);
    },
  );

  it.each<readonly [string, NodeSpec]>([
    ['one image is taken', ['Gather', ['x', 'first'], ['y'], { axis: 0 }]],
    ['images are joined', ['Softmax', ['x'], ['y'], { axis: 0 }]],
    ['a mean of all images is taken', ['ReduceMean', ['x'], ['y'], { axes: [0, 2, 3] }]],
    ['images are normalised together', ['MeanVarianceNormalization', ['x'], ['y']]],
  ])('is refused where %s', (_, node) => {
    const plain = plainGraph(
      graphOf({ opset: 13, constants: { first: tensorData('int64', [], [0]) }, nodes: [node] }),
    );
    expect(plain.obstacles).toHaveLength(1);
  });
});

describe('a graph', () => {
  it('may have its nodes in any order', () => {
    const plain = plainGraph(
      graphOf({
        opset: 13,
        nodes: [
          ['Relu', ['a'], ['y']],
          ['Neg', ['x'], ['a']],
        ],
      }),
    );
    expect(opsOf(plain)).toEqual(['Neg', 'Relu']);
  });

  it('loses what nothing reads, and says what it leaves out', () => {
    const nodes: NodeSpec[] = [
      ['Relu', ['x'], ['a']],
      ['Dropout', ['a', 'r', 't'], ['d']],
      ['Cast', ['d'], ['h'], { to: 10 }],
      ['Identity', ['h'], ['y']],
      ['Exp', ['x'], ['unread']],
    ];
    const constants = { r: floats([], 0.25), t: tensorData('bool', [], [1]) };
    const plain = plainGraph(graphOf({ opset: 13, constants, nodes }));
    expect(opsOf(plain)).toEqual(['Relu']);
    expect(plain.outputs[0]?.name).toBe('y');
    expect(plain.notes).toEqual([
      expect.stringContaining('1 node of Dropout with ratio 0.25, in training form'),
      expect.stringContaining('Cast to float16'),
    ]);
  });

  it('opens its functions, with their attributes', async () => {
    const model = graphOf({
      opset: 13,
      nodes: [
        ['own::Leaky', ['x'], ['a'], { slope: 0.25 }],
        ['own::Leaky', ['a'], ['y'], { slope: 0.5 }],
      ],
    });
    const leaky = {
      name: 'Leaky',
      domain: 'own',
      inputs: ['v'],
      outputs: ['w'],
      attributes: ['slope'],
      nodes: [
        nodeOf([
          'LeakyRelu',
          ['v'],
          ['inner'],
          { alpha: { type: 'ref', value: 'slope', of: 'float' } },
        ]),
        nodeOf(['Neg', ['inner'], ['w']]),
      ],
      opsets: [{ domain: '', version: 13 }],
      docString: '',
    };
    const opsets = [...model.opsets, { domain: 'own', version: 1 }];
    const { plain, difference } = await compared({ ...model, opsets, functions: [leaky] });
    expect(opsOf(plain)).toEqual(['LeakyRelu', 'Neg', 'LeakyRelu', 'Neg']);
    expect(difference).toBe(0);
  });

  const branch = (op: string, to: string) => ({
    type: 'graph' as const,
    value: {
      name: op,
      nodes: [nodeOf([op, ['x'], [to]])],
      inputs: [],
      outputs: [{ name: to }],
      initializers: [],
      valueInfo: [],
      docString: '',
    },
  });

  it('takes the branch of a constant condition', async () => {
    const constants = { yes: tensorData('bool', [], [1]), no: tensorData('bool', [], [0]) };
    const nodes: NodeSpec[] = [
      ['If', ['no'], ['a'], { then_branch: branch('Exp', 'b'), else_branch: branch('Neg', 'c') }],
      ['If', ['yes'], ['d'], { then_branch: branch('Relu', 'e'), else_branch: branch('Exp', 'f') }],
      ['Add', ['a', 'd'], ['y']],
    ];
    const { plain, difference } = await compared(graphOf({ opset: 16, constants, nodes }));
    expect(opsOf(plain).toSorted()).toEqual(['Add', 'Neg', 'Relu']);
    expect(difference).toBe(0);
  });

  it('tells all that cannot be imported at once', () => {
    const nodes: NodeSpec[] = [
      ['Relu', ['x'], ['a']],
      ['own::Secret', ['a'], ['b']],
      ['Neg', ['b'], ['c']],
      ['NonZero', ['a'], ['d']],
      ['Cast', ['d'], ['e'], { to: 1 }],
      ['Loop', ['', '', 'a'], ['f'], { body: branch('Neg', 'g') }],
    ];
    const plain = plainGraph(graphOf({ opset: 13, nodes, outputs: ['c', 'e', 'f'] }));
    expect(plain.obstacles.map(({ op }) => op).toSorted()).toEqual([
      'Loop',
      'NonZero',
      'own.Secret',
    ]);
    expect(plain.behind.map(({ op }) => op).toSorted()).toEqual(['Cast', 'Neg']);
  });

  it('refuses inputs other than one image', () => {
    const model = graphOf({ opset: 13, nodes: [['Add', ['x', 'z'], ['y']]] });
    const inputs = [
      ...model.graph.inputs,
      { name: 'z', dtype: 'float32' as const, shape: [batch, 3, 6, 5] },
    ];
    const plain = plainGraph({ ...model, graph: { ...model.graph, inputs } });
    expect(plain.obstacles).toEqual([
      { op: 'input', node: 'z', reason: expect.stringContaining('one image is taken') },
    ]);
  });
});

describe('a cut', () => {
  const model = graphOf({
    opset: 13,
    nodes: [
      ['Relu', ['x'], ['features']],
      ['own::Secret', ['features'], ['y']],
    ],
  });

  it('makes a value the only output, and leaves the rest behind', () => {
    const plain = plainGraph(model, { cut: 'features' });
    expect(plain.outputs.map(({ name }) => name)).toEqual(['features']);
    expect(plain.obstacles).toEqual([]);
  });

  it('names a value like that which is not there', () => {
    const error = failure(model, { cut: 'featuers', file: 'net.onnx' });
    expect(error).toMatchObject({
      code: 'onnx-cut',
      option: ['cut'],
      hint: 'did you mean features?',
    });
  });
});

describe('an open size', () => {
  const open = graphOf({
    opset: 13,
    image: [batch, 3, { symbol: 'h', factor: 1 }, { symbol: 'w', factor: 1 }],
    nodes: [['Relu', ['x'], ['y']]],
  });

  it('is asked for by its option', () => {
    expect(failure(open)).toMatchObject({ code: 'onnx-size', option: ['size'] });
  });

  it('is what is given', () => {
    expect(plainGraph(open, { size: 32 }).input.shape).toEqual([
      { symbol: 'N', factor: 1 },
      3,
      32,
      32,
    ]);
  });

  it('of the channels has no option', () => {
    const image = [batch, { symbol: '?', factor: 1 }, 8, 8];
    const error = failure(graphOf({ opset: 13, image, nodes: [['Relu', ['x'], ['y']]] }));
    expect(error.message).toContain('number of channels');
  });

  it('cannot be given where the file fixes it', () => {
    expect(
      failure(graphOf({ opset: 13, nodes: [['Relu', ['x'], ['y']]] }), { size: 32 }),
    ).toMatchObject({ option: ['size'] });
  });
});

describe('a quantised graph', () => {
  const byte = (...data: number[]): OnnxTensor =>
    tensorData('uint8', data.length === 1 ? [] : [data.length], data);
  const constants = {
    s: floats([], 0.02),
    z: byte(0),
    m: byte(128),
    w: tensorData('uint8', [2, 3, 1, 1], [100, 150, 128, 30, 200, 128]),
    ws: floats([], 0.01),
    b: tensorData('int32', [2], [500, -900]),
  };

  it('becomes one of floats, with the ReLU that quantisation took away', async () => {
    const nodes: NodeSpec[] = [
      ['QuantizeLinear', ['x', 's', 'm'], ['q']],
      ['DequantizeLinear', ['q', 's', 'm'], ['d']],
      ['DequantizeLinear', ['w', 'ws', 'm'], ['k']],
      ['Conv', ['d', 'k'], ['c']],
      ['QuantizeLinear', ['c', 's', 'z'], ['p']],
      ['DequantizeLinear', ['p', 's', 'z'], ['y']],
    ];
    const { plain, difference } = await compared(graphOf({ opset: 13, constants, nodes }));
    expect(opsOf(plain)).toEqual(['Conv', 'Relu']);
    expect(difference).toBeLessThan(0.05);
  });

  it('may have operators of whole numbers', async () => {
    const nodes: NodeSpec[] = [
      ['QuantizeLinear', ['x', 's', 'm'], ['q']],
      ['QLinearConv', ['q', 's', 'm', 'w', 'ws', 'm', 's', 'm', 'b'], ['c']],
      ['DequantizeLinear', ['c', 's', 'm'], ['y']],
    ];
    const { plain, difference } = await compared(graphOf({ opset: 13, constants, nodes }));
    expect(opsOf(plain)).toEqual(['Conv']);
    expect(difference).toBeLessThan(0.05);
  });

  it('may be quantised as it runs', async () => {
    const nodes: NodeSpec[] = [
      ['DynamicQuantizeLinear', ['x'], ['q', 'qs', 'qz']],
      ['ConvInteger', ['q', 'w', 'qz', 'm'], ['i']],
      ['Cast', ['i'], ['f'], { to: 1 }],
      ['Mul', ['qs', 'ws'], ['by']],
      ['Mul', ['f', 'by'], ['y']],
    ];
    const { plain, difference } = await compared(graphOf({ opset: 13, constants, nodes }));
    expect(opsOf(plain)).toEqual(['Conv']);
    expect(difference).toBeLessThan(0.05);
  });
});

describe('a broken graph', () => {
  const broken: readonly (readonly [string, OnnxModel])[] = [
    [
      'a cycle',
      graphOf({
        opset: 13,
        nodes: [
          ['Add', ['x', 'b'], ['a']],
          ['Relu', ['a'], ['b']],
          ['Neg', ['b'], ['y']],
        ],
      }),
    ],
    ['a value that nothing makes', graphOf({ opset: 13, nodes: [['Add', ['x', 'lost'], ['y']]] })],
    [
      'a value made twice',
      graphOf({
        opset: 13,
        nodes: [
          ['Relu', ['x'], ['y']],
          ['Neg', ['x'], ['a']],
          ['Neg', ['a'], ['x']],
          ['Add', ['y', 'x'], ['z']],
        ],
        outputs: ['z'],
      }),
    ],
    ['an opset that is too old', graphOf({ opset: 6, nodes: [['Relu', ['x'], ['y']]] })],
    [
      'no image',
      graphOf({ opset: 13, constants: { k: ints(1) }, nodes: [['Cast', ['k'], ['y'], { to: 1 }]] }),
    ],
  ];

  it.each(broken.map(([name, model]) => ({ name, model })))(
    'is an error that names the file: $name',
    ({ model }) => {
      expect(failure(model, { file: 'net.onnx' }).message).toContain('net.onnx');
    },
  );

  it('that asks for huge tensors is refused at once', () => {
    const constants = { s: ints(2 ** 40, 2 ** 40), big: ints(2 ** 31) };
    const nodes: NodeSpec[] = [
      ['ConstantOfShape', ['s'], ['a']],
      ['ConstantOfShape', ['big'], ['c']],
      ['Add', ['x', 'a'], ['y']],
      ['Add', ['x', 'c'], ['z']],
    ];
    const begin = performance.now();
    const plain = plainGraph(graphOf({ opset: 13, constants, nodes, outputs: ['y', 'z'] }));
    expect(plain.obstacles.length).toBeGreaterThan(0);
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  it('of functions that call themselves is refused', () => {
    const model = graphOf({ opset: 13, nodes: [['own::Self', ['x'], ['y']]] });
    const self = {
      name: 'Self',
      domain: 'own',
      inputs: ['v'],
      outputs: ['w'],
      attributes: [],
      nodes: [nodeOf(['own::Self', ['v'], ['w']])],
      opsets: [],
      docString: '',
    };
    expect(failure({ ...model, functions: [self] }).code).toBe('onnx-graph');
  });
});
