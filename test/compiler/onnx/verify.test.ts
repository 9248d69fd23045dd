import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import type {
  OnnxAttribute,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
} from '../../../src/compiler/onnx/model.js';
import { assertValidModel, verifyModel } from '../../../src/compiler/onnx/verify.js';
import { ArtifactError } from '../../../src/support/errors.js';
import { tensorData } from '../../../src/support/tensor.js';
import { exampleModel } from './exampleModel.js';

const model = exampleModel(21);

const messages = (wrong: OnnxModel): string[] =>
  verifyModel(wrong).map(({ where, message }) => `${where}: ${message}`);

const withGraph = (change: Partial<OnnxGraph>): OnnxModel => ({
  ...model,
  graph: { ...model.graph, ...change },
});

/** The example with its first node of a type changed. */
function withNode(opType: string, change: (node: OnnxNode) => Partial<OnnxNode>): OnnxModel {
  const index = model.graph.nodes.findIndex((node) => node.opType === opType);
  return withGraph({
    nodes: model.graph.nodes.map((node, i) => (i === index ? { ...node, ...change(node) } : node)),
  });
}

const withAttribute = (opType: string, name: string, value: OnnxAttribute): OnnxModel =>
  withNode(opType, ({ attributes }) => ({ attributes: new Map([...attributes, [name, value]]) }));

