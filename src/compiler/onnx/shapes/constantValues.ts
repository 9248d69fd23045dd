/** Evaluates the small tensors that exporters compute shapes with, as far as they are known. */
import type { OnnxNode } from '../model.js';
import { dtypes } from '../../../support/dtype.js';
import { dimEquals, divideDims, stridesOf, type Dim } from '../../../support/shape.js';
import {
  int,
  ints,
  isUnknown,
  optionalInt,
  unknownDim,
  type Elements,
  type ValueTable,
} from './valueTable.js';

/** The elements of a node's first output; undefined if nothing is known of them. */
export function evaluate(table: ValueTable, node: OnnxNode): Elements | undefined {
  return evaluators[node.opType]?.(node, table);
}

type Evaluator = (node: OnnxNode, table: ValueTable) => Elements | undefined;

function whole(elements: readonly Dim[] | undefined): Elements | undefined {
  return elements && { elements, real: false };
}

const same: Evaluator = (node, table) => table.elements(node.inputs[0]);

/** Types of Cast's attribute `to` that hold fractions. */
const realTypes: ReadonlySet<number> = new Set([1, 10, 11, 16]);

const cast: Evaluator = (node, table) => {
  const given = table.elements(node.inputs[0]);
  if (!given) return undefined;
  const real = realTypes.has(int(node, 'to', 1));
  const bool = int(node, 'to', 1) === 9;
  const one = (dim: Dim): Dim => {
    if (typeof dim !== 'number') return bool ? unknownDim : dim;
    return bool ? Number(dim !== 0) : real ? dim : Math.trunc(dim);
  };
  return { elements: given.elements.map(one), real };
};

const shapeOf: Evaluator = (node, table) =>
  whole(table.shape(node.inputs[0])?.slice(int(node, 'start', 0), optionalInt(node, 'end')));

const size: Evaluator = (node, table) => {
  const shape = table.shape(node.inputs[0]);
  return whole(shape && [shape.reduce(multiply, 1)]);
};

const concat: Evaluator = (node, table) => {
  const parts = node.inputs.map((name) => table.elements(name));
  if (!parts.every((part) => part !== undefined)) return undefined;
  if ((table.shape(node.inputs[0])?.length ?? 0) > 1) return undefined;
  const elements = parts.flatMap((part) => part.elements);
  return { elements, real: parts.some(({ real }) => real) };
};

const gather: Evaluator = (node, table) => {
  const data = table.elements(node.inputs[0]);
  const at = table.numbers(node.inputs[1]);
  if (!data || !at || (table.shape(node.inputs[0])?.length ?? 0) !== 1) return undefined;
  return { ...data, elements: at.map((i) => data.elements.at(i) ?? unknownDim) };
};

/** Elements of a tensor at the places of a product of axes, in the order of `order`. */
function picked(
  { elements, real }: Elements,
  shape: readonly number[],
  places: readonly (readonly number[])[],
  order: readonly number[],
): Elements {
  const strides = stridesOf(shape);
  let starts = [0];
  for (const axis of order) {
    const stride = strides[axis] ?? 1;
    starts = starts.flatMap((start) => (places[axis] ?? []).map((at) => start + at * stride));
  }
  return { elements: starts.map((at) => elements[at] ?? unknownDim), real };
}

function numericShape(table: ValueTable, name: string | undefined): readonly number[] | undefined {
  const shape = table.shape(name);
  return shape?.every((dim) => typeof dim === 'number') ? shape : undefined;
}

function upTo(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}

const slice: Evaluator = (node, table) => {
  const data = table.elements(node.inputs[0]);
  const shape = numericShape(table, node.inputs[0]);
  const [starts, ends, axes, steps] = ['starts', 'ends', 'axes', 'steps'].map(
    (name, i) => ints(node, name) ?? table.numbers(node.inputs[i + 1]),
  );
  if (!data || !shape || !starts || !ends) return undefined;
  const places = shape.map(upTo);
  for (const [i, start] of starts.entries()) {
    const axis = axes?.[i] ?? i;
    const at = axis < 0 ? axis + shape.length : axis;
    const [size, end, step] = [shape[at] ?? 0, ends[i] ?? 0, steps?.[i] ?? 1];
    const from = start < 0 ? start + size : start;
    const to = end < 0 ? end + size : end;
    places[at] = upTo(size).filter((place) =>
      step > 0 ? place >= from && place < to : place <= from && place > to,
    );
    if (step < 0) places[at].reverse();
    const [first = 0] = places[at];
    places[at] = places[at].filter((place) => (place - first) % step === 0);
  }
  return picked(data, shape, places, upTo(shape.length));
};

