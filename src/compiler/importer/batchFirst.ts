/**
 * Graphs that move the batch from the first axis, as PyTorch's MultiheadAttention does: a model of ours has it
 * first. A Transpose or Reshape of such a value is only recorded, and written where an operator needs it.
 */
import { batchDim, type Dim } from '../../support/shape.js';
import { numbersOf, tensorData } from '../../support/tensor.js';
import type { OnnxAttribute } from '../onnx/model.js';
import {
  isBatchFirst,
  isIdentity,
  isWhole,
  numberOf,
  product,
  regrouped,
  sizesOf,
  wholeView,
  type Group,
  type View,
} from './batchView.js';
import type { Operand, PlainGraph, PlainNode, PlainValue } from './plainGraph.js';

/**
 * The graph with each value's batch first, as far as that is known to be possible. An Expand of a constant gets a
 * second operand, whose batch it takes.
 */
export function batchFirst(graph: PlainGraph): PlainGraph {
  const turning = new Turning(graph.input);
  for (const node of graph.nodes) turning.add(node);
  for (const output of graph.outputs) turning.restore(output);
  return { ...graph, nodes: turning.nodes };
}

/** What a node is in terms of ours; false if that is not known. */
type Turn = (turning: Turning, node: PlainNode) => boolean;

class Turning {
  readonly nodes: PlainNode[] = [];
  private readonly views = new Map<string, View>();
  /** Values whose batch could not be brought to the front. */
  private readonly left = new Set<string>();
  /** Constants to be repeated for each image, which wait for the value that they go with. */
  private readonly repeated = new Map<string, PlainNode>();

  constructor(private readonly input: PlainValue) {}

  add(node: PlainNode): void {
    const values = node.operands.flatMap((one) => (one?.kind === 'value' ? [one.value] : []));
    if (node.op === 'Expand' && node.domain === '' && values.length === 0) {
      const [output] = node.outputs;
      if (output) this.repeated.set(output.name, node);
      return;
    }
    this.repeat(values);
    const outputs = node.outputs.filter((output) => output !== undefined);
    const whole = values.every((value) => isWhole(this.view(value), value));
    const known = values.every(({ name }) => !this.left.has(name));
    if (whole && known && outputs.every(({ shape }) => isBatchFirst(shape))) {
      this.nodes.push({ ...node, operands: node.operands.map((one) => this.renamed(one)) });
      return;
    }
    const turn = known && node.domain === '' ? turns[node.op] : undefined;
    if (turn?.(this, node) === true) return;
    for (const value of values) this.restore(value);
    this.nodes.push(node);
    for (const { name, shape } of outputs) if (!isBatchFirst(shape)) this.left.add(name);
  }

  /** Writes the constants among some values, with the batch of another of them. */
  private repeat(values: readonly PlainValue[]): void {
    const other = values.find(
      ({ name, shape }) => !this.repeated.has(name) && !this.left.has(name) && isBatchFirst(shape),
    );
    for (const { name } of values) {
      const node = this.repeated.get(name);
      if (node === undefined) continue;
      this.repeated.delete(name);
      const like = other ? this.renamed({ kind: 'value', value: other }) : undefined;
      const image: Operand = { kind: 'value', value: this.input };
      this.nodes.push({ ...node, operands: [node.operands[0], like ?? image] });
      const [output] = node.outputs;
      if (output && !isBatchFirst(output.shape)) this.left.add(name);
    }
  }

  view(value: PlainValue): View {
    return this.views.get(value.name) ?? wholeView(value);
  }

  /** The view of an operand; undefined for a constant. */
  viewOf(operand: Operand | undefined): View | undefined {
    return operand?.kind === 'value' ? this.view(operand.value) : undefined;
  }

  /** An operand under the name of ours, if it is the same but for that. */
  private renamed(operand: Operand | undefined): Operand | undefined {
    if (operand?.kind !== 'value') return operand;
    const view = this.view(operand.value);
    return isWhole(view, operand.value) ? { kind: 'value', value: view.value } : operand;
  }

