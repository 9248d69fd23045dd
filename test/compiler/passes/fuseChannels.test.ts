import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { expandLike, reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { add, mul } from '../../../src/compiler/ops/elementwise.js';
import { fuseChannels } from '../../../src/compiler/passes/fuseChannels.js';
import { gaussian } from '../../support/draw.js';
import { reasonsOf } from './equivalence.js';

const shapes = { x: [2, 3, 4, 5], other: [2, 3, 4, 5], gate: [2, 3, 1, 1], shift: [2, 3, 1, 1] };

/** The gradients of a gate: a sum of products, and a product with a spread term. */
function gated(): Graph {
  const graph = new Graph('gated');
  const [x, other, gate, shift] = Object.entries(shapes).map(([name, shape]) =>
    graph.input(name, 'float64', shape),
  );
  if (!x || !other || !gate || !shift) throw new Error('an input is missing');
  graph.output('dot', reduceSum(mul(x, other), { axes: [2, 3], keepDims: true }));
  graph.output('affine', add(mul(x, gate), expandLike(shift, x, {})));
  graph.output('turned', add(expandLike(shift, other, {}), mul(other, gate)));
  return graph;
}

const opsOf = (graph: Graph): string[] => graph.nodes.map(({ op }) => op.name);

describe('fuseChannels', () => {
  it('makes one node of a sum of products and of a gate with a spread term', () => {
    expect(opsOf(fuseChannels(gated())).sort()).toEqual([
      'channelAffine',
      'channelAffine',
      'channelDot',
    ]);
  });

  it('keeps every value', () => {
    const feeds = new Map(
      Object.entries(shapes).map(([name, shape], i) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const values = gaussian(size, { site: 3, step: i, sample: 0 });
        return [name, ndarray(shape, Array.from(values))] as const;
      }),
    );
    const [before, after] = [gated(), fuseChannels(gated())].map((graph) => evaluate(graph, feeds));
    for (const [name, { data }] of before ?? []) expect(after?.get(name)?.data, name).toEqual(data);
  });

  it('leaves a product alone that something else reads', () => {
    const graph = gated();
    const product = graph.nodes[0]?.outputs[0];
    if (product) graph.output('product', product);
    expect(opsOf(fuseChannels(graph))).toContain('reduceSum');
    expect(reasonsOf(fuseChannels, graph)).toEqual(['reduceSum: its product has another reader']);
  });
});
