import { describe, expect, it } from 'vitest';
import { opsetVersions } from '../../../generated/onnx/index.js';
import { GraphBuilder } from '../../../src/compiler/onnx/builder.js';
import { sourceKey, sourceOf, type OnnxGraph } from '../../../src/compiler/onnx/model.js';
import { irVersionOf } from '../../../src/compiler/onnx/schema.js';
import { verifyModel } from '../../../src/compiler/onnx/verify.js';
import { InternalError } from '../../../src/support/errors.js';
import type { OnnxValue } from '../../../src/support/onnxValue.js';
import { tensorData } from '../../../src/support/tensor.js';
import { exampleModel } from './exampleModel.js';

const build = (opset: 17 | 21 = 21) => new GraphBuilder({ opset, name: 'test' });
const ones = (...shape: number[]) =>
  tensorData('float32', shape, Array<number>(shape.reduce((a, b) => a * b, 1)).fill(1));
const source = { file: 'my.model.ts', line: 31, column: 14 };
const text = ({ nodes }: OnnxGraph): string[] =>
  nodes.map((node) => `${node.outputs.join()} = ${node.opType}(${node.inputs.join()})`);

describe('constants', () => {
  it('with equal type, shape and bytes share an initializer', () => {
    const builder = build();
    const { b } = builder;
    expect(b.ints(1, 2)).toBe(b.ints(1, 2));
    expect(b.scalar(1)).toBe(b.constant(ones()));
    expect(b.constant(ones(300, 300))).toBe(b.constant(ones(300, 300)));
    expect(builder.build().graph.initializers).toHaveLength(3);
  });

  it('that differ in type, shape or one byte do not', () => {
    const { b } = build();
    const almost = ones(300, 300);
    almost.data[89_998] = 2;
    const values = [b.constant(ones(300, 300)), b.constant(almost), b.constant(ones(90_000))];
    expect(new Set([...values, b.scalar(1), b.scalar(1, 'float64')]).size).toBe(5);
  });

  it('of a node of its own are never shared, not even with themselves', () => {
    const builder = build();
    const { b } = builder;
    const zeros = ones(4);
    const values = [b.ownConstant(zeros), b.constant(zeros), b.ownConstant(zeros)];
    expect(new Set(values).size).toBe(3);
    const names = builder.build().graph.initializers.map(({ name }) => name);
    expect(new Set(names).size).toBe(3);
  });
});

describe('names and sources', () => {
  it('come from the layer, readable and unique', () => {
    const builder = build();
    const x = builder.input('x', 'float32', [2]);
    const twice = () => builder.b.Relu(builder.b.Relu(x));
    builder.at({ name: 'blocks.0.act' }, twice);
    builder.at({ name: 'blocks.0.act' }, twice);
    expect(builder.build().graph.nodes.map(({ name }) => name)).toEqual([
      'blocks.0.act/Relu',
      'blocks.0.act/Relu_1',
      'blocks.0.act/Relu_2',
      'blocks.0.act/Relu_3',
    ]);
  });

  it('return to the outer layer when an inner one ends, or throws', () => {
    const builder = build();
    const x = builder.input('x', 'float32', [2]);
    builder.at({ name: 'outer' }, () => {
      expect(() =>
        builder.at({ name: 'inner' }, () => {
          throw new InternalError('stop', { code: 'test' });
        }),
      ).toThrow('stop');
      return builder.b.Relu(x);
    });
    expect(builder.build().graph.nodes[0]?.name).toBe('outer/Relu');
  });

  it.each(opsetVersions)('lead back to the user at opset %i', (opset) => {
    const builder = new GraphBuilder({ opset, name: 'test' });
    builder.at({ name: 'act', source }, () => builder.b.Relu(builder.input('x', 'float32', [2])));
    const [node] = builder.build().graph.nodes;
    const inMetadata = irVersionOf(opset) >= 10;
    expect(node?.metadata).toEqual(inMetadata ? { [sourceKey]: 'my.model.ts:31:14' } : {});
    expect(node?.docString).toBe(inMetadata ? '' : 'my.model.ts:31:14');
    expect(node && sourceOf(node)).toBe('my.model.ts:31:14');
  });
});

describe('output', () => {
  it('renames the value that it is made from, in nodes that read it too', () => {
    const builder = build();
    const y = builder.b.Relu(builder.input('x', 'float32', [2]));
    builder.b.Neg(y);
    builder.output(y, 'y', 'float32', [2]);
    expect(text(builder.build().graph)).toEqual(['y = Relu(x)', 'Neg = Neg(y)']);
  });

  it('copies an input, an initializer and what already is an output', () => {
    const builder = build();
    const x = builder.input('x', 'float32', [2]);
    const y = builder.b.Relu(x);
    builder.output(x, 'same', 'float32', [2]);
    builder.output(builder.initializer('w', ones(2)), 'w_out', 'float32', [2]);
    builder.output(y, 'y', 'float32', [2]);
    builder.output(y, 'y_again', 'float32', [2]);
    const model = builder.build();
    expect(text(model.graph).slice(1)).toEqual([
      'same = Identity(x)',
      'w_out = Identity(w)',
      'y_again = Identity(y)',
    ]);
    expect(verifyModel(model)).toEqual([]);
  });

  it('takes its name from an intermediate value, but from nothing that is named on purpose', () => {
    const builder = build();
    const x = builder.input('x', 'float32', [2]);
    const relu = builder.b.Relu(x);
    builder.output(builder.b.Neg(relu), 'Relu', 'float32', [2]);
    const model = builder.build();
    expect(model.graph.nodes[1]?.outputs).toEqual(['Relu']);
    expect(verifyModel(model)).toEqual([]);
    expect(() => builder.output(builder.b.Abs(x), 'x', 'float32', [2])).toThrow(InternalError);
    expect(() => builder.input('Relu', 'float32', [2])).toThrow(InternalError);
  });
});

