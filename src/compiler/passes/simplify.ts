import type { Graph, Node, Op, Value } from '../ir/graph.js';
import { viewOf, type Named, type NamedOp } from '../ir/op.js';
import { rewriteGraph, sameType, type MappedInputs } from '../ir/rewrite.js';
import { expandLike, reduceSum, type ReduceAttributes } from '../ops/broadcast.js';
import { scalar } from '../ops/constant.js';
import { add, div, mul, neg, sub } from '../ops/elementwise.js';
import { reduceMean } from '../ops/reduce.js';
import { cast, padAxis, reshape, slice, transpose } from '../ops/shape.js';
import { dtypes, isHalf } from '../../support/dtype.js';
import { knownNumber } from './constants.js';

/*
 * A rule offers another value for a node; it is taken if its type is the node's, so no rule
 * needs to think about what a dropped operand would have broadcast. Rules are exact in floating
 * point up to the sign of zero, except for the product of two constant factors, which rounds once.
 * x * 0 stays: it is NaN if x is infinite or NaN, which must not be hidden.
 */

type Pair = Named<readonly ['a', 'b'], Value>;
type Single = Named<readonly ['x'], Value>;

const timesOne = ({ a, b }: Pair): Value | undefined =>
  knownNumber(b) === 1 ? a : knownNumber(a) === 1 ? b : undefined;

const plusZero = ({ a, b }: Pair): Value | undefined =>
  knownNumber(b) === 0 ? a : knownNumber(a) === 0 ? b : undefined;

/** (x * c) * d = x * (c * d), with both constants in either place. */
function joinFactors({ a, b }: Pair): Value | undefined {
  const outer = knownNumber(b) ?? knownNumber(a);
  const product = viewOf(mul, (knownNumber(b) === undefined ? b : a).producer)?.inputs;
  if (outer === undefined || product === undefined) return undefined;
  const inner = knownNumber(product.b) ?? knownNumber(product.a);
  const x = knownNumber(product.b) === undefined ? product.b : product.a;
  if (inner === undefined) return undefined;
  const factor = inner * outer;
  return isOrdinary(factor, x) ? mul(x, scalar(x.graph, factor, x.dtype)) : undefined;
}

/** True if a product of constants neither overflows nor vanishes, so that joining loses nothing. */
function isOrdinary(factor: number, { dtype }: Value): boolean {
  const size = Math.abs(factor);
  if (dtype === 'float32') return size > 2 ** -126 && size < 2 ** 127;
  return dtype === 'float64' && size > 2 ** -1022 && size < 2 ** 1023;
}

const negated = ({ producer }: Value): Value | undefined => viewOf(neg, producer)?.inputs.x;

/** x + (-y) = x - y */
function addNegated({ a, b }: Pair): Value | undefined {
  const [left, right] = [negated(a), negated(b)];
  return right ? sub(a, right) : left && sub(b, left);
}

const subtractZero = ({ a, b }: Pair): Value | undefined => (knownNumber(b) === 0 ? a : undefined);

/** x - (-y) = x + y */
function subtractNegated({ a, b }: Pair): Value | undefined {
  const right = negated(b);
  return right && add(a, right);
}

const divideByOne = ({ a, b }: Pair): Value | undefined => (knownNumber(b) === 1 ? a : undefined);

const negateTwice = ({ x }: Single): Value | undefined => negated(x);

/** -(a - b) = b - a */
function negateDifference({ x }: Single): Value | undefined {
  const difference = viewOf(sub, x.producer)?.inputs;
  return difference && sub(difference.b, difference.a);
}

const itself = ({ x }: Single): Value => x;

const reduceNothing = ({ x }: Single, { axes }: ReduceAttributes): Value | undefined =>
  axes.length === 0 ? x : undefined;

/** A wider type holds the numbers of a narrower one, so the way there and back changes nothing. */
function castBack({ x }: Single): Value | undefined {
  const before = viewOf(cast, x.producer)?.inputs.x;
  const widens = before && isHalf(before.dtype) && !isHalf(x.dtype) && dtypes[x.dtype].floating;
  return widens ? before : undefined;
}

/**
 * Replacements that the rules of a primitive offer for a node of it, each asked only if those
 * before did not fit.
 */
type Rules = (node: Node, inputs: MappedInputs) => Iterable<Value | undefined>;

/** Rules that may replace a node of `op`, the most telling first. */
function rulesFor<I extends readonly string[], O extends readonly string[], A extends object>(
  op: NamedOp<I, O, A>,
  ...rules: readonly ((inputs: Named<I, Value>, attrs: A) => Value | undefined)[]
): readonly [Op, Rules] {
  return [
    op,
    function* (node, inputs) {
      const view = viewOf(op, node, inputs);
      if (view) for (const rule of rules) yield rule(view.inputs, view.attrs);
    },
  ];
}

const rules = new Map<Op, Rules>([
  rulesFor(add, plusZero, addNegated),
  rulesFor(sub, subtractZero, subtractNegated),
  rulesFor(mul, timesOne, joinFactors),
  rulesFor(div, divideByOne),
  rulesFor(neg, negateTwice, negateDifference),
  rulesFor(reshape, itself, ({ x }, { shape }) => {
    const before = viewOf(reshape, x.producer)?.inputs.x;
    return before && reshape(before, { shape });
  }),
  rulesFor(
    transpose,
    ({ x }, { permutation }) => (permutation.every((axis, i) => axis === i) ? x : undefined),
    ({ x }, { permutation }) => {
      const before = viewOf(transpose, x.producer);
      if (before === undefined) return undefined;
      const first = before.attrs.permutation;
      const joined = permutation.map((axis) => first[axis] ?? axis);
      return transpose(before.inputs.x, { permutation: joined });
    },
  ),
  rulesFor(reduceSum, reduceNothing),
  rulesFor(reduceMean, reduceNothing),
  // These change nothing if the type stays the same.
  rulesFor(expandLike, itself),
  rulesFor(cast, itself, castBack),
  rulesFor(slice, itself),
  rulesFor(padAxis, itself),
]);

/** Applies the algebraic rules to each node until none fits. */
export function simplify(graph: Graph): Graph {
  return rewriteGraph(graph, (node, inputs) => {
    const first = applyRules(node, inputs, node.outputs[0]);
    if (first === undefined) return undefined;
    let value = first;
    for (;;) {
      const { producer } = value;
      const next = producer && applyRules(producer, producer.inputs, value);
      if (next === undefined) return [value];
      value = next;
    }
  });
}

function applyRules(
  node: Node,
  inputs: MappedInputs,
  replaced: Value | undefined,
): Value | undefined {
  for (const offered of rules.get(node.op)?.(node, inputs) ?? [])
    if (offered && replaced && sameType(offered.type, replaced.type)) return offered;
  return undefined;
}
