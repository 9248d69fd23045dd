/**
 * Quantised operators as the float ones that they stand for: their weights are dequantised, their activations
 * taken as they are. Where quantisation ends at 0, quantisers have taken a ReLU away, which comes back.
 */
import type { OnnxNode } from '../../../onnx/model.js';
import { int } from '../../../onnx/shapes/valueTable.js';
import { tensorData, type TensorData } from '../../../../support/tensor.js';
import { read, tensorOf, wholeRanges } from '../constants.js';
import { dequantised } from '../quantised.js';
import { instead, scalarConstant, type Form, type Forms, type Surroundings } from './form.js';

/** The zero point of dynamic quantisation, which is left out. */
const dynamicZero = tensorData('int32', [], [0]);

/** A value as it is, or a constant dequantised; undefined if its scale is not constant. */
function operand(
  around: Surroundings,
  [x = '', scale = '', zero = '']: readonly string[],
  axis?: number,
): string | undefined {
  const tensor = around.tensor(x);
  if (!tensor) return x;
  const by = around.tensor(scale);
  const made =
    by && dequantised(tensor, by, around.tensor(zero), axis === undefined ? {} : { axis });
  return made && around.constant(x, made);
}

/** Nodes that compute `made`, whose result is quantised by a scale and a zero point. */
function bounded(
  made: OnnxNode,
  around: Surroundings,
  [scale = '', zero = '']: readonly string[],
): readonly OnnxNode[] {
  const bound = boundOf(around, scale, zero);
  const output = made.outputs[0] ?? '';
  if (bound === undefined || output === '' || /^(?:Relu|Sigmoid|Softmax)$/.test(made.opType))
    return [made];
  const inner = around.fresh(`${output}.free`);
  return [{ ...made, outputs: [inner] }, activation(made, inner, output, bound, around)];
}

function activation(
  like: OnnxNode,
  input: string,
  output: string,
  bound: 'relu' | 'relu6',
  around: Surroundings,
): OnnxNode {
  around.count('relu');
  if (bound === 'relu') return instead(like, 'Relu', { inputs: [input], outputs: [output] });
  const bounds = [0, 6].map((value, i) =>
    scalarConstant(like, around, i === 0 ? 'min' : 'max', value),
  );
  return instead(like, 'Clip', { inputs: [input, ...bounds], outputs: [output] });
}

/** The activation that a range of quantised values has in it: those from 0 on, or from 0 to 6. */
function boundOf(around: Surroundings, scale: string, zero: string): 'relu' | 'relu6' | undefined {
  const [by, point] = [around.tensor(scale), around.tensor(zero)];
  const range = wholeRanges[around.type(zero) ?? 'uint8'];
  if (by?.data.length !== 1 || !range) return undefined;
  const step = read(by)[0] ?? 0;
  const at = point ? (read(point)[0] ?? 0) : 0;
  if (at !== range[0]) return undefined;
  return Math.abs((range[1] - at) * step - 6) < step ? 'relu6' : 'relu';
}

const notConstant = 'has quantised weights or scales that are not constant';

function refused(node: OnnxNode, around: Surroundings, reason = notConstant): undefined {
  around.refuse(node, reason);
  return undefined;
}

const quantize: Form = (node, around) => {
  const [x = '', ...range] = node.inputs;
  if (around.tensor(x)) return undefined;
  const bound = boundOf(around, range[0] ?? '', range[1] ?? '');
  if (
    bound === undefined ||
    /^(?:Relu|Clip|Sigmoid|Softmax|HardSigmoid|MaxPool)$/.test(around.maker(x) ?? '')
  )
    return undefined;
  around.count('quantisation');
  return [activation(node, x, node.outputs[0] ?? '', bound, around)];
};

/** The bias of a quantised product, whose scale is that of both factors. */
function bias(
  around: Surroundings,
  name: string,
  scales: readonly (TensorData | undefined)[],
): string | undefined {
  const tensor = around.tensor(name);
  if (name === '') return '';
  if (!tensor) return undefined;
  const values = read(tensor);
  const by = scales.map((scale) => scale && read(scale));
  if (!by.every((scale) => scale !== undefined)) return undefined;
  const one = (i: number): number =>
    by.reduce(
      (product, scale) => product * (scale[scale.length === 1 ? 0 : i] ?? 0),
      values[i] ?? 0,
    );
  const data = Float64Array.from({ length: values.length }, (_, i) => one(i));
  return around.constant(name, tensorOf('float32', tensor.shape, data));
}

const qLinearConv: Form = (node, around) => {
  const [x = '', xs = '', , w = '', ws = '', wz = '', ys = '', yz = '', b = ''] = node.inputs;
  const weight = around.tensor(w) && operand(around, [w, ws, wz], 0);
  const added = bias(around, b, [around.tensor(xs), around.tensor(ws)]);
  if (weight === undefined || added === undefined) {
    refused(node, around);
    return;
  }
  around.count('quantised');
  const inputs = [x, weight, ...(added === '' ? [] : [added])];
  return bounded({ ...node, opType: 'Conv', domain: '', inputs }, around, [ys, yz]);
};