describe('functions and subgraphs', () => {
  it('are built once, with constants as nodes', () => {
    const builder = build(17);
    const { b } = builder;
    const x = builder.input('x', 'float32', [2]);
    const spec = { name: 'Twice', domain: 'test', inputs: ['a'], outputs: ['r'] };
    const define = () => builder.defineFunction(spec, ([a]) => (a ? [b.Mul(a, b.scalar(2))] : []));
    const [y] = builder.call(define(), [x]);
    const [z] = builder.call(define(), [y ?? x]);
    builder.output(z ?? x, 'z', 'float32', [2]);
    const model = builder.build();
    expect(model.functions).toHaveLength(1);
    expect(model.functions[0]?.nodes.map(({ opType }) => opType)).toEqual(['Constant', 'Mul']);
    expect(model.graph.initializers).toEqual([]);
    expect(verifyModel(model)).toEqual([]);
  });

  it('cannot read values of a graph that is not around them', () => {
    const builder = build();
    const x = builder.input('x', 'float32', [2]);
    const spec = { name: 'F', domain: 'test', inputs: ['a'], outputs: ['r'] };
    expect(() => builder.defineFunction(spec, () => [builder.b.Relu(x)])).toThrow(InternalError);
    let inner: OnnxValue = x;
    builder.b.subgraph('body', [], () => [(inner = builder.b.Relu(x))]);
    expect(() => builder.b.Neg(inner)).toThrow('is not a value that this graph can read');
    expect(() => build().b.Neg(x)).toThrow(InternalError);
  });

  it('give outputs of their own for what they only pass on', () => {
    const builder = build();
    const { b } = builder;
    const x = builder.input('x', 'float32', [2]);
    const body = b.subgraph(
      'body',
      [
        { name: 'i', dtype: 'int64', shape: [] },
        { name: 'going', dtype: 'bool', shape: [] },
        { name: 'v', dtype: 'float32', shape: [2] },
      ],
      (_, going, v) => [going, b.Add(v, x)],
    );
    const [y = x] = b.Loop(b.constant(tensorData('int64', [], [3])), null, [x], { body }, 1);
    builder.output(y, 'y', 'float32', [2]);
    const model = builder.build();
    expect(verifyModel(model)).toEqual([]);
    const attribute = model.graph.nodes[0]?.attributes.get('body');
    expect(attribute?.type === 'graph' ? text(attribute.value) : []).toEqual([
      'Add = Add(v,x)',
      'Identity = Identity(going)',
    ]);
  });
});

describe('operator calls', () => {
  it.each([
    ['an unknown attribute', { kernel: [3] }, 'Conv-11: attribute kernel is unknown'],
    ['an attribute of another type', { group: 1.5 }, 'Conv-11: attribute group is not of type int'],
  ])('refuse %s', (_, attributes, message) => {
    const builder = build();
    const x = builder.input('x', 'float32', [1, 1, 4, 4]);
    expect(() => builder.b.Conv(x, x, null, attributes as object)).toThrow(message);
  });

  it('refuse missing inputs, missing attributes and too many outputs', () => {
    const builder = build();
    const x = builder.input('x', 'float32', [1, 1, 4, 4]);
    // What the types refuse, JavaScript would let through.
    const loose = builder.b as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => loose['Conv']?.(x)).toThrow('Conv-11: input W is missing');
    expect(() => loose['Concat']?.([x], {})).toThrow('Concat-13: attribute axis is missing');
    expect(() => loose['MaxPool']?.(x, { kernel_shape: [2, 2] }, 3)).toThrow('outputs');
    expect(() => loose['Relu']?.(x, x)).toThrow('Relu-14: too many arguments');
    expect(() => loose['Relu']?.('x')).toThrow('X is not a value of a GraphBuilder');
  });

  it('leave out absent trailing inputs and keep the places of earlier ones', () => {
    const builder = build();
    const x = builder.input('x', 'float32', [2]);
    builder.b.Clip(x, null, builder.b.scalar(6));
    builder.b.Clip(x, null, null);
    expect(builder.build().graph.nodes.map(({ inputs }) => inputs)).toEqual([
      ['x', '', 'constants/float32'],
      ['x'],
    ]);
  });

  it('import the domains that they use, and no other', () => {
    const builder = build();
    const x = builder.input('x', 'float32', [2, 2]);
    builder.output(builder.b.ms.FusedMatMul(x, x, { transA: 1 }), 'y', 'float32', [2, 2]);
    expect(builder.build().opsets).toEqual([
      { domain: '', version: 21 },
      { domain: 'com.microsoft', version: 1 },
    ]);
  });
});

it.each(opsetVersions)('the example passes our own verifier at opset %i', (opset) => {
  expect(verifyModel(exampleModel(opset))).toEqual([]);
});
