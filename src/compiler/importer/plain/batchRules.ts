/** Nodes whose constants or axes have to do with the batch. */
import type { Dim, Shape } from '../../../support/shape.js';
import type { OnnxNode } from '../../onnx/model.js';
import { int, ints } from '../../onnx/shapes/valueTable.js';
import { shapeRules } from '../../onnx/shapes/shapeRules.js';
import { atBatch, batchAxis, freedShape, hasBatch, holdAlike, oneRow } from './batch.js';
import { changed, fromFront, listOf, type Surroundings } from './forms/form.js';
import type { Tally } from './tally.js';
import type { Values } from './values.js';

/** The shape that a Reshape gives; undefined if it is not known. */
export function reshapedTo(
  node: OnnxNode,
  { table }: Values,
  fixed: number | undefined,
  tally: Tally,
): readonly (Shape | undefined)[] | undefined {
  const x = table.shape(node.inputs[0]);
  const wanted = table.vector(node.inputs[1]);
  const literal = shapeRules['Reshape']?.({ node, table, x });
  const shape = literal?.[0];
  if (!x || !wanted) return literal;
  const right = shape && holdAlike(x, shape) ? literal : undefined;
  if (!hasBatch(x) || (fixed === undefined && right)) return right;
  const sizes = wanted.flatMap((dim) => (typeof dim === 'number' ? [dim] : []));
  if (sizes.length < wanted.length) return right;
  const freed = freedShape(x, sizes, fixed ?? 1, int(node, 'allowzero', 0) === 1);
  if (freed) tally.add('reshape');
  return freed && [freed];
}

/** A shape whose batch is that of another, whatever number stands there. */
export function keepingBatch(shape: Shape, like: Shape | undefined): Shape {
  return shape.map((dim, i) => (typeof like?.[i] === 'object' ? like[i] : dim));
}

/** Operators that join the elements of one axis, and that axis if they do not say it. */
const joining: Readonly<Partial<Record<string, number>>> = {
  ArgMax: 0,
  ArgMin: 0,
  Concat: 0,
  Gather: 0,
  GatherElements: 0,
  Hardmax: -1,
  LogSoftmax: -1,
  LpNormalization: -1,
  Softmax: -1,
  Split: 0,
  TopK: -1,
};

/** Axes of a node's first operand whose elements it joins. */
function joinedAxes(node: OnnxNode, rank: number, around: Surroundings): number[] {
  const { opType } = node;
  const axis = joining[opType];
  const list = (operand: number): readonly number[] => listOf(node, around, '', operand) ?? [];
  const all = Array.from({ length: rank }, (_, i) => i);
  if (axis !== undefined) return [fromFront(int(node, 'axis', axis), rank)];
  if (opType === 'LayerNormalization') return all.slice(fromFront(int(node, 'axis', -1), rank));
  if (opType === 'MeanVarianceNormalization') return [...(ints(node, 'axes') ?? [0, 2, 3])];
  if (opType.startsWith('Reduce') || opType === 'CumSum')
    return list(1).map((at) => fromFront(at, rank));
  if (opType === 'Tile') return all.filter((i) => list(1)[i] !== 1);
  if (opType === 'Pad') return all.filter((i) => list(1)[i] !== 0 || list(1)[rank + i] !== 0);
  return opType === 'ReverseSequence' ? [int(node, 'time_axis', 0)] : [];
}

/** Why a node mixes the images of a batch; undefined if it does not. */
export function mixesBatch(node: OnnxNode, around: Surroundings): string | undefined {
  const shapes = node.inputs.map((name) => around.shape(name) ?? []);
  const [shape = []] = node.opType === 'Concat' ? shapes.filter(hasBatch) : shapes;
  const batch = batchAxis(shape);
  if (batch < 0 || node.domain !== '' || !joinedAxes(node, shape.length, around).includes(batch))
    return undefined;
  return node.opType === 'Gather'
    ? 'takes single images out of the batch'
    : 'joins the images of a batch';
}

/** Operators that broadcast their operands. */
const broadcasting: ReadonlySet<string> = new Set(
  'Add And Concat Div Equal Expand Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Or PRelu Pow Sub Where'.split(
    ' ',
  ),
);

/** A constant of one row to be repeated for each image of a batch. */
export interface Repeated {
  readonly name: string;
  readonly row: string;
  readonly shape: Shape;
}

/**
 * The node with constants in it that have a row for each image of a fixed batch brought to one row; what a
 * Concat joins is to be repeated, since it does not broadcast.
 */
export function fitBatch(
  node: OnnxNode,
  values: Values,
  fixed: number | undefined,
  tally: Tally,
): { readonly node: OnnxNode; readonly repeated: readonly Repeated[] } {
  const repeated: Repeated[] = [];
  const shapes = node.inputs.map((name) => values.table.shape(name));
  const batched = shapes.find((shape) => shape !== undefined && hasBatch(shape));
  const concat = node.opType === 'Concat';
  if (!batched || !broadcasting.has(node.opType) || node.domain !== '') return { node, repeated };
  const axis = batchAxis(batched);
  const back = batched.length - axis;
  const rows = atBatch(batched, fixed ?? 1)[axis] ?? 1;
  const around = values.around(0, fixed, tally);
  if (concat && int(node, 'axis', 0) === axis) return { node, repeated };
  const inputs = node.inputs.map((name, i) => {
    const tensor = around.tensor(name);
    const at = (shapes[i]?.length ?? 0) - back;
    if (!tensor || at < 0 || tensor.shape[at] !== rows || (rows === 1 && !concat)) return name;
    const row = rows === 1 ? tensor : at === 0 ? oneRow(tensor) : undefined;
    if (!row) return name;
    if (rows > 1) tally.add('row');
    const single = rows === 1 ? name : around.constant(name, row);
    if (!concat) return single;
    const all = around.fresh(`${single}.repeated`);
    const shape = row.shape.map((dim, j): Dim => (j === at ? (batched[axis] ?? dim) : dim));
    repeated.push({ name: all, row: single, shape });
    return all;
  });
  return { node: changed(node, { inputs }), repeated };
}
