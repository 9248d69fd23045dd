import { ndarray, type NdArray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { TypeFault, type Value } from '../ir/graph.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import {
  broadcastShapes,
  dimEquals,
  formatShape,
  sizeOf,
  type Shape,
} from '../../support/shape.js';
import { sumTo } from './broadcast.js';
import { broadcastOffset, forEachIndex } from './reference.js';
import { reshape } from './shape.js';

/** Attributes of a matrix product. */
export interface MatmulAttributes {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

const lastTwo = (shape: Shape, transposed = false): Shape => {
  const matrix = shape.slice(-2);
  return transposed ? matrix.toReversed() : matrix;
};

/** Matrix product over the last two axes, a [..., M, K] by b [..., K, P]; leading axes broadcast as NumPy's do. */
export const matmul = defineOp('matmul', {
  inputs: ['a', 'b'],
  traits: { elementwise: false, halves: 'gains' },
  type: ({ a, b }, { transA, transB }: MatmulAttributes) => {
    const [m = 1, k = 1] = lastTwo(a.shape, transA);
    const [k2 = 1, p = 1] = lastTwo(b.shape, transB);
    const lead = broadcastShapes(leadOf(a.shape), leadOf(b.shape));
    const fits = a.shape.length >= 2 && b.shape.length >= 2 && dimEquals(k, k2);
    if (!fits || lead === undefined)
      throw new TypeFault(
        'shape-mismatch',
        `${formatShape(a.shape)}${transA ? ' transposed' : ''} and ${formatShape(b.shape)}${transB ? ' transposed' : ''} cannot be multiplied`,
        'the last axis of the first has the size of the last but one of the second; the axes before broadcast',
      );
    return { dtype: a.dtype, shape: [...lead, m, p] };
  },
  reference: ({ a, b }, { transA, transB }, y) => {
    const [m = 1, k = 1] = lastTwo(a.shape, transA) as number[];
    const [, p = 1] = lastTwo(b.shape, transB) as number[];
    const out = ndarray(y.shape as readonly number[]);
    const lead = leadOf(out.shape) as number[];
    const matrixOf = ({ shape }: NdArray) => broadcastOffset(leadOf(shape) as number[], lead);
    const [matrixOfA, matrixOfB] = [matrixOf(a), matrixOf(b)];
    forEachIndex(lead, (index, n) => {
      const [atA, atB] = [matrixOfA(index) * m * k, matrixOfB(index) * k * p];
      for (let i = 0; i < m; i++)
        for (let j = 0; j < p; j++) {
          let sum = 0;
          for (let q = 0; q < k; q++) {
            const x = a.data[atA + (transA ? q * m + i : i * k + q)] ?? NaN;
            sum += x * (b.data[atB + (transB ? j * k + q : q * p + j)] ?? NaN);
          }
          out.data[(n * m + i) * p + j] = sum;
        }
    });
    return out;
  },
  gradient: ({ a, b }, dy, { transA = false, transB = false }): InputGrads => {
    if (b.rank === 2 && a.rank > 2 && !transA) {
      // One product over all rows, where the rule below would keep one a matrix and add them up.
      const [rows, dyRows] = [asRows(a), asRows(dy)];
      return {
        a: matmul(dy, b, { transB: !transB }),
        b: transB ? matmul(dyRows, rows, { transA: true }) : matmul(rows, dyRows, { transA: true }),
      };
    }
    const da = transA
      ? matmul(b, dy, { transA: transB, transB: true })
      : matmul(dy, b, { transB: !transB });
    const db = transB
      ? matmul(dy, a, { transA: true, transB: transA })
      : matmul(a, dy, { transA: !transA });
    return { a: sumTo(da, a), b: sumTo(db, b) };
  },
  onnx: (b, x, { transA, transB }, { in: types }) => {
    const ranks = [types.a.shape.length, types.b.shape.length] as const;
    if (ranks.every((rank) => rank === 2))
      return b.Gemm(x.a, x.b, null, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
    const turned = (matrix: OnnxValue, rank: number): OnnxValue => {
      const perm = Array.from({ length: rank }, (_, i) => i);
      perm.splice(-2, 2, rank - 1, rank - 2);
      return b.Transpose(matrix, { perm });
    };
    const left = transA ? turned(x.a, ranks[0]) : x.a;
    return b.MatMul(left, transB ? turned(x.b, ranks[1]) : x.b);
  },
});

const leadOf = (shape: Shape): Shape => shape.slice(0, -2);

/** [...,M,K] as [...*M,K]. */
function asRows(x: Value): Value {
  return reshape(x, { shape: [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1] });
}
