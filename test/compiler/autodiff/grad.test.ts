import { describe, expect, it } from 'vitest';
import { grad } from '../../../src/compiler/autodiff/grad.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph, type Value } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { add, div, exp, mul, reluGrad, silu, sub } from '../../../src/compiler/ops/elementwise.js';
import { matmul } from '../../../src/compiler/ops/matmul.js';
import { batchNormTrain } from '../../../src/compiler/ops/norm.js';
import { argMax, countOf } from '../../../src/compiler/ops/reduce.js';
import { cast, equal } from '../../../src/compiler/ops/shape.js';
import { batchDim as N } from '../../../src/support/shape.js';

/** Gradients of `build`'s sum at x = `at`, and the graph after differentiation. */
function differentiate(at: readonly number[], build: (x: Value) => Value) {
  const graph = new Graph('test');
  const x = graph.input('x', 'float64', [at.length]);
  const [dx] = grad(graph, build(x), [x]);
  verifyGraph(graph);
  if (dx) graph.output('dx', dx);
  const results = evaluate(graph, new Map([['x', ndarray([at.length], at)]]));
  return { graph, dx: results.get('dx') && Array.from(results.get('dx')?.data ?? []) };
}

describe('grad', () => {
  it('adds up the gradients of a value that is used twice', () => {
    expect(differentiate([2, 3], (x) => add(mul(x, x), x)).dx).toEqual([5, 7]);
  });

  it('follows a diamond, in which both sides use the same value', () => {
    const { dx } = differentiate([0.5], (x) => {
      const y = mul(x, x);
      return mul(exp(y), sub(y, x));
    });
    // d/dx e^(x^2) (x^2 - x) = e^(x^2) (2x (x^2 - x) + 2x - 1)
    expect(dx?.[0]).toBeCloseTo(Math.exp(0.25) * (2 * 0.5 * -0.25 + 0), 12);
  });

  it('takes the sum of a loss that is no scalar', () => {
    const whole = differentiate([1, 2], (x) => exp(x)).dx;
    const summed = differentiate([1, 2], (x) =>
      reduceSum(exp(x), { axes: [0], keepDims: false }),
    ).dx;
    expect(whole).toEqual(summed);
  });

  it('gives nothing for what the loss does not depend on, and 1 for the loss itself', () => {
    const graph = new Graph('test');
    const [x, other] = [graph.input('x', 'float32', [N]), graph.input('other', 'float32', [N])];
    const before = graph.nodes.length;
    expect(grad(graph, x, [other])).toEqual([undefined]);
    expect(graph.nodes).toHaveLength(before);
    const [one] = grad(graph, x, [x]);
    expect(one?.shape).toEqual([N]);
  });

  it('adds no nodes for a frozen operand', () => {
    const graph = new Graph('test');
    const [x, w] = [graph.input('x', 'float32', [2, 3]), graph.input('w', 'float32', [3, 4])];
    const y = matmul(silu(x), w, {});
    const before = graph.nodes.length;
    grad(graph, y, [w]);
    const added = graph.nodes.slice(before).map(({ op }) => op.name);
    expect(added.filter((name) => name === 'matmul').length).toBeGreaterThan(0);
    expect(added).not.toContain('siluGrad');
  });

  it('gives gradients of values inside the network too', () => {
    const graph = new Graph('test');
    const x = graph.input('x', 'float64', [1]);
    const middle = mul(x, x);
    const [dMiddle, dx] = grad(graph, exp(middle), [middle, x]);
    if (dMiddle) graph.output('dMiddle', dMiddle);
    if (dx) graph.output('dx', dx);
    const results = evaluate(graph, new Map([['x', ndarray([1], [0.5])]]));
    expect(results.get('dMiddle')?.data[0]).toBeCloseTo(Math.exp(0.25), 12);
    expect(results.get('dx')?.data[0]).toBeCloseTo(Math.exp(0.25), 12);
  });

  it('lets nothing flow through indices, truth values and counts', () => {
    const { dx } = differentiate([2, 4], (x) => {
      const hit = cast(equal(argMax(x), argMax(exp(x))), { to: 'float64' });
      return mul(div(x, countOf(x, { axes: [0] })), hit);
    });
    expect(dx).toEqual([0.5, 0.5]);
  });

  it('keeps the origin of the forward node and marks the phase', () => {
    const graph = new Graph('test');
    const x = graph.input('x', 'float32', [1]);
    const site = { file: 'my.model.ts', line: 3, column: 5 };
    const y = graph.within({ scope: 'blocks.0', site, phase: 'forward' }, () => silu(x));
    grad(graph, y, [x]);
    const backward = graph.nodes.filter(({ op }) => op.name === 'siluGrad');
    expect(backward.map(({ origin }) => origin)).toEqual([
      { scope: 'blocks.0', site, phase: 'backward' },
    ]);
  });

  it('refuses a loss that depends on an op without a gradient, or on batch statistics', () => {
    expect(() => differentiate([1], (x) => reluGrad(x, x))).toThrow(
      'reluGrad has no gradient rule',
    );
    const graph = new Graph('test');
    const [x, scale] = [graph.input('x', 'float32', [N, 3]), graph.input('s', 'float32', [3])];
    const { mean } = batchNormTrain(x, scale, scale, { epsilon: 1e-3 });
    expect(() => grad(graph, mean, [x])).toThrow('a loss depends on statistics of a batch norm');
  });
});
