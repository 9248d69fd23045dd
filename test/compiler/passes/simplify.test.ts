import { describe, expect, it } from 'vitest';
import type { Graph, Value } from '../../../src/compiler/ir/graph.js';
import { evaluate } from '../../../src/compiler/interpret/evaluate.js';
import { ndarray } from '../../../src/compiler/ir/ndarray.js';
import { expandLike, reduceSum } from '../../../src/compiler/ops/broadcast.js';
import { constant, scalar, scalarLike } from '../../../src/compiler/ops/constant.js';
import { add, div, mul, neg, relu, sub } from '../../../src/compiler/ops/elementwise.js';
import { reduceMean } from '../../../src/compiler/ops/reduce.js';
import { cast, padAxis, reshape, slice, transpose } from '../../../src/compiler/ops/shape.js';
import { eliminateDeadCode } from '../../../src/compiler/passes/dce.js';
import { simplify } from '../../../src/compiler/passes/simplify.js';
import { batchDim } from '../../../src/support/shape.js';
import { tensorData } from '../../../src/support/tensor.js';
import { checkPass, graphOf, opsOf } from './equivalence.js';

type Build = (x: Value, y: Value) => Value;

const sweep = (graph: Graph): Graph => eliminateDeadCode(simplify(graph));

/** x [N,2,3] and y [N,2,3]: names of the ops that are left. */
function left(build: Build, tolerance?: number): string[] {
  const shape = [batchDim, 2, 3];
  const graph = graphOf({ x: shape, y: shape }, ({ x, y }) => (x && y ? [build(x, y)] : []));
  return opsOf(checkPass(graph, sweep, tolerance));
}

const one = (x: Value): Value => scalarLike(x, 1);
const zero = (x: Value): Value => scalarLike(x, 0);
const none = { axes: [], keepDims: false };
const flat = [{ symbol: 'N', factor: 6 }];

const nothingLeft: Readonly<Record<string, Build>> = {
  'x * 1': (x) => mul(x, one(x)),
  '1 * x': (x) => mul(one(x), x),
  'x + 0': (x) => add(x, zero(x)),
  '0 + x': (x) => add(zero(x), x),
  'x - 0': (x) => sub(x, zero(x)),
  'x / 1': (x) => div(x, one(x)),
  '-(-x)': (x) => neg(neg(x)),
  'x + 0 with zeros of a shape': (x) =>
    add(x, constant(x.graph, tensorData('float64', [2, 3], [0, 0, 0, 0, 0, 0]))),
  'a chain of them': (x) => neg(mul(neg(add(div(x, one(x)), zero(x))), one(x))),
  'a reshape there and back': (x) => reshape(reshape(x, { shape: flat }), { shape: x.shape }),
  'a transpose there and back': (x) =>
    transpose(transpose(x, { permutation: [1, 2, 0] }), { permutation: [2, 0, 1] }),
  'a transpose of nothing': (x) => transpose(x, { permutation: [0, 1, 2] }),
  'reductions without axes': (x) => reduceMean(reduceSum(x, none), none),
  'a cast to the same type': (x) => cast(x, { to: 'float64' }),
  'a slice of everything': (x) => slice(x, { axis: 1, start: 0, end: 2 }),
  'padding by nothing': (x) => padAxis(x, { axis: 1, before: 0, after: 0 }),
  'an expansion to its own shape': (x, y) => expandLike(x, y, {}),
};

const fewerLeft: Readonly<Record<string, readonly [Build, string[]]>> = {
  'two reshapes': [
    (x) => reshape(reshape(x, { shape: flat }), { shape: [batchDim, 6] }),
    ['reshape'],
  ],
  'two transposes': [
    (x) => transpose(transpose(x, { permutation: [1, 2, 0] }), { permutation: [1, 0, 2] }),
    ['transpose'],
  ],
  'constant factors on either side': [
    (x) => mul(scalarLike(x, 3), mul(mul(x, scalarLike(x, 0.7)), scalarLike(x, 5))),
    ['mul'],
  ],
  'factors whose product is 1': [(x) => mul(mul(x, scalarLike(x, 0.5)), scalarLike(x, 2)), []],
  'x + (-y)': [(x, y) => add(x, neg(y)), ['sub']],
  '(-x) + y': [(x, y) => add(neg(x), y), ['sub']],
  'x - (-y)': [(x, y) => sub(x, neg(y)), ['add']],
  '-(x - y)': [(x, y) => neg(sub(x, y)), ['sub']],
  '-(x - (-y)) that becomes -(x + y)': [(x, y) => neg(sub(x, neg(y))), ['add', 'neg']],
};

const unchanged: Readonly<Record<string, readonly [Build, string[]]>> = {
  'a product with 1 that broadcasts': [
    (x) => mul(slice(x, { axis: 1, start: 0, end: 1 }), ones(x)),
    ['slice', 'mul'],
  ],
  'a sum with 0 that broadcasts': [
    (x) => add(slice(x, { axis: 1, start: 0, end: 1 }), sub(ones(x), ones(x))),
    ['slice', 'sub', 'add'],
  ],
  '1 / x': [(x) => div(one(x), x), ['div']],
  '0 - x': [(x) => sub(zero(x), x), ['sub']],
  'factors whose product vanishes': [
    (x) => mul(mul(x, scalarLike(x, 1e-200)), scalarLike(x, 1e-200)),
    ['mul', 'mul'],
  ],
  'a reduction over an axis': [(x) => reduceSum(x, { axes: [1], keepDims: true }), ['reduceSum']],
};

function ones(x: Value): Value {
  return constant(x.graph, tensorData('float64', [2, 1], [1, 1]));
}

describe('simplification', () => {
  for (const [name, build] of Object.entries(nothingLeft))
    it(`removes ${name}`, () => {
      expect(left(build)).toEqual([]);
    });
  for (const [name, [build, ops]] of Object.entries(fewerLeft))
    it(`shortens ${name}`, () => {
      expect(left(build)).toEqual(ops);
    });
  for (const [name, [build, ops]] of Object.entries(unchanged))
    it(`leaves ${name}`, () => {
      expect(left(build)).toEqual(ops);
    });

  it('does not fold x * 0, which is NaN where x is infinite', () => {
    const graph = graphOf({ x: [2] }, ({ x }) => (x ? [mul(x, zero(x))] : []));
    const made = evaluate(sweep(graph), new Map([['x', ndarray([2], [Infinity, 1])]]));
    expect(made.get('y0')?.data).toEqual(Float64Array.of(NaN, 0));
  });

  it('keeps what else uses an operand', () => {
    const graph = graphOf({ x: [2], y: [2] }, ({ x, y }) => {
      if (!x || !y) return [];
      const negated = neg(y);
      return [add(x, negated), relu(negated)];
    });
    expect(opsOf(checkPass(graph, sweep))).toEqual(['neg', 'sub', 'relu']);
  });

  it('joins float32 factors with one rounding', () => {
    const graph = graphOf(
      { x: [3] },
      ({ x }) => {
        if (!x) return [];
        const factor = (value: number): Value => scalar(x.graph, value, 'float32');
        return [mul(mul(x, factor(1 / 3)), factor(7))];
      },
      'float32',
    );
    expect(opsOf(checkPass(graph, sweep, 1e-7))).toEqual(['mul']);
  });
});
