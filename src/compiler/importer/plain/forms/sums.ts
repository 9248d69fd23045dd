/** Forms of sums, products, normalisations and the operators that only need their axis said. */
import { staticSize } from '../../../../support/shape.js';
import type { OnnxNode } from '../../../onnx/model.js';
import { int, ints } from '../../../onnx/shapes/valueTable.js';
import { int64s, read, scaled, tensorOf } from '../constants.js';
import {
  changed,
  float,
  fromFront,
  instead,
  intAttribute,
  intsAttribute,
  scalarConstant,
  type Form,
  type Forms,
  type Surroundings,
} from './form.js';

/** An operator of any number of operands as a chain of two. */
function chain(opType: string, mean = false): Form {
  return (node, around) => {
    const { inputs, outputs } = node;
    const [first = '', ...rest] = inputs;
    if (rest.length === 1 && node.opType === opType) return undefined;
    if (rest.length === 0) return [instead(node, 'Identity', {})];
    const nodes: OnnxNode[] = [];
    let sum = first;
    for (const [i, next] of rest.entries()) {
      const last = i === rest.length - 1 && !mean;
      const output = last
        ? (outputs[0] ?? '')
        : around.fresh(`${outputs[0] ?? node.name}.${i + 1}`);
      nodes.push(instead(node, opType, { inputs: [sum, next], outputs: [output] }));
      sum = output;
    }
    if (mean) {
      const share = scalarConstant(node, around, 'share', 1 / inputs.length);
      nodes.push(instead(node, 'Mul', { inputs: [sum, share] }));
    }
    return nodes;
  };
}

/** Softmax, which below opset 13 took all axes from its own on for one. */
const softmax: Form = (node, around) => {
  const shape = around.shape(node.inputs[0]);
  if (!shape) return undefined;
  const old = around.opset < 13;
  const axis = fromFront(int(node, 'axis', old ? 1 : -1), shape.length);
  const alone = shape.slice(axis + 1).every((dim) => dim === 1);
  const plain = (at: number, changes: Partial<OnnxNode>): OnnxNode =>
    instead(node, node.opType, { ...changes, set: { axis: intAttribute(at) } });
  if (!old || alone) return [plain(axis, {})];
  // The batch is among the axes before: rows of all elements from the axis on.
  const columns = staticSize(shape.slice(axis));
  const [rows, soft] = ['rows', 'soft'].map((name) =>
    around.fresh(`${node.outputs[0] ?? ''}.${name}`),
  );
  if (rows === undefined || soft === undefined) return undefined;
  const flat = around.constant(`${rows}.shape`, int64s([2], [-1, columns]));
  const back = around.fresh(`${rows}.size`);
  return [
    instead(node, 'Reshape', { inputs: [node.inputs[0] ?? '', flat], outputs: [rows] }),
    plain(1, { inputs: [rows], outputs: [soft] }),
    instead(node, 'Shape', { outputs: [back] }),
    instead(node, 'Reshape', { inputs: [soft, back] }),
  ];
};

/** Gemm without factors, of which the first matrix lies as it is multiplied and the bias is a vector. */
const gemm: Form = (node, around) => {
  const [a = '', b = '', c = ''] = node.inputs;
  const [alpha, beta] = [float(node, 'alpha') ?? 1, float(node, 'beta') ?? 1];
  const out = node.outputs[0] ?? node.name;
  const nodes: OnnxNode[] = [];
  let left = a;
  if (int(node, 'transA', 0) !== 0) {
    left = around.fresh(`${out}.a`);
    nodes.push(
      instead(node, 'Transpose', {
        inputs: [a],
        outputs: [left],
        set: { perm: intsAttribute([1, 0]) },
      }),
    );
  }
  const times = (name: string, by: number, as: string): string => {
    if (by === 1 || name === '') return name;
    const tensor = around.tensor(name);
    if (tensor) return around.constant(name, scaled(tensor, by));
    const output = around.fresh(`${out}.${as}`);
    const factor = scalarConstant(node, around, `${as}.factor`, by);
    nodes.push(instead(node, 'Mul', { inputs: [name, factor], outputs: [output] }));
    return output;
  };
  const right = times(b, alpha, 'b');
  const bias = asVector(times(c, beta, 'c'), right, node, around);
  const inputs = [left, right, ...(bias === '' ? [] : [bias])];
  const set = { transB: node.attributes.get('transB') };
  return [...nodes, instead(node, 'Gemm', { inputs, set })];
};