  /** Makes a value of the file as the file has it. */
  restore(value: PlainValue): void {
    this.repeat([value]);
    const view = this.views.get(value.name);
    if (view === undefined) return;
    this.views.delete(value.name);
    if (!isBatchFirst(value.shape)) this.left.add(value.name);
    const order = view.axes.flat();
    const source = isIdentity(order.map((axis) => [axis]))
      ? view.value
      : this.transposed(value.name, view.value, order);
    this.push('Reshape', `${value.name}, restored`, [source], [value]);
  }

  record(output: PlainValue | undefined, view: View): true {
    if (output) this.views.set(output.name, view);
    return true;
  }

  /** Adds a node whose outputs stand for those of a node of the file. */
  made(
    node: PlainNode,
    { operands = node.operands, attributes = node.attributes }: Partial<PlainNode>,
    shapes: readonly (readonly Dim[])[],
    axes: readonly Group[],
  ): true {
    const outputs = node.outputs.map((output, i) => {
      if (output === undefined) return undefined;
      const value = { ...output, shape: shapes[i] ?? [] };
      if (isWhole({ value, axes }, output)) return output;
      const own = { ...value, name: this.named(output.name) };
      this.record(output, { value: own, axes });
      return own;
    });
    this.nodes.push({ ...node, operands, attributes, outputs });
    return true;
  }

  /** Our value with its axes in another order, those of each group as one. */
  arranged({ name }: PlainNode, { value }: View, groups: readonly Group[]): PlainValue {
    if (isIdentity(groups) && groups.length === value.shape.length) return value;
    const order = groups.flat();
    const same = isIdentity(order.map((axis) => [axis]));
    const turned = same ? value : this.transposed(name, value, order);
    if (groups.every(({ length }) => length === 1)) return turned;
    const shape = groups.map((group) =>
      group[0] === 0 ? batchDim : product(sizesOf({ value, axes: [] }, group)),
    );
    return this.reshaped(name, turned, shape);
  }

  reshaped(name: string, value: PlainValue, shape: readonly Dim[]): PlainValue {
    const output = { ...value, name: this.named(value.name), shape };
    this.push('Reshape', `${name}_${this.nodes.length}`, [value], [output]);
    return output;
  }

  private transposed(name: string, value: PlainValue, order: readonly number[]): PlainValue {
    const shape = order.map((axis) => value.shape[axis] ?? 1);
    const output = { ...value, name: this.named(value.name), shape };
    const perm = { type: 'ints', value: order } as const;
    this.push('Transpose', `${name}_${this.nodes.length}`, [value], [output], { perm });
    return output;
  }