describe('verifyModel finds', () => {
  it.each<[string, OnnxModel, string]>([
    [
      'an operator that does not exist',
      withNode('Gemm', () => ({ opType: 'Gem' })),
      'Gem does not exist in opset 21 of ai.onnx',
    ],
    [
      'an operator of a later opset',
      withNode('Gemm', () => ({ opType: 'Swish', inputs: ['image'], attributes: new Map() })),
      'Swish does not exist in opset 21 of ai.onnx',
    ],
    [
      'a deprecated operator',
      withNode('Gemm', () => ({ opType: 'Upsample' })),
      'Upsample is deprecated in opset 21 of ai.onnx',
    ],
    [
      'a domain that is not imported',
      withNode('Gemm', () => ({ domain: 'com.microsoft' })),
      'the domain com.microsoft is not imported',
    ],
    [
      'a missing input',
      withNode('Conv', ({ inputs }) => ({ inputs: inputs.slice(0, 1) })),
      'input W is missing',
    ],
    [
      'an input too many',
      withNode('GlobalAveragePool', ({ inputs }) => ({ inputs: [...inputs, ...inputs] })),
      '2 inputs, GlobalAveragePool has 1',
    ],
    [
      'an output too many',
      withNode('Dropout', ({ outputs }) => ({ outputs: [...outputs, 'a', 'b'] })),
      '3 outputs, Dropout has 2',
    ],
    [
      'an unknown attribute',
      withAttribute('Conv', 'groups', { type: 'int', value: 1 }),
      'attribute groups is unknown to Conv-11',
    ],
    [
      'an attribute of a wrong type',
      withAttribute('Conv', 'group', { type: 'float', value: 1 }),
      'attribute group is of type float, not int',
    ],
    [
      'a reference to an attribute outside a function',
      withAttribute('Conv', 'group', { type: 'ref', value: 'g', of: 'int' }),
      'attribute group refers to g, which is not an attribute of the function',
    ],
    [
      'a missing attribute of a function',
      withNode('StochasticDepth', () => ({ attributes: new Map() })),
      'attribute survival is missing',
    ],
    [
      'a wrong number of inputs of a function',
      withNode('StochasticDepth', ({ inputs }) => ({ inputs: [...inputs, 'mask'] })),
      '3 inputs, StochasticDepth has 2',
    ],
    [
      'a value used before it is defined',
      withGraph({ nodes: [...model.graph.nodes].reverse() }),
      'is used before it is defined',
    ],
    [
      'a name defined twice',
      withNode('Gemm', () => ({ outputs: ['image'] })),
      'image is defined twice',
    ],
    [
      'an output that nothing defines',
      withGraph({ outputs: [{ name: 'loss', dtype: 'float32', shape: [] }] }),
      'example: output loss is not defined',
    ],
    [
      'an output of another type than declared',
      withGraph({ outputs: [{ name: 'logits', dtype: 'float64', shape: [] }] }),
      'output logits is declared double but is float',
    ],
    [
      'an element type that an operator does not take',
      withGraph({ inputs: model.graph.inputs.map((input) => ({ ...input, dtype: 'int32' })) }),
      'input X is int32, not float16 or float or double',
    ],
    [
      'inputs of different types',
      withGraph({ inputs: model.graph.inputs.map((input) => ({ ...input, dtype: 'float64' })) }),
      'input W is float where another input of type T is double',
    ],
    [
      'an opset that we do not know',
      { ...model, opsets: [{ domain: '', version: 16 }] },
      'opset 16 is outside 17 to 24',
    ],
    ['no opset at all', { ...model, opsets: [] }, 'no opset of ai.onnx is imported'],
    [
      'a binding of what is no initializer',
      { ...model, trainingInfo: [{ updateBinding: { w: 'x' }, initializationBinding: {} }] },
      'algorithm: binding of w, which is not an initializer',
    ],
    [
      'a binding to what is no output',
      { ...model, trainingInfo: [{ updateBinding: {}, initializationBinding: { w: 'x' } }] },
      'initialization: binding to x, which is not an output',
    ],
  ])('%s', (_, wrong, message) => {
    expect(messages(wrong).join('\n')).toContain(message);
  });

  it('a fault inside a function', () => {
    const functions = model.functions.map((fn) => ({ ...fn, nodes: fn.nodes.slice(1) }));
    expect(messages({ ...model, functions })[0]).toMatch(
      /^function ai.gradus.StochasticDepth: .*is used before it is defined$/,
    );
  });

  it('an output that a function does not define', () => {
    const functions = model.functions.map((fn) => ({ ...fn, outputs: ['z'] }));
    expect(messages({ ...model, functions })).toContain(
      'function ai.gradus.StochasticDepth: output z is not defined',
    );
  });

  it('a fault inside a subgraph, and the type that a subgraph gives', () => {
    const builder = new GraphBuilder({ opset: 21, name: 'nested' });
    const { b } = builder;
    const x = builder.input('x', 'float32', []);
    const branch = () => b.subgraph('branch', [], () => [b.Cast(x, { to: 7 })]);
    const cond = b.constant(tensorData('bool', [], [1]));
    const [y = x] = b.If(cond, { then_branch: branch(), else_branch: branch() }, 1);
    builder.output(y, 'y', 'float32', []);
    expect(messages(builder.build())).toEqual(['nested: output y is declared float but is int64']);
  });

  it('a required attribute that is missing', () => {
    const builder = new GraphBuilder({ opset: 21, name: 'pool' });
    const x = builder.input('x', 'float32', [1, 1, 2, 2]);
    const y = builder.b.MaxPool(x, { kernel_shape: [2, 2] });
    builder.output(y, 'y', 'float32', [1, 1, 1, 1]);
    const { graph, ...rest } = builder.build();
    const nodes = graph.nodes.map((node) => ({ ...node, attributes: new Map() }));
    expect(messages({ ...rest, graph: { ...graph, nodes } })).toEqual([
      'pool: MaxPool: attribute kernel_shape is missing',
    ]);
  });
});

describe('assertValidModel', () => {
  it('lets a valid model pass', () => {
    expect(() => assertValidModel(model)).not.toThrow();
  });

  it("names the node and the user's line", () => {
    const wrong = withAttribute('Conv', 'groups', { type: 'int', value: 1 });
    expect(() => assertValidModel(wrong, 'train.onnx')).toThrowErrorMatchingInlineSnapshot(`
      [ArtifactError: the ONNX model example is not valid
        example: blocks.0.conv/Conv: attribute groups is unknown to Conv-11 (from my.model.ts:31:9)]
    `);
    expect(() => assertValidModel(wrong)).toThrow(ArtifactError);
  });

  it('lists the first five of many problems', () => {
    const wrong = withGraph({ nodes: [...model.graph.nodes].reverse() });
    expect(() => assertValidModel(wrong)).toThrow(/(\n.*){5}\n {2}and \d+ more/);
  });
});
