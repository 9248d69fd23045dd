import type { OnnxNode } from '../model.js';
import type { Dim, Shape } from '../../../support/shape.js';
import { each, type Rule, type Rules } from './rule.js';
import {
  broadcastKnown,
  int,
  optionalInt,
  text,
  unknownDim,
  type ValueTable,
} from './valueTable.js';

function gemm(second: number): Rule {
  return ({ node, table, x }) => {
    const w = table.shape(node.inputs[second]);
    const rows = x?.[int(node, 'transA', 0)];
    const columns = w?.[1 - int(node, 'transB', 0)];
    return rows === undefined || columns === undefined ? undefined : [[rows, columns]];
  };
}

/** `second` is the input that holds the right-hand side. */
function matmul(second: number): Rule {
  return ({ node, table, x }) => {
    const [a, b] = [
      swapLast(x, int(node, 'transA', 0)),
      swapLast(table.shape(node.inputs[second]), int(node, 'transB', 0)),
    ];
    if (!a || !b || a.length === 0 || b.length === 0) return undefined;
    const batch = broadcastKnown(a.slice(0, -2), b.slice(0, -2));
    // A vector has one side, which the sum takes away.
    const [rows, columns] = [a.length > 1 ? a.slice(-2, -1) : [], b.length > 1 ? b.slice(-1) : []];
    return batch && [[...batch, ...rows, ...columns]];
  };
}

function swapLast(shape: Shape | undefined, swap: number): Shape | undefined {
  const [rows, columns] = [shape?.at(-2), shape?.at(-1)];
  if (!shape || rows === undefined || columns === undefined || swap === 0) return shape;
  return [...shape.slice(0, -2), columns, rows];
}

/** Sizes by the letters of an Einsum, and the letters of its result; undefined if it cannot be read. */
export function einsumSizes(
  node: OnnxNode,
  table: ValueTable,
): { readonly sizes: ReadonlyMap<string, Dim>; readonly result: string } | undefined {
  const equation = (text(node, 'equation') ?? '').replaceAll(' ', '');
  const [left = '', given] = equation.split('->');
  if (left === '' || equation.includes('.')) return undefined;
  const terms = left.split(',');
  const sizes = new Map<string, Dim>();
  for (const [i, term] of terms.entries()) {
    const shape = table.shape(node.inputs[i]);
    if (shape?.length !== term.length) return undefined;
    for (const [axis, letter] of Array.from(term).entries()) {
      const size = shape[axis] ?? unknownDim;
      if (typeof sizes.get(letter) !== 'number' || sizes.get(letter) === 1) sizes.set(letter, size);
    }
  }
  // Without an arrow, the letters that occur once, in alphabetical order.
  const letters = Array.from(left.replaceAll(',', ''));
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return { sizes, result: given ?? once.sort().join('') };
}

const einsum: Rule = ({ node, table }) => {
  const read = einsumSizes(node, table);
  return read && [Array.from(read.result, (letter) => read.sizes.get(letter) ?? unknownDim)];
};

/** LSTM, GRU and RNN: all outputs, the last one, and the last cell of an LSTM. */
const recurrent: Rule = ({ node, table, x }) => {
  const r = table.shape(node.inputs[2]);
  const [directions, , hidden] = r ?? [];
  const [first, second] = x ?? [];
  if (first === undefined || second === undefined) return undefined;
  if (directions === undefined || hidden === undefined) return undefined;
  const batchFirst = int(node, 'layout', 0) === 1;
  const state = batchFirst ? [first, directions, hidden] : [directions, second, hidden];
  const all = batchFirst
    ? [first, second, directions, hidden]
    : [first, directions, second, hidden];
  return [all, state, state];
};

/** The fused attention of onnxruntime: the result has as many features as the values. */
const fusedAttention: Rule = ({ node, table, x }) => {
  const features = table.shape(node.inputs[1])?.at(-1);
  if (x?.length !== 3 || typeof features !== 'number' || node.attributes.has('qkv_hidden_sizes'))
    return undefined;
  return [[...x.slice(0, 2), features / 3]];
};

const multiHeadAttention: Rule = ({ node, table, x }) => {
  const values = table.shape(node.inputs[2]);
  return x?.length === 3 && values?.length === 3
    ? [[...x.slice(0, 2), values[2] ?? unknownDim]]
    : undefined;
};

/** ONNX's Attention has inputs of three or four dimensions. */
const attention: Rule = (context) => {
  const { node, table, x } = context;
  if (node.domain !== '') return fusedAttention(context);
  const values = table.shape(node.inputs[2]);
  if (x?.length === 4 && values?.length === 4) return [[...x.slice(0, 3), values[3] ?? unknownDim]];
  const [heads, sharing] = [optionalInt(node, 'q_num_heads'), optionalInt(node, 'kv_num_heads')];
  const features = values?.at(2);
  if (x?.length !== 3 || typeof features !== 'number' || !heads || !sharing) return undefined;
  return [[...x.slice(0, 2), (features / sharing) * heads]];
};

const packedMatmul: Rule = ({ node, x }) => [
  x && [...x.slice(0, -1), optionalInt(node, 'N') ?? unknownDim],
];

/** Operators that sum products. */
export const productRules: Rules = {
  ...each(
    'MatMul FusedMatMul MatMulInteger MatMulIntegerToFloat DynamicQuantizeMatMul TransposeMatMul',
    matmul(1),
  ),
  QLinearMatMul: matmul(3),
  Gemm: gemm(1),
  QGemm: gemm(3),
  ...each('MatMulNBits MatMulBnb4', packedMatmul),
  Einsum: einsum,
  ...each('LSTM GRU RNN', recurrent),
  ...each('Attention QAttention', attention),
  MultiHeadAttention: multiHeadAttention,
};
