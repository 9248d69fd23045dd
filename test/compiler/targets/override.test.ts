import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { defineOp, viewOf } from '../../../src/compiler/ir/op.js';
import { conv } from '../../../src/compiler/ops/conv.js';
import { relu } from '../../../src/compiler/ops/elementwise.js';
import { batchNormTrain } from '../../../src/compiler/ops/norm.js';
import { override } from '../../../src/compiler/targets/override.js';

const window = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] } as const;

/** A convolution of two groups, without a bias. */
function grouped() {
  const graph = new Graph('grouped');
  const x = graph.input('x', 'float32', [1, 4, 3, 3]);
  const y = conv(x, graph.input('w', 'float32', [4, 2, 1, 1]), undefined, { ...window, groups: 2 });
  return { x, node: y.producer };
}

describe('a rule of a target', () => {
  const rule = override(conv, {
    name: 'ungrouped',
    layouts: { in: { x: 'blocked' }, out: 'blocked' },
    when: ({ b }, { groups }) => (b ? 'a bias' : groups === 1 || `${groups} groups`),
    onnx: (_, { x }) => x,
  });

  it('sees operands and attributes by name, and says why it does not fit', () => {
    const { node } = grouped();
    const types = {
      inputs: node?.inputs.map((input) => input?.type) ?? [],
      outputs: node?.outputs.map(({ type }) => type) ?? [],
    };
    expect(rule.declines(node?.attrs ?? {}, types)).toBe('2 groups');
    expect(rule.declines({ ...node?.attrs, groups: 1 }, types)).toBeUndefined();
  });

  it('names the layouts that are not plain', () => {
    expect(rule.layouts).toEqual({ inputs: ['blocked', 'plain', 'plain'], outputs: ['blocked'] });
  });

  it('that forgets or misspells an operand or a result is a type error', () => {
    const name = 'wrong';
    const wrong = () => [
      // @ts-expect-error A convolution has no operand y.
      override(conv, { name, when: ({ y }) => typeof y === 'object' || '', onnx: (_, { x }) => x }),
      // @ts-expect-error Its bias may be missing.
      override(conv, { name, onnx: (_, { b }) => b }),
      // @ts-expect-error Nor has it an operand dy that could be blocked.
      override(conv, { name, layouts: { in: { dy: 'blocked' } }, onnx: (_, { x }) => x }),
      // @ts-expect-error Batch normalisation has three results.
      override(batchNormTrain, { name, onnx: (_, { x }) => x }),
      // @ts-expect-error A primitive states its traits.
      defineOp('silent', { inputs: ['x'], type: ({ x }) => x, reference: ({ x }) => x }),
    ];
    expect(wrong).toBeTypeOf('function');
  });
});

describe('the view of a node', () => {
  it('has its operands by name and typed attributes, and is none for another primitive', () => {
    const { x, node } = grouped();
    const view = viewOf(conv, node);
    expect(view?.inputs.x).toBe(x);
    expect(view?.inputs.b).toBeUndefined();
    expect(view?.attrs.groups).toBe(2);
    expect(viewOf(relu, node)).toBeUndefined();
    expect(viewOf(conv, x.producer)).toBeUndefined();
  });
});