const transpose: Evaluator = (node, table) => {
  const data = table.elements(node.inputs[0]);
  const shape = numericShape(table, node.inputs[0]);
  if (!data || !shape) return undefined;
  const order = ints(node, 'perm') ?? upTo(shape.length).reverse();
  return picked(data, shape, shape.map(upTo), order);
};

const constantOfShape: Evaluator = (node, table) => {
  const length = table.numbers(node.inputs[0])?.reduce((a, b) => a * b, 1);
  if (length === undefined || !isFew(length)) return undefined;
  const given = node.attributes.get('value');
  const value = given?.type === 'tensor' ? Number(given.value.data[0] ?? 0) : 0;
  const dtype = given?.type === 'tensor' ? given.value.dtype : 'float32';
  const real = typeof dtype === 'string' && dtypes[dtype].floating;
  return { elements: Array<Dim>(length).fill(value), real };
};

const range: Evaluator = (node, table) => {
  const [start, limit, delta] = node.inputs.map((name) => table.numbers(name)?.[0]);
  if (start === undefined || limit === undefined || !delta) return undefined;
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  if (!isFew(length)) return undefined;
  const real = table.elements(node.inputs[0])?.real ?? false;
  return { elements: Array.from({ length }, (_, i) => start + i * delta), real };
};

const expand: Evaluator = (node, table) => {
  const data = table.elements(node.inputs[0]);
  const length = table.numbers(node.inputs[1])?.reduce((a, b) => a * b, 1);
  if (!data || length === undefined || !isFew(length)) return undefined;
  if (data.elements.length === 1)
    return { ...data, elements: Array<Dim>(length).fill(data.elements[0] ?? unknownDim) };
  return data.elements.length === length || length === 1 ? data : undefined;
};

const where: Evaluator = (node, table) => {
  const [test, yes, no] = node.inputs.map((name) => table.elements(name));
  if (!test || !yes || !no) return undefined;
  const pick = ([choice = unknownDim, a = unknownDim, b = unknownDim]: readonly Dim[]): Dim => {
    if (typeof choice === 'number') return choice === 0 ? b : a;
    return dimEquals(a, b) ? a : unknownDim;
  };
  const elements = zipped([test, yes, no], pick);
  return elements && { elements, real: yes.real };
};

const nonZero: Evaluator = (node, table) => {
  const values = table.numbers(node.inputs[0]);
  if (!values || (table.shape(node.inputs[0])?.length ?? 0) > 1) return undefined;
  return whole(values.flatMap((value, i) => (value === 0 ? [] : [i])));
};

const splitFirst: Evaluator = (node, table) => {
  const data = table.elements(node.inputs[0]);
  const sizes = ints(node, 'split') ?? table.numbers(node.inputs[1]);
  if (!data || (table.shape(node.inputs[0])?.length ?? 0) !== 1) return undefined;
  const first = sizes?.[0] ?? Math.ceil(data.elements.length / node.outputs.length);
  return { ...data, elements: data.elements.slice(0, first) };
};

/** Elements side by side; one element stands for as many as there are. */
function zipped(
  operands: readonly Elements[],
  pick: (dims: readonly Dim[]) => Dim,
): Dim[] | undefined {
  const length = Math.max(...operands.map(({ elements }) => elements.length));
  if (operands.some(({ elements }) => elements.length !== length && elements.length !== 1))
    return undefined;
  return Array.from({ length }, (_, i) =>
    pick(operands.map(({ elements }) => elements[elements.length === 1 ? 0 : i] ?? unknownDim)),
  );
}

function binary(pick: (a: Dim, b: Dim, real: boolean) => Dim, truth = false): Evaluator {
  return (node, table) => {
    const operands = node.inputs.map((name) => table.elements(name));
    if (!operands.every((operand) => operand !== undefined)) return undefined;
    const real = operands.some((operand) => operand.real);
    const elements = zipped(operands, ([first = unknownDim, ...rest]) =>
      rest.reduce((a, b) => pick(a, b, real), first),
    );
    return elements && { elements, real: real && !truth };
  };
}