  private push(
    op: string,
    name: string,
    values: readonly PlainValue[],
    outputs: readonly PlainValue[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    this.nodes.push({
      op,
      domain: '',
      name,
      operands: values.map((value) => ({ kind: 'value', value })),
      attributes: new Map(Object.entries(attributes)),
      outputs,
    });
  }

  private named(name: string): string {
    const [base = name] = name.split(', batch first');
    return `${base}, batch first ${this.nodes.length}`;
  }
}

/** A view with an axis of the file's as one of ours. */
interface Along {
  readonly view: View;
  readonly axis: number;
}

/** The view in which an axis of the file's is one of ours, perhaps the last; undefined if it holds the batch. */
function along(
  turning: Turning,
  node: PlainNode,
  view: View | undefined,
  at: number,
  last = false,
): Along | undefined {
  const group = view?.axes[at];
  if (view === undefined || group === undefined || group.includes(0)) return undefined;
  const [single = 0] = group;
  if (group.length === 1 && (!last || single === view.value.shape.length - 1))
    return { view, axis: single };
  const others = view.value.shape.flatMap((_, axis) => (group.includes(axis) ? [] : [axis]));
  const value = turning.arranged(node, view, [...others.map((axis) => [axis]), group]);
  const axes = view.axes.map((one, i) =>
    i === at ? [others.length] : one.map((axis) => others.indexOf(axis)),
  );
  return { view: { value, axes }, axis: others.length };
}

function intOf({ attributes }: PlainNode, name: string, otherwise: number): number {
  const found = attributes.get(name);
  return found?.type === 'int' ? found.value : otherwise;
}

function withInt({ attributes }: PlainNode, name: string, value: number): PlainNode['attributes'] {
  return new Map([...attributes, [name, { type: 'int', value }]]);
}

function constantNumbers(operand: Operand | undefined): readonly number[] | undefined {
  return operand?.kind === 'constant' ? [...numbersOf(operand.constant.tensor)] : undefined;
}

/** An operand of one axis number. */
function axisOperand(operand: Operand | undefined, axis: number): Operand {
  const name = operand?.kind === 'constant' ? operand.constant.name : 'axes';
  return { kind: 'constant', constant: { name, tensor: tensorData('int64', [1], [axis]) } };
}

function asOperand(value: PlainValue): Operand {
  return { kind: 'value', value };
}

function withSize(shape: readonly Dim[], axis: number, size: Dim | undefined): Dim[] {
  return shape.map((dim, i) => (i === axis ? (size ?? dim) : dim));
}

const moved: Turn = (turning, node) => {
  const view = turning.viewOf(node.operands[0]);
  const perm = node.attributes.get('perm');
  if (!view || perm?.type !== 'ints') return false;
  return turning.record(node.outputs[0], {
    value: view.value,
    axes: perm.value.map((axis) => view.axes[axis] ?? []),
  });
};

const reshaped: Turn = (turning, node) => {
  const view = turning.viewOf(node.operands[0]);
  const [output] = node.outputs;
  const found = view && output && regrouped(view, output.shape);
  if (!found) return false;
  const same = found.shape.length === view.value.shape.length;
  const value = same ? view.value : turning.reshaped(node.name, view.value, found.shape);
  return turning.record(output, { value, axes: found.axes });
};

/** Operators along the last axis, of which only its size may change. */
const alongLast: Turn = (turning, node) => {
  const [x, ...others] = node.operands;
  const [output] = node.outputs;
  const view = turning.viewOf(x);
  const last = (view?.axes.length ?? 0) - 1;
  if (others.some((one) => one?.kind === 'value')) return false;
  if (node.op === 'LayerNormalization' && intOf(node, 'axis', -1) !== last) return false;
  const found = along(turning, node, view, last, true);
  if (!found) return false;
  const { value, axes } = found.view;
  const attributes =
    node.op === 'LayerNormalization' ? withInt(node, 'axis', found.axis) : node.attributes;
  const shape = withSize(value.shape, found.axis, output?.shape.at(-1));
  return turning.made(node, { operands: [asOperand(value), ...others], attributes }, [shape], axes);
};

/** A product of values: what lies before the last two axes becomes axes of their own. */
const matrices: Turn = (turning, node) => {
  const [a, b] = node.operands.map((one) => turning.viewOf(one));
  if (!a || !b) return alongLast(turning, node);
  const [before, beforeB] = [a, b].map(({ axes }) => axes.slice(0, -2).flat());
  const [rows, inner] = a.axes.slice(-2);
  const [innerB, columns] = b.axes.slice(-2);
  if (!before || !beforeB || !rows || !inner || !innerB || !columns) return false;
  if (sizesOf(a, before).join() !== sizesOf(b, beforeB).join() || !before.includes(0)) return false;
  const order = before.map((_, i) => i).toSorted((i, j) => rank(before[i]) - rank(before[j]));
  const singles = (axes: Group): Group[] => order.map((i) => [axes[i] ?? 0]);
  const x = turning.arranged(node, a, [...singles(before), rows, inner]);
  const y = turning.arranged(node, b, [...singles(beforeB), innerB, columns]);
  let at = 0;
  const groups = a.axes.slice(0, -2).map((group) => group.map(() => order.indexOf(at++)));
  const shape = [...x.shape.slice(0, -1), y.shape.at(-1) ?? 1];
  const axes = [...groups, [before.length], [before.length + 1]];
  return turning.made(node, { operands: [asOperand(x), asOperand(y)] }, [shape], axes);
};

/** The batch comes first, the others as they were. */
function rank(axis: number | undefined): number {
  return axis === 0 ? 0 : 1;
}

const alongAxis: Turn = (turning, node) => {
  const found = along(turning, node, turning.viewOf(node.operands[0]), intOf(node, 'axis', -1));
  if (!found) return false;
  const { value, axes } = found.view;
  const attributes = withInt(node, 'axis', found.axis);
  return turning.made(node, { operands: [asOperand(value)], attributes }, [value.shape], axes);
};

const split: Turn = (turning, node) => {
  const axis = intOf(node, 'axis', 0);
  const found = along(turning, node, turning.viewOf(node.operands[0]), axis);
  if (!found) return false;
  const { value, axes } = found.view;
  const shapes = node.outputs.map((output) =>
    withSize(value.shape, found.axis, output?.shape[axis]),
  );
  const operands = [asOperand(value), ...node.operands.slice(1)];
  const attributes = withInt(node, 'axis', found.axis);
  return turning.made(node, { operands, attributes }, shapes, axes);
};

const sliced: Turn = (turning, node) => {
  const [x, starts, ends, places, steps] = node.operands;
  const [axis, ...others] = constantNumbers(places) ?? [];
  if (axis === undefined || others.length > 0) return false;
  const found = along(turning, node, turning.viewOf(x), axis);
  if (!found) return false;
  const { value, axes } = found.view;
  const shape = withSize(value.shape, found.axis, node.outputs[0]?.shape[axis]);
  const operands = [asOperand(value), starts, ends, axisOperand(places, found.axis), steps];
  return turning.made(node, { operands }, [shape], axes);
};

/** Groups without one of the file's axes, and ours that it was. */
function without(axes: readonly Group[], at: number, axis: number): readonly Group[] {
  return axes
    .filter((_, i) => i !== at)
    .map((group) => group.map((one) => (one > axis ? one - 1 : one)));
}

const gathered: Turn = (turning, node) => {
  const [x, indices] = node.operands;
  const at = intOf(node, 'axis', 0);
  const rankOfIndices = indices?.kind === 'constant' ? indices.constant.tensor.shape.length : 2;
  const found = rankOfIndices > 1 ? undefined : along(turning, node, turning.viewOf(x), at);
  if (!found) return false;
  const { value, axes } = found.view;
  const operands = [asOperand(value), indices];
  const attributes = withInt(node, 'axis', found.axis);
  if (rankOfIndices === 1) {
    const shape = withSize(value.shape, found.axis, node.outputs[0]?.shape[at]);
    return turning.made(node, { operands, attributes }, [shape], axes);
  }
  const shape = value.shape.filter((_, i) => i !== found.axis);
  return turning.made(node, { operands, attributes }, [shape], without(axes, at, found.axis));
};

const reduced: Turn = (turning, node) => {
  const [x, places] = node.operands;
  const [at, ...others] = constantNumbers(places) ?? [];
  if (at === undefined || others.length > 0) return false;
  const found = along(turning, node, turning.viewOf(x), at);
  if (!found) return false;
  const { value, axes } = found.view;
  const operands = [asOperand(value), axisOperand(places, found.axis)];
  if (intOf(node, 'keepdims', 1) === 1)
    return turning.made(node, { operands }, [withSize(value.shape, found.axis, 1)], axes);
  const shape = value.shape.filter((_, i) => i !== found.axis);
  return turning.made(node, { operands }, [shape], without(axes, at, found.axis));
};

/** Operators on each element, of one value and perhaps single numbers. */
const each: Turn = (turning, node) => {
  const [x, ...others] = node.operands;
  const view = turning.viewOf(x);
  const numbers = others.every((one) => one === undefined || constantNumbers(one)?.length === 1);
  if (!view || !numbers) return false;
  const operands = [asOperand(view.value), ...others];
  return turning.made(node, { operands }, [view.value.shape], view.axes);
};

/** A constant that broadcasts against ours as it does against the file's value; undefined if none does. */
function broadcast({ value, axes }: View, operand: Operand | undefined): Operand | undefined {
  if (operand?.kind !== 'constant') return undefined;
  const { name, tensor } = operand.constant;
  const first = tensor.shape.findIndex((size) => size !== 1);
  const shape = first < 0 ? [] : tensor.shape.slice(first);
  const start = value.shape.length - shape.length;
  const last = axes.slice(axes.length - shape.length);
  const fits =
    tensor.shape.length <= axes.length &&
    (shape.length === 0 || last.every((group, i) => group.length === 1 && group[0] === start + i));
  return fits ? { kind: 'constant', constant: { name, tensor: { ...tensor, shape } } } : undefined;
}

const pair: Turn = (turning, node) => {
  const [a, b] = node.operands;
  const [x, y] = [turning.viewOf(a), turning.viewOf(b)];
  if (x && y) return values(turning, node, x, y);
  const view = x ?? y;
  const constant = view && broadcast(view, x ? b : a);
  if (!view || !constant) return false;
  const own = asOperand(view.value);
  const operands = x ? [own, constant] : [constant, own];
  return turning.made(node, { operands }, [view.value.shape], view.axes);
};

/** An operator of two values: one is arranged as the other, which is as the file has it where one is. */
function values(turning: Turning, node: PlainNode, x: View, y: View): boolean {
  const [to, from] = isIdentity(y.axes) && !isIdentity(x.axes) ? [y, x] : [x, y];
  const other = (group: Group, i: number): Group => from.axes[i] ?? group;
  const alike = to.axes.every((group, i) => {
    const [sizes, found] = [sizesOf(to, group), sizesOf(from, other(group, i))];
    return (
      sizes.length === found.length &&
      sizes.every((size, j) => [size, 1].includes(found[j] ?? 0) || (size === 1 && found[j] !== 0))
    );
  });
  const [order, own] = [from.axes.flat(), to.axes.flat()];
  const places = to.value.shape.map((_, axis) => order[own.indexOf(axis)] ?? 0);
  if (to.axes.length !== from.axes.length || !alike || places[0] !== 0) return false;
  const value = turning.arranged(
    node,
    from,
    places.map((axis) => [axis]),
  );
  const shape = to.value.shape.map((dim, i): Dim => {
    const size = value.shape[i];
    return numberOf(dim) === 1 ? (size ?? dim) : dim;
  });
  const [first, second] = to === x ? [to.value, value] : [value, to.value];
  return turning.made(node, { operands: [asOperand(first), asOperand(second)] }, [shape], to.axes);
}

const unary =
  'Abs Clip Elu Erf Exp Gelu HardSigmoid HardSwish LeakyRelu Log Mish Neg Pow Reciprocal Relu Sigmoid Softplus Sqrt Swish Tanh';

const turns: Readonly<Partial<Record<string, Turn>>> = {
  ...Object.fromEntries(unary.split(' ').map((op) => [op, each])),
  Add: pair,
  Div: pair,
  Flatten: reshaped,
  Gather: gathered,
  Gemm: alongLast,
  LayerNormalization: alongLast,
  LogSoftmax: alongAxis,
  MatMul: matrices,
  Max: pair,
  Min: pair,
  Mul: pair,
  ReduceL2: reduced,
  ReduceMax: reduced,
  ReduceMean: reduced,
  ReduceSum: reduced,
  Reshape: reshaped,
  Slice: sliced,
  Softmax: alongAxis,
  Split: split,
  Squeeze: reshaped,
  Sub: pair,
  Transpose: moved,
  Unsqueeze: reshaped,
};
