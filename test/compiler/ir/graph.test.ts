import { describe, expect, it } from 'vitest';
import { Graph, Node, Value } from '../../../src/compiler/ir/graph.js';
import { printGraph } from '../../../src/compiler/ir/print.js';
import { rewriteGraph } from '../../../src/compiler/ir/rewrite.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import { constant } from '../../../src/compiler/ops/constant.js';
import { add, exp, neg, relu } from '../../../src/compiler/ops/elementwise.js';
import { batchNormTrain } from '../../../src/compiler/ops/norm.js';
import { reshape } from '../../../src/compiler/ops/shape.js';
import { InternalError } from '../../../src/support/errors.js';
import { batchDim } from '../../../src/support/shape.js';
import { tensorData } from '../../../src/support/tensor.js';

interface Sample {
  readonly graph: Graph;
  readonly x: Value;
  readonly y: Value;
}

function sample(): Sample {
  const graph = new Graph('net');
  const x = graph.input('image', 'float32', [batchDim, 2, 3, 3]);
  const scale = graph.input('bn.weight', 'float32', [2]);
  const zeros = constant(graph, tensorData('float32', [2], [0, -0]));
  const long = constant(graph, tensorData('float32', [1, 1, 3, 3], new Float32Array(9).fill(2)));
  const site = { file: 'net.model.ts', line: 4, column: 9 };
  const { y, mean } = graph.within({ scope: 'bn', phase: 'forward', site }, () =>
    batchNormTrain(add(x, long), scale, zeros, { epsilon: 1e-3 }),
  );
  const flat = graph.within({ scope: 'head', phase: 'backward' }, () =>
    reshape(relu(y), { shape: [batchDim, 18] }),
  );
  graph.output('logits', flat);
  graph.output('mean', mean);
  return { graph, x, y };
}

describe('the text of a graph', () => {
  it('shows inputs, nodes with attributes and types, and outputs', () => {
    expect(printGraph(sample().graph)).toMatchInlineSnapshot(`
      "graph net
      inputs
        image: float32[N,2,3,3]
        bn.weight: float32[2]
      nodes
        %0 = constant() {tensor: [0,-0]}: float32[2]
        %1 = constant() {tensor: #c8e706f60fced76b}: float32[1,1,3,3]
        %2 = add(image, %1): float32[N,2,3,3]
        %3, %4, %5 = batchNormTrain(%2, bn.weight, %0) {epsilon: 0.001}: float32[N,2,3,3], float32[2], float32[2]
        %6 = relu(%3): float32[N,2,3,3]
        %7 = reshape(%6) {shape: [N,18]}: float32[N,18]
      outputs
        logits = %7
        mean = %4"
    `);
  });

  it('shows where nodes come from when asked', () => {
    const lines = printGraph(sample().graph, { origins: true }).split('\n');
    expect(lines.filter((line) => line.includes('#') && !line.includes('constant')))
      .toMatchInlineSnapshot(`
      [
        "  %2 = add(image, %1): float32[N,2,3,3]  # bn net.model.ts:4:9",
        "  %3, %4, %5 = batchNormTrain(%2, bn.weight, %0) {epsilon: 0.001}: float32[N,2,3,3], float32[2], float32[2]  # bn net.model.ts:4:9",
        "  %6 = relu(%3): float32[N,2,3,3]  # backward head",
        "  %7 = reshape(%6) {shape: [N,18]}: float32[N,18]  # backward head",
      ]
    `);
  });

  it('tells tensors apart that it does not write out', () => {
    const text = (last: number): string => {
      const graph = new Graph('g');
      graph.output(
        'y',
        constant(graph, tensorData('float32', [9], [1, 2, 3, 4, 5, 6, 7, 8, last])),
      );
      return printGraph(graph);
    };
    expect(text(9)).toBe(text(9));
    expect(text(9)).not.toBe(text(10));
  });
});

