import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { constant } from '../../../src/compiler/ops/constant.js';
import { add, mul } from '../../../src/compiler/ops/elementwise.js';
import { reshape } from '../../../src/compiler/ops/shape.js';
import { batchDim as N } from '../../../src/support/shape.js';
import { tensorData } from '../../../src/support/tensor.js';

describe('the interpreter', () => {
  it('computes nodes in order from feeds and constants, in float64', () => {
    const graph = new Graph('affine');
    const x = graph.input('x', 'float64', [N, 2]);
    const slope = constant(graph, tensorData('float64', [2], [0.1, 3]));
    graph.output('y', add(mul(x, slope), x));
    const y = evaluate(graph, new Map([['x', ndarray([2, 2], [1, 2, 3, 4])]])).get('y');
    expect(y).toEqual(ndarray([2, 2], [1.1, 8, 0.1 * 3 + 3, 16]));
  });

  it('binds the batch from what is fed, multiples of it too', () => {
    const graph = new Graph('flat');
    const x = graph.input('x', 'float32', [{ symbol: 'N', factor: 6 }]);
    graph.output('rows', reshape(x, { shape: [N, 6] }));
    graph.output('sum', reduceSum(x, { axes: [0], keepDims: false }));
    const values = Array.from({ length: 12 }, (_, i) => i);
    const results = evaluate(graph, new Map([['x', ndarray([12], values)]]));
    expect(results.get('rows')?.shape).toEqual([2, 6]);
    expect(results.get('sum')).toEqual(ndarray([], [66]));
  });

  it('hands an input through that is an output', () => {
    const graph = new Graph('same');
    graph.output('y', graph.input('x', 'int64', [2]));
    const x = ndarray([2], [3, 4]);
    expect(evaluate(graph, new Map([['x', x]])).get('y')).toEqual(x);
  });

  it('refuses a missing feed, another shape, and two sizes of one batch', () => {
    const graph = new Graph('refused');
    graph.input('x', 'float32', [N, 2]);
    graph.input('y', 'float32', [N]);
    const feed = (x: readonly number[], y: readonly number[]) => () =>
      evaluate(
        graph,
        new Map([
          ['x', ndarray(x)],
          ['y', ndarray(y)],
        ]),
      );
    expect(feed([3, 2], [3])).not.toThrow();
    expect(feed([3, 3], [3])).toThrow('x is [3,3], expected [N,2]');
    expect(feed([3, 2, 1], [3])).toThrow('x is [3,2,1], expected [N,2]');
    expect(feed([3, 2], [4])).toThrow('y is [4], expected [N]');
    expect(() => evaluate(graph, new Map())).toThrow('input x is missing');
  });
});