function unary(pick: (value: number) => number): Evaluator {
  return (node, table) => {
    const given = table.elements(node.inputs[0]);
    const one = (dim: Dim): Dim => (typeof dim === 'number' ? pick(dim) : unknownDim);
    return given && { ...given, elements: given.elements.map(one) };
  };
}

function numeric(pick: (a: number, b: number) => number): (a: Dim, b: Dim) => Dim {
  return (a, b) => (typeof a === 'number' && typeof b === 'number' ? pick(a, b) : unknownDim);
}

/** All elements to one; of a vector only. */
function reduction(pick: (a: Dim, b: Dim) => Dim): Evaluator {
  return (node, table) => {
    const given = table.elements(node.inputs[0]);
    const [first, ...rest] = given?.elements ?? [];
    if (!given || first === undefined || (table.shape(node.inputs[0])?.length ?? 0) > 1)
      return undefined;
    return { ...given, elements: [rest.reduce(pick, first)] };
  };
}

function add(a: Dim, b: Dim): Dim {
  if (a === 0) return b;
  if (b === 0) return a;
  return typeof a === 'number' && typeof b === 'number' ? a + b : unknownDim;
}

function subtract(a: Dim, b: Dim): Dim {
  if (b === 0) return a;
  return typeof a === 'number' && typeof b === 'number' ? a - b : unknownDim;
}

function multiply(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const [dim, by] = typeof a === 'number' ? [b, a] : [a, b];
  if (typeof dim === 'number' || typeof by !== 'number' || isUnknown(dim)) return unknownDim;
  if (by === 0) return 0;
  return Number.isInteger(by) && by > 0 ? { ...dim, factor: dim.factor * by } : unknownDim;
}

function divide(a: Dim, b: Dim, real: boolean): Dim {
  if (typeof a === 'number' && typeof b === 'number')
    return b === 0 ? unknownDim : real ? a / b : Math.trunc(a / b);
  if (isUnknown(a) || isUnknown(b)) return unknownDim;
  return divideDims(a, b) ?? unknownDim;
}

function equal(a: Dim, b: Dim): Dim {
  if (isUnknown(a) || isUnknown(b)) return unknownDim;
  if (dimEquals(a, b)) return 1;
  const numbers = [a, b].filter((dim) => typeof dim === 'number');
  // A size is never negative.
  return numbers.length === 2 || numbers.some((number) => number < 0) ? 0 : unknownDim;
}

function isFew(length: number): boolean {
  return length >= 0 && length <= 1024;
}

/** Rounds as ONNX does, halves to even. */
function roundEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

const evaluators: Readonly<Partial<Record<string, Evaluator>>> = {
  Shape: shapeOf,
  Size: size,
  Identity: same,
  Unsqueeze: same,
  Squeeze: same,
  Reshape: same,
  Flatten: same,
  Cast: cast,
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Transpose: transpose,
  Split: splitFirst,
  ConstantOfShape: constantOfShape,
  Range: range,
  Expand: expand,
  Where: where,
  NonZero: nonZero,
  Add: binary(add),
  Sum: binary(add),
  Sub: binary(subtract),
  Mul: binary(multiply),
  Div: binary(divide),
  Mod: binary(numeric((a, b) => a - b * Math.floor(a / b))),
  Pow: binary(numeric((a, b) => a ** b)),
  Min: binary(numeric(Math.min)),
  Max: binary(numeric(Math.max)),
  Equal: binary(equal, true),
  Greater: binary(
    numeric((a, b) => Number(a > b)),
    true,
  ),
  GreaterOrEqual: binary(
    numeric((a, b) => Number(a >= b)),
    true,
  ),
  Less: binary(
    numeric((a, b) => Number(a < b)),
    true,
  ),
  LessOrEqual: binary(
    numeric((a, b) => Number(a <= b)),
    true,
  ),
  And: binary(numeric((a, b) => a * b)),
  Or: binary(numeric(Math.max)),
  Not: unary((value) => Number(value === 0)),
  Neg: unary((value) => -value),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundEven),
  Sqrt: unary(Math.sqrt),
  Sign: unary(Math.sign),
  ReduceProd: reduction(multiply),
  ReduceSum: reduction(add),
  ReduceMax: reduction(numeric(Math.max)),
  ReduceMin: reduction(numeric(Math.min)),
};
