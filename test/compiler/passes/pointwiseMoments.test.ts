import { describe, expect, it } from 'vitest';
import { Programs } from '../../../src/compiler/compile/programs.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import type { Graph } from '../../../src/compiler/ir/graph.js';
import {
  batchNorm,
  classifier,
  conv2d,
  defineModel,
  image,
  silu,
} from '../../../src/language/nn/index.js';
import { createOptimizer } from '../../../src/compiler/optim/index.js';
import { pointwiseMoments } from '../../../src/compiler/passes/pointwiseMoments.js';
import { gaussian } from '../../support/draw.js';
import { relativeError, tolerances } from '../../support/tolerances.js';

/** A stem, a widening and a narrowing 1x1 convolution, each normalised. */
const model = defineModel({
  name: 'widening',
  input: image(3, 8, 8),
  classes: 5,
  build(x, { classes }) {
    x = silu(
      batchNorm(conv2d(x, { name: 'stem', out: 4, kernel: 3, bias: false }), { name: 'bn0' }),
    );
    x = silu(
      batchNorm(conv2d(x, { name: 'wide', out: 12, kernel: 1, bias: false }), { name: 'bn1' }),
    );
    x = batchNorm(conv2d(x, { name: 'narrow', out: 6, kernel: 1, bias: false }), { name: 'bn2' });
    return classifier(x, { name: 'classifier', classes });
  },
});

function program(prepare?: (graph: Graph) => Graph): Graph {
  const optimizer = createOptimizer({ kind: 'sgd' });
  return new Programs(model, {
    trace: { batch: 3, dtype: 'float64' },
    update: { optimizer, clip: false, ema: false },
    labelSmoothing: 0,
    ...(prepare && { prepare }),
  }).grad().graph;
}

function feedsOf(graph: Graph): Map<string, NdArray> {
  return new Map(
    graph.inputs.map(({ name, value }, i) => {
      const shape = value.shape.map(Number);
      const size = shape.reduce((a, b) => a * b, 1);
      const values = gaussian(size, { site: 1, step: i, sample: 0 });
      const positive = name === 'weight' || name.endsWith('running_var');
      return [
        name,
        ndarray(
          shape,
          Array.from(values, (v) => (positive ? Math.abs(v) + 0.1 : v)),
        ),
      ];
    }),
  );
}

const count = (graph: Graph, op: string): number =>
  graph.nodes.filter((node) => node.op.name === op).length;

describe('pointwiseMoments', () => {
  it('takes the statistics of a widening 1x1 convolution from its input, and of no other', () => {
    const rewritten = program(pointwiseMoments);
    expect(count(program(), 'batchNormTrain')).toBe(3);
    expect(count(rewritten, 'channelMoments')).toBe(1);
    expect(rewritten.outputs.map(({ name }) => name)).toEqual(
      program().outputs.map(({ name }) => name),
    );
    const declined: string[] = [];
    program((graph) =>
      pointwiseMoments(graph, ({ origin }, reason) => declined.push(`${origin.scope}: ${reason}`)),
    );
    expect(declined).toEqual([
      'bn0: its convolution is not 1x1',
      'bn2: its convolution does not widen 2-fold: 12 channels become 6',
    ]);
  });

  it('keeps loss, logits, statistics and every gradient to rounding', () => {
    const [before, after] = [program(), program(pointwiseMoments)];
    const feeds = feedsOf(before);
    const wanted = evaluate(before, feeds);
    const made = evaluate(after, feeds);
    expect(wanted.size).toBeGreaterThan(15);
    for (const [name, { data }] of wanted)
      expect(relativeError(made.get(name)?.data ?? [], data), name).toBeLessThan(
        tolerances.float64,
      );
  });

  it('leaves a convolution alone whose pixels are few for its channels', () => {
    const small = defineModel({ ...model, input: image(3, 3, 3) });
    const optimizer = createOptimizer({ kind: 'sgd' });
    const { graph } = new Programs(small, {
      trace: { batch: 2 },
      update: { optimizer, clip: false, ema: false },
      labelSmoothing: 0,
      prepare: pointwiseMoments,
    }).grad();
    expect(count(graph, 'channelMoments')).toBe(0);
  });
});
