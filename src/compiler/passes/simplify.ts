import type { Attributes, Graph, Op, Value } from '../ir/graph.js';
import { rewriteGraph, sameType, type MappedInputs } from '../ir/rewrite.js';
import { expandLike, reduceSum, type ReduceAttributes } from '../ops/broadcast.js';
import { scalar } from '../ops/constant.js';
import { add, div, mul, neg, sub } from '../ops/elementwise.js';
import { reduceMean } from '../ops/reduce.js';
import { cast, padAxis, reshape, slice, transpose } from '../ops/shape.js';
import { dtypes, isHalf } from '../../support/dtype.js';
import type { Shape } from '../../support/shape.js';
import { knownNumber } from './constants.js';

/*
 * A rule offers another value for a node; it is taken where its type is the node's, so no rule
 * needs to think about what a dropped operand would have broadcast. Rules are exact in floating
 * point up to the sign of zero, except for the product of two constant factors, which rounds once.
 * x * 0 stays: it is NaN where x is infinite or NaN, which must not be hidden.
 */

type Rule = (operands: readonly Value[], attrs: Attributes) => Value | undefined;

const operandsOf = (value: Value | undefined, op: Op): readonly Value[] | undefined =>
  value?.producer?.op === op ? present(value.producer.inputs) : undefined;

const timesOne: Rule = ([a, b]) =>
  knownNumber(b) === 1 ? a : knownNumber(a) === 1 ? b : undefined;

const plusZero: Rule = ([a, b]) =>
  knownNumber(b) === 0 ? a : knownNumber(a) === 0 ? b : undefined;

/** (x * c) * d = x * (c * d), with both constants in either place. */
const joinFactors: Rule = ([a, b]) => {
  const outer = knownNumber(b) ?? knownNumber(a);
  const product = operandsOf(knownNumber(b) === undefined ? b : a, mul);
  if (outer === undefined || product === undefined) return undefined;
  const [left, right] = product;
  const inner = knownNumber(right) ?? knownNumber(left);
  const x = knownNumber(right) === undefined ? right : left;
  if (inner === undefined || x === undefined) return undefined;
  const factor = inner * outer;
  return isOrdinary(factor, x) ? mul(x, scalar(x.graph, factor, x.dtype)) : undefined;
};

/** Whether a product of constants neither overflows nor vanishes, so that joining loses nothing. */
function isOrdinary(factor: number, { dtype }: Value): boolean {
  const size = Math.abs(factor);
  if (dtype === 'float32') return size > 2 ** -126 && size < 2 ** 127;
  return dtype === 'float64' && size > 2 ** -1022 && size < 2 ** 1023;
}

/** x + (-y) = x - y */
const addNegated: Rule = ([a, b]) => {
  const [right] = operandsOf(b, neg) ?? [];
  if (a && right) return sub(a, right);
  const [left] = operandsOf(a, neg) ?? [];
  return left && b ? sub(b, left) : undefined;
};

const subtractZero: Rule = ([a, b]) => (knownNumber(b) === 0 ? a : undefined);

/** x - (-y) = x + y */
const subtractNegated: Rule = ([a, b]) => {
  const [right] = operandsOf(b, neg) ?? [];
  return a && right ? add(a, right) : undefined;
};

const divideByOne: Rule = ([a, b]) => (knownNumber(b) === 1 ? a : undefined);

const negateTwice: Rule = ([x]) => operandsOf(x, neg)?.[0];

/** -(a - b) = b - a */
const negateDifference: Rule = ([x]) => {
  const [a, b] = operandsOf(x, sub) ?? [];
  return a && b ? sub(b, a) : undefined;
};

const itself: Rule = ([x]) => x;

const reshapeTwice: Rule = ([x], attrs) => {
  const [before] = operandsOf(x, reshape) ?? [];
  return before && reshape(before, { shape: attrs['shape'] as Shape });
};

const permutationOf = (attrs: Attributes): readonly number[] =>
  attrs['permutation'] as readonly number[];

const transposeTwice: Rule = ([x], attrs) => {
  const [before] = operandsOf(x, transpose) ?? [];
  if (before === undefined || x?.producer === undefined) return undefined;
  const first = permutationOf(x.producer.attrs);
  return transpose(before, {
    permutation: permutationOf(attrs).map((axis) => first[axis] ?? axis),
  });
};

const transposeNothing: Rule = ([x], attrs) =>
  permutationOf(attrs).every((axis, i) => axis === i) ? x : undefined;

const reduceNothing: Rule = ([x], attrs) =>
  (attrs as unknown as ReduceAttributes).axes.length === 0 ? x : undefined;

/** A wider type holds the numbers of a narrower one, so the way there and back changes nothing. */
const castBack: Rule = ([x]) => {
  const [before] = operandsOf(x, cast) ?? [];
  return before && x && isHalf(before.dtype) && !isHalf(x.dtype) && dtypes[x.dtype].floating
    ? before
    : undefined;
};

/** For each op, the rules that may replace it, the most telling first. */
const rules = new Map<Op, readonly Rule[]>([
  [add, [plusZero, addNegated]],
  [sub, [subtractZero, subtractNegated]],
  [mul, [timesOne, joinFactors]],
  [div, [divideByOne]],
  [neg, [negateTwice, negateDifference]],
  [reshape, [itself, reshapeTwice]],
  [transpose, [transposeNothing, transposeTwice]],
  [reduceSum, [reduceNothing]],
  [reduceMean, [reduceNothing]],
  // Of equal type before and after, these changed nothing.
  [expandLike, [itself]],
  [cast, [itself, castBack]],
  [slice, [itself]],
  [padAxis, [itself]],
]);

/** Applies the algebraic rules to each node until none fits. */
export function simplify(graph: Graph): Graph {
  return rewriteGraph(graph, (node, inputs) => {
    const first = applyRules(node.op, inputs, node.attrs, node.outputs[0]);
    if (first === undefined) return undefined;
    let value = first;
    for (;;) {
      const { producer } = value;
      const next = producer && applyRules(producer.op, producer.inputs, producer.attrs, value);
      if (next === undefined) return [value];
      value = next;
    }
  });
}

function applyRules(
  op: Op,
  inputs: MappedInputs,
  attrs: Attributes,
  replaced: Value | undefined,
): Value | undefined {
  for (const rule of rules.get(op) ?? []) {
    const offered = rule(present(inputs), attrs);
    if (offered && replaced && sameType(offered.type, replaced.type)) return offered;
  }
  return undefined;
}

function present(values: MappedInputs): readonly Value[] {
  return values.flatMap((value) => (value ? [value] : []));
}
