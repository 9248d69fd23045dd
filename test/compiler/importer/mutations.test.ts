import { describe, expect, it } from 'vitest';
import { plainGraph } from '../../../src/compiler/importer/plain/makePlain.js';
import type {
  OnnxAttribute,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
} from '../../../src/compiler/onnx/model.js';
import { readModel } from '../../../src/compiler/onnx/reader.js';
import { writeModel } from '../../../src/compiler/onnx/writer.js';
import { ArtifactError } from '../../../src/support/errors.js';
import { tensorData } from '../../../src/support/tensor.js';
import { graphOf, ints, noise } from './graphs.js';

const rounds = Number(process.env['GRADUS_MUTATIONS'] ?? 300);

/** A network with most kinds of nodes that are folded, dropped or rewritten. */
const model = graphOf({
  opset: 11,
  image: [1, 3, 8, 8],
  constants: {
    w: noise([4, 3, 3, 3]),
    scale: noise([4], 2),
    zero: tensorData('int64', [], [0]),
    rest: ints(-1),
    v: noise([64, 5]),
    b: noise([5]),
    sizes: ints(1, 4, 8, 8),
    half: tensorData('float16', [4, 1, 1], [1, 2, 3, 4]),
    pads: ints(0, 0, 1, 1, 0, 0, 1, 1),
  },
  nodes: [
    ['Pad', ['x', 'pads'], ['p'], { mode: 'reflect' }],
    ['Conv', ['p', 'w', 'scale'], ['c'], { strides: [2, 2] }],
    ['Cast', ['half'], ['h'], { to: 1 }],
    ['Mul', ['c', 'h'], ['m']],
    ['Resize', ['m', '', '', 'sizes'], ['r'], { mode: 'linear' }],
    ['MaxPool', ['r'], ['q'], { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' }],
    ['Split', ['q'], ['s1', 's2'], { axis: 1 }],
    ['Concat', ['s2', 's1'], ['k'], { axis: 1 }],
    ['Shape', ['k'], ['shape']],
    ['Gather', ['shape', 'zero'], ['n']],
    ['Unsqueeze', ['n'], ['u'], { axes: [0] }],
    ['Concat', ['u', 'rest'], ['flat'], { axis: 0 }],
    ['Reshape', ['k', 'flat'], ['f']],
    ['Gemm', ['f', 'v', 'b'], ['g'], { alpha: 0.5 }],
    ['Softmax', ['g'], ['y'], { axis: 1 }],
  ],
});

function draw(state: { seed: number }): (below: number) => number {
  return (below) => {
    state.seed = (Math.imul(state.seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((state.seed / 2 ** 32) * below);
  };
}

type Draw = ReturnType<typeof draw>;

const odd = [0, -1, 1, 2, 3, 7, -5, 2 ** 31, -(2 ** 31), 2 ** 40, 2 ** 62, 65_536, 0.5];
const pick = <T>(list: readonly T[], below: Draw): T | undefined => list[below(list.length)];

/** The model with something in it that another tool, or a bad disk, could have put there. */
function changedModel(below: Draw): OnnxModel {
  const { graph } = model;
  const names = [
    ...graph.nodes.flatMap(({ outputs }) => outputs),
    ...graph.initializers.map(({ name }) => name),
    'x',
    '',
    'lost',
  ];
  const at = below(graph.nodes.length);
  const one = (list: readonly string[]): string[] =>
    list.map((name, i) => (i === below(list.length) ? (pick(names, below) ?? '') : name));
  const attributes = ({ attributes }: OnnxNode): Map<string, OnnxAttribute> =>
    new Map(
      [...attributes].map(([name, value]) => [
        name,
        below(2) === 0 ? changedAttribute(value, below) : value,
      ]),
    );
  const change = (node: OnnxNode): OnnxNode => {
    switch (below(5)) {
      case 0:
        return { ...node, inputs: one(node.inputs) };
      case 1:
        return { ...node, outputs: one(node.outputs) };
      case 2:
        return { ...node, opType: pick(graph.nodes, below)?.opType ?? '' };
      case 3:
        return { ...node, inputs: node.inputs.slice(0, below(3)) };
      default:
        return { ...node, attributes: attributes(node) };
    }
  };
  const nodes = graph.nodes.map((node, i) => (i === at ? change(node) : node));
  const chosen = below(graph.initializers.length);
  const initializers = graph.initializers.map(({ name, tensor }, i) => ({
    name,
    tensor: i === chosen && below(2) === 0 ? changedTensor(tensor, below) : tensor,
  }));
  const inputs = graph.inputs.map((input) =>
    below(6) === 0
      ? {
          ...input,
          shape: input.shape?.map((dim) => (below(3) === 0 ? (pick(odd, below) ?? 0) : dim)),
        }
      : input,
  );
  return { ...model, graph: { ...graph, nodes, initializers, inputs } };
}

function changedAttribute(attribute: OnnxAttribute, below: Draw): OnnxAttribute {
  const number = pick(odd, below) ?? 0;
  if (attribute.type === 'int') return { type: 'int', value: number };
  if (attribute.type === 'ints')
    return { type: 'ints', value: [...attribute.value, number].slice(below(2)) };
  return (
    pick<OnnxAttribute>(
      [
        { type: 'string', value: 'odd' },
        { type: 'ints', value: [number] },
        { type: 'int', value: number },
      ],
      below,
    ) ?? attribute
  );
}

function changedTensor(tensor: OnnxTensor, below: Draw): OnnxTensor {
  if (tensor.dtype === 'int64')
    return tensorData(
      'int64',
      tensor.shape,
      Array.from({ length: tensor.data.length }, () => pick(odd, below) ?? 0).map(Math.trunc),
    );
  return noise([tensor.data.length, ...Array<number>(below(3)).fill(1)]);
}

describe('a damaged model', () => {
  it(`is made plain or refused by name, soon, in ${rounds} ways of damage`, () => {
    const below = draw({ seed: 11 });
    const bytes = writeModel(model).bytes;
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      const begin = performance.now();
      try {
        if (round % 3 === 0) {
          const copy = bytes.slice(0, below(4) === 0 ? below(bytes.length) : bytes.length);
          for (let i = below(4); i >= 0; i--) copy[below(copy.length)] = below(256);
          plainGraph(readModel(copy));
        } else if (plainGraph(changedModel(below)).obstacles.length > 0) refused++;
      } catch (error) {
        if (!(error instanceof ArtifactError)) throw new Error(`round ${round}`, { cause: error });
        refused++;
      }
      expect(performance.now() - begin, `round ${round}`).toBeLessThan(5000);
    }
    expect(refused).toBeGreaterThan(rounds / 4);
    expect(refused).toBeLessThan(rounds);
  });
});
