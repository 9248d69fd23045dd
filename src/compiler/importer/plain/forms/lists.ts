/** Forms of the operators whose lists of axes and places were attributes once. */
import type { OnnxNode } from '../../../onnx/model.js';
import { int, ints, optionalInt, text } from '../../../onnx/shapes/valueTable.js';
import { atBatch } from '../batch.js';
import { tensorOf } from '../constants.js';
import {
  changed,
  float,
  fromFront,
  instead,
  intAttribute,
  isOpen,
  listConstant,
  listOf,
  scalarConstant,
  type Form,
  type Forms,
  type Surroundings,
} from './form.js';

/** int64's largest number stands for the end of an axis. */
const end = 2 ** 63;

const slice: Form = (node, around) => {
  const rank = around.shape(node.inputs[0])?.length;
  if (rank === undefined) return undefined;
  if ([1, 2, 3, 4].some((operand) => operand !== 2 && isOpen(node, around, operand))) {
    around.refuse(node, 'begins at places that depend on the images');
    return undefined;
  }
  const starts = listOf(node, around, 'starts', 1);
  const ends = freedEnds(node, around) ?? wholeEnds(node, around);
  if (!starts || !ends) {
    around.refuse(node, 'ends at places that depend on the images');
    return undefined;
  }
  const axes = listOf(node, around, 'axes', 3) ?? starts.map((_, i) => i);
  const steps = listOf(node, around, 'steps', 4) ?? starts.map(() => 1);
  const named = Object.entries({
    starts,
    ends,
    axes: axes.map((axis) => fromFront(axis, rank)),
    steps,
  }).map(([name, values]) => listConstant(node, around, name, values));
  return [instead(node, 'Slice', { inputs: [node.inputs[0] ?? '', ...named] })];
};

/** Ends of which a fixed batch that was freed is taken for the end of its axis. */
function freedEnds(node: OnnxNode, around: Surroundings): readonly number[] | undefined {
  const shape = around.shape(node.inputs[0]);
  const axes = listOf(node, around, 'axes', 3);
  return listOf(node, around, 'ends', 2)?.map((at, i) => {
    const size = shape?.at(axes?.[i] ?? i);
    const [most = 0] = size === undefined ? [] : atBatch([size], around.freed ?? 1);
    const whole = typeof size === 'object' && around.freed !== undefined && at >= most;
    return whole ? end : at;
  });
}

/** Ends that were computed from the batch and lie where the axis ends. */
function wholeEnds(node: OnnxNode, around: Surroundings): readonly number[] | undefined {
  const elements = around.elements(node.inputs[2]);
  const shape = around.shape(node.inputs[0]);
  const axes = listOf(node, around, 'axes', 3) ?? elements?.map((_, i) => i);
  const ends = elements?.map((dim, i) => {
    if (typeof dim === 'number') return dim;
    const size = shape?.at(axes?.[i] ?? i);
    return typeof size === 'object' && size.symbol === dim.symbol && size.factor === dim.factor
      ? end
      : undefined;
  });
  return ends?.every((at) => at !== undefined) === true ? ends : undefined;
}

const pad: Form = (node, around) => {
  const rank = around.shape(node.inputs[0])?.length;
  if (rank === undefined) return undefined;
  if ([1, 2, 3].some((operand) => isOpen(node, around, operand))) {
    around.refuse(node, 'pads by amounts that depend on the images');
    return undefined;
  }
  const given = listOf(node, around, 'pads', 1) ?? ints(node, 'paddings');
  const axes = listOf(node, around, 'axes', 3)?.map((axis) => fromFront(axis, rank));
  const pads = Array<number>(2 * rank).fill(0);
  for (const [i, axis] of (axes ?? Array.from({ length: rank }, (_, i) => i)).entries()) {
    const count = axes?.length ?? rank;
    pads[axis] = given?.[i] ?? 0;
    pads[axis + rank] = given?.[count + i] ?? 0;
  }
  const fill = float(node, 'value');
  const value = node.inputs[2] ?? (fill ? scalarConstant(node, around, 'value', fill) : '');
  const mode = text(node, 'mode');
  const inputs = [node.inputs[0] ?? '', listConstant(node, around, 'pads', pads), value];
  return [
    instead(node, 'Pad', {
      inputs: value === '' ? inputs.slice(0, 2) : inputs,
      set: mode === undefined || mode === 'constant' ? {} : { mode: node.attributes.get('mode') },
    }),
  ];
};

