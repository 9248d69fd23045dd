import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph } from '../../../src/compiler/ir/graph.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { flattenOp } from '../../../src/compiler/ops/flatten.js';
import {
  adamw,
  buildUpdate,
  rmspropTf,
  type Optimizer,
} from '../../../src/compiler/optim/index.js';

const shapes = {
  'conv.weight': [4, 3, 1, 1],
  'bn.weight': [4],
  'bn.bias': [4],
  'fc.weight': [2, 4],
  'fc.bias': [2],
} as const;

/** One update of some parameters and buffers by given gradients, in float64. */
function updated(optimizer: Optimizer, joinBelow: number, clip = false) {
  const graph = new Graph('update');
  const params = Object.entries(shapes).map(([name, shape]) => ({
    name,
    value: graph.input(name, 'float64', shape),
    grad: graph.input(`grad.${name}`, 'float64', shape),
    decay: shape.length > 1,
  }));
  const buffers = ['bn.running_mean', 'bn.running_var'].map((name) => ({
    name,
    value: graph.input(name, 'float64', [4]),
  }));
  const weightSum = graph.input('weight_sum', 'float64', []);
  const update = buildUpdate(graph, {
    ...{ params, buffers, optimizer, weightSum, joinBelow, clip, ema: true },
  });
  for (const { name, value } of [...update.newParams, ...update.newStates, ...update.newEma])
    graph.output(name, value);
  verifyGraph(graph);
  const feeds = graph.inputs.map(({ name, value }, i) => {
    const shape = value.shape as readonly number[];
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Array.from({ length: size }, (_, j) => 0.5 + 0.4 * Math.sin(1 + 7 * i + 3 * j));
    return [name, ndarray(shape, data)] as const;
  });
  const made = [...evaluate(graph, new Map(feeds))];
  const nodes = graph.nodes.length;
  const joins = graph.nodes.filter(({ op }) => op === flattenOp).length;
  return { made, nodes, joins, inputs: graph.inputs.map(({ name }) => name) };
}

describe('an update of small tensors as one', () => {
  it('gives the bits of one for each, under the same names', () => {
    for (const optimizer of [adamw({ weightDecay: 0.1 }), rmspropTf({ weightDecay: 0.1 })]) {
      const [apart, joined] = [updated(optimizer, 0), updated(optimizer, 13)];
      expect(apart.joins).toBe(0);
      expect(joined.joins).toBeGreaterThan(0);
      expect(joined.made).toEqual(apart.made);
      expect(joined.inputs).toEqual(apart.inputs);
    }
  });

  it('takes as many nodes for many as for one, and leaves large ones alone', () => {
    const { nodes, joins } = updated(rmspropTf(), 1000);
    // Of each of two groups values, gradients, two states and averages; of buffers values and averages.
    expect(joins).toBe(2 * 5 + 2);
    expect(nodes).toBeLessThan((2 * updated(rmspropTf(), 0).nodes) / 3);
    expect(updated(rmspropTf(), 3).joins).toBe(0);
  });

  it('clips by the same norm, up to the order of the sum', () => {
    const [apart, joined] = [updated(adamw(), 0, true), updated(adamw(), 13, true)];
    for (const [i, [name, { data }]] of apart.made.entries())
      for (const [j, value] of (joined.made[i]?.[1].data ?? []).entries())
        expect(value, name).toBeCloseTo(data[j] ?? NaN, 14);
  });

  it('does not make the sum over a map wait, which would keep the map in memory', () => {
    const graph = new Graph('update');
    const map = graph.input('dy', 'float64', [8, 4, 16, 16]);
    const grad = reduceSum(map, { axes: [0, 2, 3], keepDims: false });
    const [a, b] = ['a.bias', 'b.bias'].map((name) => graph.input(name, 'float64', [4]));
    const [da, db] = [grad, graph.input('grad.b', 'float64', [4])];
    if (!a || !b) throw new RangeError('two inputs');
    buildUpdate(graph, {
      params: [
        { name: 'a.bias', value: a, grad: da, decay: false },
        { name: 'b.bias', value: b, grad: db, decay: false },
      ],
      optimizer: rmspropTf(),
      weightSum: graph.input('weight_sum', 'float64', []),
      joinBelow: 100,
    });
    expect(graph.nodes.filter(({ op }) => op === flattenOp)).toEqual([]);
  });
});
