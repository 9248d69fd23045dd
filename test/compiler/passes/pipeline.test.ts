import { describe, expect, it } from 'vitest';
import { grad } from '../../../src/compiler/autodiff/grad.js';
import type { Graph, Value } from '../../../src/compiler/ir/graph.js';
import { printGraph } from '../../../src/compiler/ir/print.js';
import { reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { scalarLike } from '../../../src/compiler/ops/constant.js';
import { conv } from '../../../src/compiler/ops/conv.js';
import { add, div, mul, neg, silu, sub, tanh } from '../../../src/compiler/ops/elementwise.js';
import { softmaxCrossEntropy } from '../../../src/compiler/ops/loss.js';
import { matmul } from '../../../src/compiler/ops/matmul.js';
import { batchNormTrain } from '../../../src/compiler/ops/norm.js';
import { reduceMean } from '../../../src/compiler/ops/reduce.js';
import { reshape, transpose } from '../../../src/compiler/ops/shape.js';
import { buildUpdate, rmspropTf } from '../../../src/compiler/optim/index.js';
import { optimize } from '../../../src/compiler/passes/pipeline.js';
import { batchDim } from '../../../src/support/shape.js';
import { uniform } from '../../../src/support/random.js';
import { checkPass, graphOf, opsOf } from './equivalence.js';

const verified = (graph: Graph): Graph => optimize(graph, { verify: true });

/** Programs of 40 random ops over [N,2,3], with many ones, zeros, repetitions and dead ends. */
function randomGraph(seed: number): Graph {
  const shape = [batchDim, 2, 3];
  const draws = uniform(400, seed, { site: 1, step: 0, sample: 0 });
  let at = 0;
  const below = (end: number): number => Math.floor((draws[at++] ?? 0) * end);
  return graphOf({ x: shape, y: shape }, ({ x, y }) => {
    if (!x || !y) return [];
    const values = [x, y];
    const pick = (): Value => values[below(values.length)] ?? x;
    const number = (): Value => scalarLike(x, [0, 1, -1, 0.5, 3][below(5)] ?? 0);
    const operand = (): Value => (below(3) === 0 ? number() : pick());
    const turn = (v: Value): Value => transpose(v, { permutation: [0, 2, 1] });
    const flat = (v: Value): Value => reshape(v, { shape: [{ symbol: 'N', factor: 6 }] });
    const makers: readonly (() => Value)[] = [
      () => add(pick(), operand()),
      () => sub(pick(), operand()),
      () => mul(operand(), pick()),
      () => div(pick(), scalarLike(x, [1, 2][below(2)] ?? 1)),
      () => neg(pick()),
      () => turn(turn(pick())),
      () => reshape(flat(pick()), { shape }),
      () => mul(tanh(pick()), add(number(), number())),
    ];
    for (let i = 0; i < 40; i++) values.push(makers[below(makers.length)]?.() ?? x);
    return [pick(), pick(), pick()];
  });
}

/** conv, batchNorm, silu, mean, linear, loss, and the update of the four parameters. */
function trainingGraph(): Graph {
  const shapes = {
    x: [batchDim, 2, 5, 5],
    target: [batchDim, 3],
    w: [4, 2, 3, 3],
    scale: [4],
    bias: [4],
    fc: [3, 4],
    weight_sum: [],
  };
  return graphOf(shapes, ({ x, target, w, scale, bias, fc, weight_sum: weightSum }, graph) => {
    if (!x || !target || !w || !scale || !bias || !fc || !weightSum) return [];
    const window = { strides: [2, 2], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;
    const { y } = batchNormTrain(conv(x, w, undefined, window), scale, bias, { epsilon: 1e-3 });
    const features = reduceMean(silu(y), { axes: [2, 3], keepDims: false });
    const losses = softmaxCrossEntropy(matmul(features, fc, { transB: true }), target);
    const loss = reduceSum(losses, { axes: [0], keepDims: false });
    const params = { w, scale, bias, fc };
    const grads = grad(graph, loss, Object.values(params));
    const { newParams, newStates } = buildUpdate(graph, {
      params: Object.entries(params).map(([name, value], i) => ({
        name,
        value,
        grad: grads[i] ?? value,
        decay: value.rank > 1,
      })),
      optimizer: rmspropTf({ weightDecay: 1e-4 }),
      weightSum,
      clip: true,
      ema: true,
    });
    return [loss, ...[...newParams, ...newStates].map(({ value }) => value)];
  });
}

/** A chain of residual blocks whose nodes are partly dead, common and trivial. */
function longGraph(nodes: number): Graph {
  return graphOf({ x: [batchDim, 8] }, ({ x }) => {
    if (!x) return [];
    let value = x;
    for (let made = 0; made < nodes; made += 10) {
      const half = mul(value, scalarLike(value, 0.5));
      const again = mul(value, scalarLike(value, 0.5));
      const same = mul(neg(neg(half)), scalarLike(value, 1));
      tanh(again);
      value = sub(add(same, again), value);
    }
    return [value];
  });
}

describe('the pipeline', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'keeps the meaning of program %i',
    (seed) => {
      const graph = randomGraph(seed);
      const after = checkPass(graph, verified, 1e-11);
      expect(after.nodes.length).toBeLessThan(graph.nodes.length);
      expect(printGraph(verified(after))).toBe(printGraph(after));
    },
  );

  it('keeps the meaning of a training step and makes it smaller', () => {
    const graph = trainingGraph();
    const after = checkPass(graph, verified, 1e-11);
    expect(after.nodes.length).toBeLessThan(0.9 * graph.nodes.length);
    const scalars = after.nodes.filter(({ op }) => op.name === 'constant');
    expect(new Set(scalars.map(({ attrs }) => JSON.stringify(attrs))).size).toBe(scalars.length);
  });

  it('keeps phases and scopes', () => {
    const after = verified(trainingGraph());
    expect(new Set(after.nodes.map(({ origin }) => origin.phase))).toEqual(
      new Set(['forward', 'backward', 'update']),
    );
  });

  it('shows the graph after each pass', () => {
    const names: string[] = [];
    optimize(trainingGraph(), { onPass: (name, graph) => names.push(`${name} ${graph.name}`) });
    expect(names).toEqual(['dce', 'fold', 'simplify', 'cse', 'dce'].map((name) => `${name} test`));
  });

  it('takes about a second for 60,000 nodes', () => {
    optimize(longGraph(5_000));
    const graph = longGraph(60_000);
    const start = performance.now();
    const after = optimize(graph);
    // About 0.6 s alone on one core; room for a busy machine. Quadratic time would take minutes.
    expect(performance.now() - start).toBeLessThan(6_000);
    expect(opsOf(after)).toHaveLength(18_000);
  });
});