describe('rewriting', () => {
  it('copies a graph with its inputs, names and origins', () => {
    const { graph } = sample();
    const copy = rewriteGraph(graph, () => undefined);
    verifyGraph(copy);
    expect(printGraph(copy, { origins: true })).toBe(printGraph(graph, { origins: true }));
    expect(copy.nodes.some((node) => graph.nodes.includes(node))).toBe(false);
  });

  it('puts values in the place of nodes, which carry the origin of what they replace', () => {
    const { graph } = sample();
    const copy = rewriteGraph(graph, (node, [x]) =>
      node.op === relu && x ? [neg(exp(x))] : undefined,
    );
    verifyGraph(copy);
    const made = copy.nodes.filter(({ op }) => op === neg || op === exp);
    expect(made.map(({ origin }) => origin.scope)).toEqual(['head', 'head']);
    expect(copy.nodes.some(({ op }) => op === relu)).toBe(false);
  });

  it('refuses a value of another type, too few values, and a dropped node that is used', () => {
    const { graph } = sample();
    expect(() =>
      rewriteGraph(graph, (node, [x]) =>
        node.op === relu && x ? [reshape(x, { shape: [batchDim, 18] })] : undefined,
      ),
    ).toThrow('the rewrite of relu puts float32[N,18] in the place of float32[N,2,3,3]');
    expect(() => rewriteGraph(graph, (node) => (node.op === relu ? [] : undefined))).toThrow(
      'puts nothing in the place of',
    );
    expect(() => rewriteGraph(graph, () => undefined, { keep: ({ op }) => op !== relu })).toThrow(
      'a dropped value of relu is still used',
    );
  });
});

describe('verification', () => {
  const faultOf = (spoil: (made: Sample) => void): string => {
    const made = sample();
    verifyGraph(made.graph);
    spoil(made);
    try {
      verifyGraph(made.graph);
    } catch (error) {
      if (error instanceof InternalError) return error.message;
      throw error;
    }
    return 'accepted';
  };
  const site = { file: 'net.model.ts', line: 9, column: 3 };
  const origin = { scope: 'head', phase: 'forward', site } as const;
  const nodeOf = (graph: Graph, input: Value, made: (node: Node) => Value[]): Node =>
    new Node(relu, [input], {}, origin, made);

  it('names the node and what is wrong with it', () => {
    const faults = [
      faultOf(({ graph }) => graph.nodes.reverse()),
      faultOf(({ graph }) => graph.nodes.push(...graph.nodes.slice(-1))),
      faultOf(({ graph, y }) => {
        graph.nodes.push(
          nodeOf(graph, y, (node) => [
            new Value(graph, 900, { dtype: 'float32', shape: [2] }, node, 0, origin),
          ]),
        );
      }),
      faultOf(({ graph, y }) => {
        graph.nodes.push(nodeOf(graph, y, () => []));
      }),
      faultOf(({ graph, y }) => {
        graph.nodes.push(
          nodeOf(graph, y, () => [new Value(graph, 900, y.type, y.producer, 0, origin)]),
        );
      }),
      faultOf(({ graph, y }) => {
        graph.nodes.push(
          nodeOf(graph, y, (node) => [new Value(graph, y.id, y.type, node, 0, origin)]),
        );
      }),
      faultOf(({ graph }) => {
        graph.nodes.push(nodeOf(graph, sample().y, () => []));
      }),
      faultOf(({ graph, x, y }) => {
        graph.nodes.push(new Node(batchNormTrain, [x, x, y], { epsilon: 1e-3 }, origin, () => []));
      }),
      faultOf(({ graph, x }) => graph.inputs.push({ name: 'image', value: x })),
      faultOf(({ graph, y }) => graph.inputs.push({ name: 'extra', value: y })),
      faultOf(({ graph, x }) => graph.output('logits', x)),
      faultOf(({ graph }) => graph.outputs.push({ name: 'other', value: sample().y })),
    ];
    expect(faults).toMatchInlineSnapshot(`
      [
        "graph net: node 0, reshape (head): operand x is used before it is defined",
        "graph net: node 6, reshape (head): output 0 is defined twice",
        "graph net: node 6, relu (head, net.model.ts:9:3): output 0 is float32[2], not float32[N,2,3,3]",
        "graph net: node 6, relu (head, net.model.ts:9:3): has 0 outputs, its op gives 1",
        "graph net: node 6, relu (head, net.model.ts:9:3): output 0 names another producer",
        "graph net: node 6, relu (head, net.model.ts:9:3): output 0 is defined twice",
        "graph net: node 6, relu (head, net.model.ts:9:3): operand x belongs to another graph",
        "graph net: node 6, batchNormTrain (head, net.model.ts:9:3): a static dimension is needed, not N",
        "graph net: input image is declared twice",
        "graph net: input extra is computed by a node",
        "graph net: output logits is named twice",
        "graph net: output other is not defined",
      ]
    `);
  });
});
