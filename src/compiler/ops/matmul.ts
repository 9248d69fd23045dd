import { ndarray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { TypeFault } from '../ir/graph.js';
import { dimEquals, formatShape, type Shape } from '../../support/shape.js';

/** Attributes of a matrix product. */
export interface MatmulAttributes {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

const lastTwo = (shape: Shape, transposed = false): Shape => {
  const matrix = shape.slice(-2);
  return transposed ? matrix.toReversed() : matrix;
};

/** Matrix product over the last two axes, a [..., M, K] by b [..., K, P]; leading axes are equal. */
export const matmul = defineOp('matmul', {
  inputs: ['a', 'b'],
  traits: { elementwise: false, halves: 'gains' },
  type: ({ a, b }, { transA, transB }: MatmulAttributes) => {
    const [m = 1, k = 1] = lastTwo(a.shape, transA);
    const [k2 = 1, p = 1] = lastTwo(b.shape, transB);
    const lead = a.shape.slice(0, -2);
    const fits =
      a.shape.length >= 2 &&
      a.shape.length === b.shape.length &&
      lead.every((dim, i) => dimEquals(dim, b.shape[i] ?? -1)) &&
      dimEquals(k, k2);
    if (!fits)
      throw new TypeFault(
        'shape-mismatch',
        `${formatShape(a.shape)}${transA ? ' transposed' : ''} and ${formatShape(b.shape)}${transB ? ' transposed' : ''} cannot be multiplied`,
      );
    return { dtype: a.dtype, shape: [...lead, m, p] };
  },
  reference: ({ a, b }, { transA, transB }) => {
    const [m = 1, k = 1] = lastTwo(a.shape, transA) as number[];
    const [, p = 1] = lastTwo(b.shape, transB) as number[];
    const out = ndarray([...a.shape.slice(0, -2), m, p]);
    const count = out.data.length / (m * p);
    for (let n = 0; n < count; n++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < p; j++) {
          let sum = 0;
          for (let q = 0; q < k; q++) {
            const x = a.data[n * m * k + (transA ? q * m + i : i * k + q)] ?? NaN;
            sum += x * (b.data[n * k * p + (transB ? j * k + q : q * p + j)] ?? NaN);
          }
          out.data[(n * m + i) * p + j] = sum;
        }
    return out;
  },
  gradient: ({ a, b }, dy, { transA = false, transB = false }): InputGrads => ({
    a: transA
      ? matmul(b, dy, { transA: transB, transB: true })
      : matmul(dy, b, { transB: !transB }),
    b: transB
      ? matmul(dy, a, { transA: true, transB: transA })
      : matmul(a, dy, { transA: !transA }),
  }),
  onnx: (b, x, { transA, transB }, { in: types }) => {
    const rank = types.a.shape.length;
    if (rank === 2)
      return b.Gemm(x.a, x.b, null, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
    const perm = Array.from({ length: rank }, (_, i) => i);
    perm.splice(-2, 2, rank - 1, rank - 2);
    const left = transA ? b.Transpose(x.a, { perm }) : x.a;
    return b.MatMul(left, transB ? b.Transpose(x.b, { perm }) : x.b);
  },
});
