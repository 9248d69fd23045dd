import { describe, expect, it } from 'vitest';
import { argMax } from '../../../src/compiler/ops/reduce.js';
import { equal } from '../../../src/compiler/ops/shape.js';
import { fuseArgMax } from '../../../src/compiler/passes/fuseArgMax.js';
import { invariant } from '../../../src/support/errors.js';
import { checkPass, graphOf, opsOf, reasonsOf } from './equivalence.js';

describe('fuseArgMax', () => {
  it('compares rows without making the indices', () => {
    const graph = graphOf({ a: [5, 2], b: [5, 2] }, ({ a, b }) => {
      invariant(a && b, 'two inputs');
      return [equal(argMax(a), argMax(b))];
    });
    expect(opsOf(checkPass(graph, fuseArgMax))).toEqual(['sameArgMax']);
  });

  it('keeps an index that is wanted itself', () => {
    const graph = graphOf({ a: [5, 2], b: [5, 2] }, ({ a, b }) => {
      invariant(a && b, 'two inputs');
      return [equal(argMax(a), argMax(b)), argMax(a), equal(a, b)];
    });
    expect(opsOf(checkPass(graph, fuseArgMax)).sort()).toEqual(['argMax', 'equal', 'sameArgMax']);
    expect(reasonsOf(fuseArgMax, graph)).toEqual([
      'equal: it does not compare two indices of argMax',
    ]);
  });
});
