import { numbersOf, tensorData } from '../../../support/tensor.js';
import type { PlainConstant } from '../plainGraph.js';
import { Refusal, sampleShape, weight, type ImportRules } from './rule.js';
import { readWindow, windowOptions } from './window.js';

export const convRules: ImportRules = {
  Conv(node, emit) {
    const kernel = node.constant(1, 'kernel');
    const bias = node.optionalConstant(2, 'bias');
    const [out = 1] = kernel.tensor.shape;
    const window = readWindow(node);
    const [channels = 1, ...size] = sampleShape(node.value(0));
    const groups = node.int('group', 1);
    const each = groups > 1 && groups === channels && out === channels;
    const weights = [weight('weight', kernel), ...(bias ? [weight('bias', bias)] : [])];
    return emit(each ? 'depthwise' : 'conv2d', [node.x()], {
      options: {
        out: each ? undefined : out,
        ...windowOptions(window, size),
        groups: each || groups === 1 ? undefined : groups,
        bias: bias === undefined ? false : undefined,
      },
      weights,
    });
  },
};

/** A matrix with rows and columns exchanged. */
export function transposed({ name, tensor }: PlainConstant): PlainConstant {
  const [rows = 1, columns = 1] = tensor.shape;
  const values = numbersOf(tensor);
  const turned = new Float64Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j] ?? 0;
  return { name, tensor: tensorData(tensor.dtype, [columns, rows], turned) };
}

/** A matrix product with a constant matrix [out,I] and, perhaps, a constant bias. */
export const linearRules: ImportRules = {
  Gemm(node, emit) {
    const matrix = node.constant(1, 'matrix');
    const bias = node.optionalConstant(2, 'bias');
    const stored = node.int('transB', 0) === 0 ? transposed(matrix) : matrix;
    const [out = 1] = stored.tensor.shape;
    return emit('linear', [node.x()], {
      options: { out, bias: bias === undefined ? false : undefined },
      weights: [weight('weight', stored), ...(bias ? [weight('bias', bias)] : [])],
    });
  },

  MatMul(node, emit) {
    if (node.isValue(1) && node.isValue(0)) return emit('matmul', [node.x(0), node.x(1)]);
    const matrix = node.constant(1, 'right side');
    if (matrix.tensor.shape.length !== 2)
      throw new Refusal(`it multiplies by a constant of ${matrix.tensor.shape.length} axes`);
    const stored = transposed(matrix);
    const [out = 1] = stored.tensor.shape;
    return emit('linear', [node.x()], {
      options: { out, bias: false },
      weights: [weight('weight', stored)],
    });
  },
};