const qGemm: Form = (node, around) => {
  const [a = '', as = '', az = '', b = '', bs = '', bz = '', c = '', ys = '', yz = ''] =
    node.inputs;
  const [left, right] = [
    operand(around, [a, as, az]),
    operand(around, [b, bs, bz], 1 - int(node, 'transB', 0)),
  ];
  const added = bias(around, c, [around.tensor(as), around.tensor(bs)]);
  if (left === undefined || right === undefined || added === undefined) {
    refused(node, around);
    return;
  }
  around.count('quantised');
  const inputs = [left, right, ...(added === '' ? [] : [added])];
  return bounded({ ...node, opType: 'Gemm', domain: '', inputs }, around, [ys, yz]);
};

/** An operator of two quantised operands, each with its scale and zero point. */
function pair(opType: string): Form {
  return (node, around) => {
    const { inputs } = node;
    const last = opType === 'MatMul' ? -1 : undefined;
    const both = [operand(around, inputs.slice(0, 3)), operand(around, inputs.slice(3, 6), last)];
    const [left, right] = both;
    if (left === undefined || right === undefined) {
      refused(node, around);
      return;
    }
    around.count('quantised');
    return bounded(instead(node, opType, { inputs: [left, right] }), around, inputs.slice(6));
  };
}

/** An operator of one quantised operand; its attributes are the float one's. */
function single(opType: string): Form {
  return (node, around) => {
    const x = operand(around, node.inputs.slice(0, 3));
    if (x === undefined) {
      refused(node, around);
      return;
    }
    if (int(node, 'channels_last', 0) === 1) {
      refused(node, around, 'has its channels at the end');
      return;
    }
    around.count('quantised');
    const attributes = new Map(
      [...node.attributes].filter(([name]) => name !== 'channels_last' && name !== 'opset'),
    );
    const made = { ...node, opType, domain: '', inputs: [x], attributes };
    return bounded(made, around, node.inputs.slice(3));
  };
}

const qLinearConcat: Form = (node, around) => {
  const [ys = '', yz = '', ...rest] = node.inputs;
  const parts = Array.from({ length: rest.length / 3 }, (_, i) =>
    operand(around, rest.slice(3 * i, 3 * i + 3)),
  );
  if (!parts.every((part) => part !== undefined)) {
    refused(node, around);
    return;
  }
  around.count('quantised');
  return bounded({ ...node, opType: 'Concat', domain: '', inputs: parts }, around, [ys, yz]);
};

const dynamicQuantize: Form = (node, around) => {
  const [y = '', scale = '', zero = ''] = node.outputs;
  around.count('dynamic');
  const constant = (name: string, value: TensorData): OnnxNode[] =>
    name === ''
      ? []
      : [
          instead(node, 'Constant', {
            inputs: [],
            outputs: [name],
            set: { value: { type: 'tensor', value } },
          }),
        ];
  return [
    instead(node, 'Identity', { outputs: [y] }),
    ...constant(scale, tensorOf('float32', [], [1])),
    ...constant(zero, dynamicZero),
  ];
};

/** A product of whole numbers, the first of which are an activation that was quantised as it ran. */
function integer(opType: 'Conv' | 'MatMul'): Form {
  return (node, around) => {
    const [x = '', w = '', xz = '', wz = ''] = node.inputs;
    const tensor = around.tensor(w);
    if (!tensor || around.tensor(xz) !== dynamicZero) {
      refused(node, around, 'multiplies whole numbers whose scale is not known');
      return;
    }
    const axis = opType === 'Conv' ? 0 : -1;
    const weight = operand(
      around,
      [w, around.constant(`${w}.scale`, tensorOf('float32', [], [1])), wz],
      axis,
    );
    if (weight === undefined) {
      refused(node, around);
      return;
    }
    return [{ ...node, opType, domain: '', inputs: [x, weight] }];
  };
}

/** onnxruntime's product of an activation and a quantised matrix, with a bias. */
const dynamicMatMul: Form = (node, around) => {
  const [a = '', b = '', bs = '', bz = '', c = ''] = node.inputs;
  const right = around.tensor(b) && operand(around, [b, bs, bz], -1);
  if (right === undefined) {
    refused(node, around);
    return;
  }
  around.count('dynamic');
  if (c === '') return [instead(node, 'MatMul', { inputs: [a, right] })];
  const product = around.fresh(`${node.outputs[0] ?? node.name}.product`);
  return [
    instead(node, 'MatMul', { inputs: [a, right], outputs: [product] }),
    instead(node, 'Add', { inputs: [product, c] }),
  ];
};

/** Float forms of quantised operators, by domain. */
export const quantisedForms: Readonly<Partial<Record<string, Forms>>> = {
  '': {
    QuantizeLinear: quantize,
    QLinearConv: qLinearConv,
    QLinearMatMul: pair('MatMul'),
    DynamicQuantizeLinear: dynamicQuantize,
    ConvInteger: integer('Conv'),
    MatMulInteger: integer('MatMul'),
  },
  'com.microsoft': {
    QuantizeLinear: quantize,
    QGemm: qGemm,
    QLinearAdd: pair('Add'),
    QLinearMul: pair('Mul'),
    QLinearConcat: qLinearConcat,
    QLinearSigmoid: single('Sigmoid'),
    QLinearSoftmax: single('Softmax'),
    QLinearLeakyRelu: single('LeakyRelu'),
    QLinearAveragePool: single('AveragePool'),
    QLinearGlobalAveragePool: single('GlobalAveragePool'),
    DynamicQuantizeMatMul: dynamicMatMul,
  },
};