/** A constant bias of one row, or of one number, as a vector of a number for each column. */
function asVector(bias: string, right: string, node: OnnxNode, around: Surroundings): string {
  const tensor = around.tensor(bias);
  const columns = around.shape(right)?.[1 - int(node, 'transB', 0)];
  if (!tensor || typeof columns !== 'number') return bias;
  const { shape, dtype, data } = tensor;
  if (shape.length === 1 && shape[0] === columns) return bias;
  if (data.length === columns && (shape.length < 2 || shape[0] === 1))
    return around.constant(bias, { dtype, shape: [columns], data });
  if (data.length !== 1 || columns > 2 ** 20) return bias;
  return around.constant(
    bias,
    tensorOf(dtype, [columns], new Float64Array(columns).fill(read(tensor)[0] ?? 0)),
  );
}

/** BatchNormalization, whose statistics in training form are said by an attribute and not by outputs. */
const batchNorm: Form = (node, around) => {
  if (int(node, 'spatial', 1) === 0) around.refuse(node, 'has statistics for each pixel');
  const training =
    around.opset < 14 ? node.outputs.length > 1 : int(node, 'training_mode', 0) === 1;
  const attributes = { spatial: undefined, training_mode: training ? intAttribute(1) : undefined };
  return [changed(node, { outputs: node.outputs.slice(0, 1), set: attributes })];
};

/** GroupNormalization, which before opset 21 had a scale for each group and now for each channel. */
const groupNorm: Form = (node, around) => {
  const channels = around.shape(node.inputs[0])?.[1];
  if (around.opset >= 21 || typeof channels !== 'number') return undefined;
  const [x = '', ...rest] = node.inputs;
  const repeated = rest.map((name) => {
    const tensor = around.tensor(name);
    if (!tensor || tensor.data.length === 0 || channels % tensor.data.length !== 0) return name;
    const each = channels / tensor.data.length;
    const values = read(tensor);
    return around.constant(
      name,
      tensorOf(
        tensor.dtype,
        [channels],
        Float64Array.from({ length: channels }, (_, i) => values[Math.floor(i / each)] ?? 0),
      ),
    );
  });
  return [changed(node, { inputs: [x, ...repeated] })];
};

const transpose: Form = (node, around) => {
  const rank = around.shape(node.inputs[0])?.length;
  if (rank === undefined || ints(node, 'perm')) return undefined;
  const perm = Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return [changed(node, { set: { perm: intsAttribute(perm) } })];
};

const concat: Form = (node, around) => {
  if (node.inputs.length === 1) return [instead(node, 'Identity', {})];
  return axis(0)(node, around);
};

/** The axis counted from the front. */
function axis(fallback: number): Form {
  return (node, around) => {
    const rank = around.shape(node.inputs[0])?.length;
    if (rank === undefined) return undefined;
    const at = fromFront(int(node, 'axis', fallback), rank);
    return [changed(node, { set: { axis: intAttribute(at) } })];
  };
}

/** CastLike is a Cast; between floats, of which there is one type here, it does nothing. */
const castLike: Form = (node, around) => {
  const like = around.type(node.inputs[1]);
  return like === 'float'
    ? [instead(node, 'Identity', { inputs: node.inputs.slice(0, 1) })]
    : undefined;
};

export const sumForms: Forms = {
  Sum: chain('Add'),
  Min: chain('Min'),
  Max: chain('Max'),
  Mean: chain('Add', true),
  Gemm: gemm,
  Softmax: softmax,
  LogSoftmax: softmax,
  Hardmax: softmax,
  BatchNormalization: batchNorm,
  GroupNormalization: groupNorm,
  Transpose: transpose,
  Concat: concat,
  CastLike: castLike,
  Gather: axis(0),
  GatherElements: axis(0),
  ArgMax: axis(0),
  ArgMin: axis(0),
  Flatten: axis(1),
  LayerNormalization: axis(-1),
};
