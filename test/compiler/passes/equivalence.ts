import { expect } from 'vitest';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { Graph, type Value } from '../../../src/compiler/ir/graph.js';
import { ndarray, type NdArray } from '../../../src/compiler/ir/ndarray.js';
import { printGraph } from '../../../src/compiler/ir/print.js';
import type { OnDecline } from '../../../src/compiler/ir/rewrite.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import type { DType } from '../../../src/support/dtype.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { uniform } from '../../../src/support/random.js';
import { staticDim, type Shape } from '../../../src/support/shape.js';
import { relativeError } from '../../support/tolerances.js';

/** The reasons that a pass gives for the nodes that it leaves alone: `batchNormTrain: its convolution is not 1x1`. */
export function reasonsOf(
  pass: (graph: Graph, onDecline: OnDecline) => unknown,
  graph: Graph,
): string[] {
  const reasons: string[] = [];
  pass(graph, ({ op }, reason) => reasons.push(`${op.name}: ${reason}`));
  return reasons;
}

/** A graph with inputs of the given shapes and the values that `build` returns as outputs y0, y1... */
export function graphOf(
  inputs: Readonly<Record<string, Shape>>,
  build: (values: Readonly<Record<string, Value>>, graph: Graph) => readonly Value[],
  dtype: DType = 'float64',
): Graph {
  const graph = new Graph('test');
  const values = Object.entries(inputs).map(
    ([name, shape]) => [name, graph.input(name, dtype, shape)] as const,
  );
  build(Object.fromEntries(values), graph).forEach((value, i) => {
    graph.output(`y${i}`, value);
  });
  return graph;
}

/** Positive numbers, so that variances may be inputs; a symbolic dimension is 3. */
export function feedsOf(graph: Graph): Map<string, NdArray> {
  return new Map(
    graph.inputs.map(({ name, value }) => {
      const shape = value.shape.map((dim) =>
        typeof dim === 'number' ? dim : 3 * staticDim(dim.factor),
      );
      const size = shape.reduce((a, b) => a * b, 1);
      const numbers = uniform(size, 7, { site: fnv1a32(name), step: 0, sample: 0 });
      return [
        name,
        ndarray(
          shape,
          numbers.map((u) => u + 0.25),
        ),
      ] as const;
    }),
  );
}

/** Runs a pass, verifies its graph, and compares interface and results before and after. */
export function checkPass(graph: Graph, pass: (graph: Graph) => Graph, tolerance = 1e-12): Graph {
  verifyGraph(graph);
  const text = printGraph(graph);
  const after = pass(graph);
  verifyGraph(after);
  expect(printGraph(graph)).toBe(text);
  const face = ({ inputs, outputs }: Graph): unknown =>
    [...inputs, ...outputs].map(({ name, value }) => [name, value.type]);
  expect(face(after)).toEqual(face(graph));
  const feeds = feedsOf(graph);
  const made = evaluate(after, feeds);
  for (const [name, wanted] of evaluate(graph, feeds)) {
    expect(made.get(name)?.shape).toEqual(wanted.shape);
    expect(relativeError(made.get(name)?.data ?? [], wanted.data)).toBeLessThan(tolerance);
  }
  return after;
}

/** Names of the nodes' ops, without constants. */
export function opsOf(graph: Graph): string[] {
  return graph.nodes.map(({ op }) => op.name).filter((name) => name !== 'constant');
}
