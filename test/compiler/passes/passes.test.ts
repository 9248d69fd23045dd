import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/compiler/ir/graph.js';
import { printGraph } from '../../../src/compiler/ir/print.js';
import { expandLike, reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { constant, constantOf, scalarLike } from '../../../src/compiler/ops/constant.js';
import { add, exp, mul, sqrt, sub } from '../../../src/compiler/ops/elementwise.js';
import { dropout } from '../../../src/compiler/ops/noise.js';
import { batchNormTrain } from '../../../src/compiler/ops/norm.js';
import { cast } from '../../../src/compiler/ops/shape.js';
import { eliminateCommonSubexpressions } from '../../../src/compiler/passes/cse.js';
import { eliminateDeadCode } from '../../../src/compiler/passes/dce.js';
import { foldConstants } from '../../../src/compiler/passes/fold.js';
import { tensorData } from '../../../src/support/tensor.js';
import { checkPass, graphOf, opsOf } from './equivalence.js';

const batch = { symbol: 'N', factor: 1 };

describe('dead code', () => {
  it('goes, whole chains of it, and unused inputs stay', () => {
    const graph = graphOf({ x: [2], unused: [3] }, ({ x, unused }) => {
      if (!x || !unused) return [];
      exp(exp(unused));
      const { y } = batchNormTrain(add(expandInput(x), expandInput(x)), x, x, { epsilon: 1e-3 });
      return [y];
    });
    const after = checkPass(graph, eliminateDeadCode);
    expect(opsOf(after)).not.toContain('exp');
    expect(after.inputs.map(({ name }) => name)).toEqual(['x', 'unused']);
  });
});

/** [2] as [2,2]. */
function expandInput(x: Value): Value {
  const like = constant(x.graph, tensorData(x.dtype, [2, 2], [0, 0, 0, 0]));
  return expandLike(x, like, {});
}

describe('common subexpressions', () => {
  it('are computed once, also with swapped operands', () => {
    const graph = graphOf({ a: [2], b: [2] }, ({ a, b }) =>
      a && b ? [exp(add(a, b)), exp(add(b, a)), sub(a, b), sub(b, a)] : [],
    );
    expect(opsOf(checkPass(graph, eliminateCommonSubexpressions))).toEqual([
      ...['add', 'exp'],
      ...['sub', 'sub'],
    ]);
  });

  it('differ by attributes, by element type and by the sign of zero', () => {
    const graph = graphOf({ x: [2, 2] }, ({ x }, made) => {
      if (!x) return [];
      const attrs = { keepDims: false };
      const zeros = [0, -0].map((zero) => constant(made, tensorData('float64', [], [zero])));
      const single = constant(made, tensorData('float32', [], [0]));
      return [
        reduceSum(x, { axes: [0], ...attrs }),
        reduceSum(x, { axes: [1], ...attrs }),
        ...zeros,
        single,
      ];
    });
    expect(eliminateCommonSubexpressions(graph).nodes).toHaveLength(5);
  });

  it('are constants of equal bytes, whatever order their attributes were given in', () => {
    const graph = graphOf({ x: [2, 2] }, ({ x }, made) => {
      if (!x) return [];
      const weights = [1, 2, 3].map((last) =>
        constant(made, tensorData('float64', [2], [1, last])),
      );
      const again = constant(made, tensorData('float64', [2], [1, 3]));
      const sums = [
        reduceSum(x, { axes: [0], keepDims: true }),
        reduceSum(x, { keepDims: true, axes: [0] }),
      ];
      return [...weights, again, ...sums];
    });
    expect(checkPass(graph, eliminateCommonSubexpressions).nodes).toHaveLength(4);
  });

  it('leave noise of different sites apart', () => {
    const graph = graphOf({ x: [batch, 4], mask: [batch, 4] }, ({ x, mask }) =>
      x && mask ? ['a', 'b', 'b'].map((site) => dropout(x, mask, { keep: 0.5, site })) : [],
    );
    expect(opsOf(checkPass(graph, eliminateCommonSubexpressions))).toEqual(['dropout', 'dropout']);
  });

  it('includes equal batch normalisations with all their outputs', () => {
    const graph = graphOf({ x: [batch, 2, 3, 3], s: [2], b: [2] }, ({ x, s, b }) => {
      if (!x || !s || !b) return [];
      const first = batchNormTrain(x, s, b, { epsilon: 1e-3 });
      const second = batchNormTrain(x, s, b, { epsilon: 1e-3 });
      return [first.y, first.mean, second.y, second.variance];
    });
    expect(opsOf(checkPass(graph, eliminateCommonSubexpressions))).toEqual(['batchNormTrain']);
  });
});

describe('constant folding', () => {
  it('runs chains of constants and leaves what depends on an input', () => {
    const graph = graphOf({ x: [2] }, ({ x }) =>
      x ? [mul(x, sqrt(add(scalarLike(x, 9), scalarLike(x, 16))))] : [],
    );
    const after = eliminateDeadCode(checkPass(graph, foldConstants));
    expect(printGraph(after)).toMatchInlineSnapshot(`
      "graph test
      inputs
        x: float64[2]
      nodes
        %0 = constant() {tensor: [5]}: float64[]
        %1 = mul(x, %0): float64[2]
      outputs
        y0 = %1"
    `);
  });

  it('rounds every step to float32, as the run time would', () => {
    const graph = graphOf(
      { x: [] },
      ({ x }) => (x ? [sub(add(scalarLike(x, 1), scalarLike(x, 1e-9)), scalarLike(x, 1))] : []),
      'float32',
    );
    const { nodes } = eliminateDeadCode(foldConstants(graph));
    expect(nodes.map(({ attrs }) => Array.from(constantOf(attrs).data, Number))).toEqual([[0]]);
  });

  it('keeps a broadcast that would make the file larger, and integers that are not exact', () => {
    const graph = graphOf({ x: [40_000] }, ({ x }, made) => {
      if (!x) return [];
      const huge = constant(made, tensorData('float64', [], [1e300]));
      const like = constant(made, tensorData('float64', [40_000], new Float64Array(40_000)));
      return [expandLike(scalarLike(x, 1), like, {}), cast(huge, { to: 'int64' })];
    });
    expect(opsOf(foldConstants(graph))).toEqual(['expandLike', 'cast']);
  });
});
