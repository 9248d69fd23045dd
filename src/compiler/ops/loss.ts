import { type TensorType, TypeFault } from '../ir/graph.js';
import { ndarray, type NdArray } from '../ir/ndarray.js';
import { defineOp, type InputGrads } from '../ir/op.js';
import { formatShape, shapeEquals } from '../../support/shape.js';
import { reducedShape, reduceSum } from './broadcast.js';
import { exp, mul, sub } from './elementwise.js';

/** The last axis of x as [rows, width] for plain loops. */
function rowsOf(x: NdArray): readonly [number, number] {
  const width = x.shape.at(-1) ?? 1;
  return [x.data.length / width, width];
}

/** log(softmax(x)) of one row, shifted by its maximum so that nothing overflows. */
function logSoftmaxRow(x: NdArray, row: number, width: number): number[] {
  return logSoftmaxOf(Array.from(x.data.subarray(row * width, (row + 1) * width)));
}

function logSoftmaxOf(values: readonly number[]): number[] {
  const top = Math.max(...values);
  const logSum = top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
  return values.map((v) => v - logSum);
}

/** The elements of x along an axis replaced by f of them. */
function alongAxis(
  x: NdArray,
  axis: number,
  f: (values: readonly number[]) => readonly number[],
): NdArray {
  const out = ndarray(x.shape);
  const width = x.shape[axis] ?? 1;
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  for (let line = 0; line < x.data.length / width; line++) {
    const first = Math.floor(line / inner) * inner * width + (line % inner);
    const places = Array.from({ length: width }, (_, i) => first + i * inner);
    const made = f(places.map((at) => x.data[at] ?? NaN));
    places.forEach((at, i) => (out.data[at] = made[i] ?? NaN));
  }
  return out;
}

export interface SoftmaxAttributes {
  /** The last one if it is missing. */
  readonly axis?: number;
}

/** The type of a softmax; throws where its axis does not exist. */
function softmaxType(x: TensorType, { axis = x.shape.length - 1 }: SoftmaxAttributes): TensorType {
  reducedShape(x.shape, { axes: [axis], keepDims: true });
  return x;
}

/** Softmax over an axis. */
export const softmax = defineOp('softmax', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ x }, attrs: SoftmaxAttributes) => softmaxType(x, attrs),
  reference: ({ x }, { axis = x.shape.length - 1 }) =>
    alongAxis(x, axis, (values) => logSoftmaxOf(values).map(Math.exp)),
  // dx = y * (dy - sum(dy * y)), the Jacobian diag(y) - y y^T applied to dy.
  gradient: ({ x }, dy, { axis = x.rank - 1 }, y): InputGrads => {
    const dot = reduceSum(mul(dy, y), { axes: [axis], keepDims: true });
    return { x: mul(y, sub(dy, dot)) };
  },
  onnx: (b, { x }, { axis = -1 }) => b.Softmax(x, { axis }),
});

/** Logarithm of the softmax over an axis. */
export const logSoftmax = defineOp('logSoftmax', {
  inputs: ['x'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ x }, attrs: SoftmaxAttributes) => softmaxType(x, attrs),
  reference: ({ x }, { axis = x.shape.length - 1 }) => alongAxis(x, axis, logSoftmaxOf),
  gradient: ({ x }, dy, { axis = x.rank - 1 }, y): InputGrads => {
    const total = reduceSum(dy, { axes: [axis], keepDims: true });
    return { x: sub(dy, mul(exp(y), total)) };
  },
  onnx: (b, { x }, { axis = -1 }) => b.LogSoftmax(x, { axis }),
});

function checkTargets(logits: TensorType, target: TensorType): void {
  if (logits.shape.length !== 2 || !shapeEquals(logits.shape, target.shape))
    throw new TypeFault(
      'shape-mismatch',
      `logits ${formatShape(logits.shape)} and soft targets ${formatShape(target.shape)} must both be [N,classes]`,
    );
}

/** Cross-entropy of each row against a soft target: logits [N,K], target [N,K] -> [N]; -sum(target * log softmax(logits)). */
export const softmaxCrossEntropy = defineOp('softmaxCrossEntropy', {
  inputs: ['logits', 'target'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ logits, target }) => {
    checkTargets(logits, target);
    return { dtype: logits.dtype, shape: logits.shape.slice(0, 1) };
  },
  reference: ({ logits, target }) => {
    const [rows, width] = rowsOf(logits);
    const out = ndarray([rows]);
    for (let row = 0; row < rows; row++)
      out.data[row] = logSoftmaxRow(logits, row, width).reduce(
        (sum, v, i) => sum - v * (target.data[row * width + i] ?? NaN),
        0,
      );
    return out;
  },
  gradient: ({ logits, target }, dy): InputGrads => ({
    logits: softmaxCrossEntropyGrad(logits, target, dy),
  }),
  onnx: (b, { logits, target }) => {
    const terms = b.Mul(target, b.LogSoftmax(logits, { axis: -1 }));
    return b.Neg(b.ReduceSum(terms, b.ints(1), { keepdims: 0 }));
  },
});

/** (softmax(logits) * sum(target) - target) * dy of each row; dy [N]. */
export const softmaxCrossEntropyGrad = defineOp('softmaxCrossEntropyGrad', {
  inputs: ['logits', 'target', 'dy'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ logits, target }) => {
    checkTargets(logits, target);
    return logits;
  },
  reference: ({ logits, target, dy }) => {
    const [rows, width] = rowsOf(logits);
    const out = ndarray(logits.shape);
    for (let row = 0; row < rows; row++) {
      const total = target.data.subarray(row * width, (row + 1) * width).reduce((a, v) => a + v, 0);
      logSoftmaxRow(logits, row, width).forEach((v, i) => {
        const at = row * width + i;
        out.data[at] = (Math.exp(v) * total - (target.data[at] ?? NaN)) * (dy.data[row] ?? NaN);
      });
    }
    return out;
  },
  onnx: (b, { logits, target, dy }) => {
    const total = b.ReduceSum(target, b.ints(1), { keepdims: 1 });
    const difference = b.Sub(b.Mul(b.Softmax(logits, { axis: -1 }), total), target);
    return b.Mul(difference, b.Unsqueeze(dy, b.ints(1)));
  },
});
