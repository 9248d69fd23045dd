import type { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { grad } from '../../src/compiler/autodiff/grad.js';
import { evaluate } from '../../src/compiler/interpret/evaluate.js';
import { Graph } from '../../src/compiler/ir/graph.js';
import { ndarray, type NdArray } from '../../src/compiler/ir/ndarray.js';
import { reduceSum } from '../../src/compiler/ops/broadcast.js';
import { scalarLike } from '../../src/compiler/ops/constant.js';
import { add, mul } from '../../src/compiler/ops/elementwise.js';
import { batchNormTrain } from '../../src/compiler/ops/norm.js';
import type { OnnxModel } from '../../src/compiler/onnx/model.js';
import { optimize } from '../../src/compiler/passes/pipeline.js';
import { batchDim, type Shape } from '../../src/support/shape.js';
import { gaussian } from '../support/draw.js';
import { openSession, runSession } from '../support/runOnnx.js';
import { spell } from '../support/spell.js';
import { relativeError, tolerances } from '../support/tolerances.js';

/** Two batch norms in a row with equal channels, their statistics, and a gradient through both. */
function program(channels: number): { graph: Graph; feeds: Map<string, NdArray> } {
  const graph = new Graph('norms');
  const feeds = new Map<string, NdArray>();
  const declare = (name: string, shape: Shape) => {
    const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : 2));
    const count = sizes.reduce((a, b) => a * b, 1);
    const stream = { site: name.length, step: count, sample: name.charCodeAt(0) };
    feeds.set(name, ndarray(sizes, gaussian(count, stream).map(Math.fround)));
    return graph.input(name, 'float32', shape);
  };
  const x = declare('x', [batchDim, channels, 3, 5]);
  const dy = declare('dy', [batchDim, channels, 3, 5]);
  const [scale, bias] = [declare('scale', [channels]), declare('bias', [channels])];
  const attrs = { epsilon: 1e-3 };
  const first = batchNormTrain(x, scale, bias, attrs);
  // Constants of one element, 0 and 1, that a run time may want to share with those of the norms.
  const shifted = add(mul(first.y, mul(x, scalarLike(x, 1))), scalarLike(x, 0));
  const second = batchNormTrain(shifted, scale, bias, attrs);
  const loss = reduceSum(mul(second.y, dy), { axes: [0, 1, 2, 3], keepDims: false });
  grad(graph, loss, [x, scale, bias]).forEach((value, i) => {
    if (value) graph.output(`grad${i}`, value);
  });
  for (const [i, { mean, variance }] of [first, second].entries()) {
    graph.output(`mean${i}`, mul(mean, scalarLike(mean, 2)));
    graph.output(`variance${i}`, mul(variance, scalarLike(variance, 2)));
  }
  return { graph, feeds };
}

/** Names that the running-statistics operands have, over all batch norms of a model. */
function runningInputs({ graph: { nodes } }: OnnxModel): string[] {
  return nodes
    .filter(({ opType }) => opType === 'BatchNormalization')
    .flatMap(({ inputs }) => inputs.slice(3));
}

const levels: readonly NonNullable<InferenceSession.SessionOptions['graphOptimizationLevel']>[] = [
  'disabled',
  'basic',
  'extended',
  'all',
];

describe.each([1, 3])('two batch norms of %i channels', (channels) => {
  it('share no running statistics, with each other or with other nodes, after the passes', () => {
    const { graph } = program(channels);
    for (const step of [graph, optimize(graph, { verify: true })]) {
      const model = spell('norms', 17, [step]);
      const names = runningInputs(model);
      expect(names).toHaveLength(4);
      expect(new Set(names).size).toBe(4);
      const uses = model.graph.nodes.flatMap(({ inputs }) => inputs);
      // onnxruntime merges equal initializers of up to 8 elements.
      const values = model.graph.initializers.map(
        ({ tensor }) => `${tensor.shape.join()}: ${tensor.data.join()}`,
      );
      expect(new Set(values).size).toBe(values.length);
      for (const name of names) {
        expect(model.graph.initializers.map((initializer) => initializer.name)).toContain(name);
        expect(uses.filter((use) => use === name)).toHaveLength(1);
      }
    }
  });

  it.each(levels)('give equal steps in onnxruntime, optimised: %s', async (level) => {
    const { graph, feeds } = program(channels);
    const optimized = optimize(graph);
    const model = spell('norms', 21, [optimized]);
    const session = await openSession(model, { graphOptimizationLevel: level });
    const tensors = [...feeds].map(([name, value]) => [name, { dtype: 'float32', value }] as const);
    const steps = [];
    for (let step = 0; step < 3; step++) steps.push(await runSession(session, new Map(tensors)));
    await session.release();
    const [first, ...later] = steps;
    for (const step of later) expect(step).toEqual(first);
    for (const [name, wanted] of evaluate(graph, feeds)) {
      const error = relativeError(first?.get(name)?.data ?? [], wanted.data);
      expect(error, `${name} is off by ${error}`).toBeLessThan(tolerances.float32);
    }
  });
});