/** Squeeze, whose axes are always said. */
const squeeze: Form = (node, around) => {
  const shape = around.shape(node.inputs[0]);
  if (!shape) return undefined;
  const given = listOf(node, around, 'axes', 1);
  const axes =
    given?.map((axis) => fromFront(axis, shape.length)) ??
    shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
  if (axes.some((axis) => typeof shape[axis] === 'object')) {
    around.refuse(node, 'takes the batch for an axis of one image');
    return undefined;
  }
  const inputs = [node.inputs[0] ?? '', listConstant(node, around, 'axes', axes)];
  return [instead(node, 'Squeeze', { inputs })];
};

const unsqueeze: Form = (node, around) => {
  const rank = around.shape(node.inputs[0])?.length;
  const given = listOf(node, around, 'axes', 1);
  if (rank === undefined || !given) return undefined;
  const axes = given.map((axis) => fromFront(axis, rank + given.length));
  const inputs = [node.inputs[0] ?? '', listConstant(node, around, 'axes', axes)];
  return [instead(node, 'Unsqueeze', { inputs })];
};

/** ReduceMean and its like, with their axes as an operand. */
const reduce: Form = (node, around) => {
  const shape = around.shape(node.inputs[0]);
  if (!shape) return undefined;
  if (isOpen(node, around, 1)) {
    around.refuse(node, 'reduces axes that depend on the images');
    return undefined;
  }
  const given = listOf(node, around, 'axes', 1);
  const all = shape.map((_, i) => i);
  if ((given?.length ?? 0) === 0 && int(node, 'noop_with_empty_axes', 0) === 1) {
    if (!/^Reduce(?:Sum|Mean|Max|Min|Prod)$/.test(node.opType))
      around.refuse(node, 'reduces no axis');
    return [instead(node, 'Identity', { inputs: node.inputs.slice(0, 1) })];
  }
  const axes = given && given.length > 0 ? given.map((axis) => fromFront(axis, shape.length)) : all;
  const inputs = [node.inputs[0] ?? '', listConstant(node, around, 'axes', axes)];
  return [
    instead(node, node.opType, { inputs, set: { keepdims: node.attributes.get('keepdims') } }),
  ];
};

const split: Form = (node, around) => {
  const shape = around.shape(node.inputs[0]);
  if (!shape) return undefined;
  const axis = fromFront(int(node, 'axis', 0), shape.length);
  const size = shape[axis];
  const given = listOf(node, around, 'split', 1);
  if (isOpen(node, around, 1) || (typeof size !== 'number' && !given)) {
    around.refuse(
      node,
      typeof size === 'number' ? 'splits by sizes that depend on the images' : 'splits the batch',
    );
    return undefined;
  }
  const count = optionalInt(node, 'num_outputs') ?? node.outputs.length;
  const part = Math.ceil(((size ?? 0) as number) / count);
  const sizes =
    given ??
    Array.from({ length: count }, (_, i) =>
      Math.max(0, Math.min(part, (size as number) - i * part)),
    );
  const inputs = [node.inputs[0] ?? '', listConstant(node, around, 'split', sizes)];
  return [instead(node, 'Split', { inputs, set: { axis: intAttribute(axis) } })];
};

const clip: Form = (node, around) => {
  const bounds = ['min', 'max'].map((name, i) => {
    const given = float(node, name);
    // Older opsets had the limits of float32 for none.
    if (given !== undefined)
      return Math.abs(given) > 3.4e38 ? '' : scalarConstant(node, around, name, given);
    return node.inputs[i + 1] ?? '';
  });
  const inputs = [node.inputs[0] ?? '', ...bounds];
  while (inputs.at(-1) === '') inputs.pop();
  return [instead(node, 'Clip', { inputs })];
};

const topK: Form = (node, around) => {
  const k = optionalInt(node, 'k');
  if (k === undefined) return undefined;
  const inputs = [node.inputs[0] ?? '', listConstant(node, around, 'k', [k])];
  return [changed(node, { inputs, set: { k: undefined } })];
};

/** ConstantOfShape, of whose size the batch is a part: one element expanded. */
const constantOfShape: Form = (node, around) => {
  if (around.tensor(node.inputs[0])) return undefined;
  const given = node.attributes.get('value');
  const like =
    given?.type === 'tensor' && typeof given.value.dtype === 'string' ? given.value : undefined;
  const value = tensorOf(like?.dtype ?? 'float32', [], [Number(like?.data[0] ?? 0)]);
  const scalar = around.constant(`${node.outputs[0] ?? node.name}.value`, value);
  return [instead(node, 'Expand', { inputs: [scalar, node.inputs[0] ?? ''] })];
};

export const listForms: Forms = {
  Slice: slice,
  Pad: pad,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Split: split,
  Clip: clip,
  TopK: topK,
  ConstantOfShape: constantOfShape,
  ...Object.fromEntries(
    'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare'
      .split(' ')
      .map((op) => [op, reduce]),
  ),
};
