import { expect, it } from 'vitest';
import { grad } from '../../../src/compiler/autodiff/grad.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph, type Value } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { reduceMax, reduceNorm } from '../../../src/compiler/ops/reduce.js';

/** The gradient of the sum of a reduction of the rows of `x`. */
function rowGradient(x: readonly number[], reduce: (x: Value) => Value): number[] {
  const graph = new Graph('rows');
  const value = graph.input('x', 'float64', [x.length / 4, 4]);
  const loss = reduceSum(reduce(value), { axes: [0], keepDims: false });
  const [dx] = grad(graph, loss, [value]);
  if (dx) graph.output('dx', dx);
  const fed = new Map([['x', ndarray([x.length / 4, 4], Float64Array.from(x))]]);
  return Array.from(evaluate(graph, fed).get('dx')?.data ?? []);
}

const last = { axes: [1], keepDims: false };

// torch 1.13.1: torch.tensor([[1., 2., 2., 0.], [-3., -3., -3., -3.]]).amax(1)
it('equal largest elements share the gradient of a maximum evenly', () => {
  const rows = [1, 2, 2, 0, -3, -3, -3, -3];
  expect(rowGradient(rows, (x) => reduceMax(x, last))).toEqual([
    ...[0, 0.5, 0.5, 0],
    ...[0.25, 0.25, 0.25, 0.25],
  ]);
});

// torch 1.13.1: torch.tensor([[0., 0., 0., 0.], [3., 0., 4., 0.]]).norm(dim=1)
it('a norm of zeros has a gradient of zeros', () => {
  const rows = [0, 0, 0, 0, 3, 0, 4, 0];
  const wanted = [0, 0, 0, 0, 0.6, 0, 0.8, 0];
  rowGradient(rows, (x) => reduceNorm(x, last)).forEach((v, i) => {
    expect(v).toBeCloseTo(wanted[i] ?? NaN, 12);
  });
  expect.assertions(8);
});
