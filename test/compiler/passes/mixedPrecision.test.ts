import { describe, expect, it } from 'vitest';
import { Programs } from '../../../src/compiler/compile/programs.js';
import { createOptimizer } from '../../../src/compiler/optim/index.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import type { Graph, Value } from '../../../src/compiler/ir/graph.js';
import type { NdArray } from '../../../src/compiler/ir/ndarray.js';
import { printGraph } from '../../../src/compiler/ir/print.js';
import { verifyGraph } from '../../../src/compiler/ir/verify.js';
import { scalar } from '../../../src/compiler/ops/constant.js';
import { conv } from '../../../src/compiler/ops/conv.js';
import { add, div, mul, relu, sqrt, sub } from '../../../src/compiler/ops/elementwise.js';
import { matmul } from '../../../src/compiler/ops/matmul.js';
import { batchNormTrain } from '../../../src/compiler/ops/norm.js';
import { reduceMean } from '../../../src/compiler/ops/reduce.js';
import { cast } from '../../../src/compiler/ops/shape.js';
import { mixedPrecision } from '../../../src/compiler/passes/mixedPrecision.js';
import { optimize } from '../../../src/compiler/passes/pipeline.js';
import { mbConvNet } from '../compile/trajectory/nets.js';
import { relativeNorm, tolerances } from '../../support/tolerances.js';
import { checkPass, feedsOf, graphOf, opsOf } from './equivalence.js';

const window = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;

/** Casts from or to a type of 16 bits. */
const castsOf = (graph: Graph): string[] =>
  graph.nodes.flatMap(({ op, inputs, outputs }) =>
    op === cast ? [`${inputs[0]?.dtype ?? ''} to ${outputs[0]?.dtype ?? ''}`] : [],
  );

describe('mixed precision', () => {
  it('casts where a chain of 16-bit values begins and ends, and keeps statistics', () => {
    const graph = graphOf(
      { x: [2, 3, 4, 4], w: [3, 3, 3, 3], scale: [3], bias: [3] },
      ({ x, w, scale, bias }) => {
        const normed = batchNormTrain(
          conv(x as Value, w as Value, undefined, window),
          scale as Value,
          bias as Value,
          { epsilon: 1e-3 },
        );
        const again = conv(relu(normed.y), w as Value, undefined, window);
        return [add(again, normed.y), normed.mean];
      },
      'float32',
    );
    const after = optimize(checkPass(graph, mixedPrecision('float16')));
    expect(printGraph(after)).toMatchInlineSnapshot(`
      "graph test
      inputs
        x: float32[2,3,4,4]
        w: float32[3,3,3,3]
        scale: float32[3]
        bias: float32[3]
      nodes
        %0 = cast(x) {to: "float16"}: float16[2,3,4,4]
        %1 = cast(w) {to: "float16"}: float16[3,3,3,3]
        %2 = conv(%0, %1, -) {dilations: [1,1], groups: 1, pads: [1,1,1,1], strides: [1,1]}: float16[2,3,4,4]
        %3, %4, %5 = batchNormTrain(%2, scale, bias) {epsilon: 0.001}: float16[2,3,4,4], float32[3], float32[3]
        %6 = relu(%3): float16[2,3,4,4]
        %7 = conv(%6, %1, -) {dilations: [1,1], groups: 1, pads: [1,1,1,1], strides: [1,1]}: float16[2,3,4,4]
        %8 = add(%7, %3): float16[2,3,4,4]
        %9 = cast(%8) {to: "float32"}: float32[2,3,4,4]
      outputs
        y0 = %9
        y1 = %4"
    `);
  });

  it('computes the means of a layer norm in float32, and what they are taken from', () => {
    const graph = graphOf(
      { x: [4, 8], w: [8, 8] },
      ({ x, w }) => {
        const y = matmul(x as Value, w as Value, {});
        const last = { axes: [1], keepDims: true };
        const centred = sub(y, reduceMean(y, last));
        const variance = reduceMean(mul(centred, centred), last);
        const unit = div(centred, sqrt(add(variance, scalar(y.graph, 1e-5))));
        return [matmul(unit, w as Value, {})];
      },
      'float32',
    );
    const after = optimize(checkPass(graph, mixedPrecision('bfloat16')));
    const wide = after.nodes.filter(({ outputs }) => outputs[0]?.dtype === 'float32');
    expect(wide.map(({ op }) => op.name)).toEqual(
      expect.arrayContaining(['reduceMean', 'sub', 'mul', 'div', 'sqrt', 'add']),
    );
    expect(castsOf(after)).toHaveLength(5);
  });

  it('leaves a network without products alone', () => {
    const graph = graphOf({ x: [2, 3] }, ({ x }) => [relu(x as Value)], 'float32');
    expect(opsOf(optimize(mixedPrecision('float16')(graph)))).toEqual(['relu']);
  });

  const differentiated = (precision?: 'float16' | 'bfloat16'): Graph => {
    const { graph } = new Programs(mbConvNet, {
      trace: { batch: 4 },
      update: { optimizer: createOptimizer({ kind: 'sgd' }), clip: false, ema: false },
      labelSmoothing: 0,
      ...(precision && { prepare: mixedPrecision(precision) }),
    }).grad();
    const optimized = optimize(graph);
    verifyGraph(optimized);
    return optimized;
  };
  const exact = differentiated();
  // Kernels around 0, as trained ones are.
  const feeds = new Map(
    [...feedsOf(exact)].map(([name, { shape, data }]) => [
      name,
      {
        shape,
        data: name.endsWith('weight') && shape.length > 1 ? data.map((v) => v - 0.75) : data,
      },
    ]),
  );
  const wanted = evaluate(exact, feeds);

  it.each(['float16', 'bfloat16'] as const)(
    'gives a network, in %s, the gradients of float32 but for rounding',
    (precision) => {
      const graph = differentiated(precision);
      const unrounded = evaluate(graph, feeds);
      const rounded = evaluate(graph, feeds, { rounded: true });
      // All together: where a batch norm follows, the gradient of a bias is 0 but for rounding.
      expect(relativeNorm(joined(unrounded), joined(wanted))).toBeLessThan(1e-9);
      const error = relativeNorm(joined(rounded), joined(wanted));
      expect(error).toBeLessThan(tolerances[precision]);
      expect(error).toBeGreaterThan(tolerances[precision] / 30);
    },
  );

  it('casts each parameter of a product once, and its gradient once', () => {
    const graph = differentiated('float16');
    const products = mbConvNetProducts(graph);
    const fromInput = graph.nodes.filter(
      ({ op, inputs }) => op === cast && graph.inputs.some(({ value }) => value === inputs[0]),
    );
    expect(new Set(fromInput.map(({ inputs }) => inputs[0])).size).toBe(fromInput.length);
    expect(castsOf(graph).length).toBeLessThan(4 * products);
  });
});

function joined(values: ReadonlyMap<string, NdArray>): number[] {
  return [...values].flatMap(([name, { data }]) => (name.startsWith('grad.') ? [...data] : []));
}

function mbConvNetProducts(graph: Graph): number {
  return graph.nodes.filter(({ op }) => op === conv || op === matmul).length;
}
