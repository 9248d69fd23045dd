import { type TensorType, TypeFault } from '../ir/graph.js';
import { defineOp } from '../ir/op.js';
import { formatShape, shapeEquals } from '../../support/shape.js';
import { broadcastArrays, reduceArray } from './reference.js';

/*
 * Products and sums over maps that targets compute in one pass. No layer and no gradient rule makes
 * them; `fuseChannels` finds them in what both have made.
 */

/** [N,C,1,1] for a map [N,C,H,W]. */
function perChannel(x: TensorType): TensorType {
  if (x.shape.length !== 4)
    throw new TypeFault('rank', `${formatShape(x.shape)} is not a feature map [N,C,H,W]`);
  return { dtype: x.dtype, shape: [...x.shape.slice(0, 2), 1, 1] };
}

function expectShape(operand: TensorType, wanted: TensorType): void {
  if (!shapeEquals(operand.shape, wanted.shape))
    throw new TypeFault(
      'shape-mismatch',
      `${formatShape(operand.shape)} must be ${formatShape(wanted.shape)}`,
    );
}

/** Sum over each channel's pixels of a * b: maps [N,C,H,W] -> [N,C,1,1]. */
export const channelDot = defineOp('channelDot', {
  inputs: ['a', 'b'],
  traits: { elementwise: false, halves: 'stays', passes: () => 4 },
  type: ({ a, b }) => {
    expectShape(b, a);
    return perChannel(a);
  },
  reference: ({ a, b }, _, y) => ({
    shape: y.shape as readonly number[],
    data: reduceArray(
      broadcastArrays(a, b, (x, v) => x * v),
      [2, 3],
      0,
      (sum, v) => sum + v,
    ).data,
  }),
  onnx: (b, x) => b.ReduceSum(b.Mul(x.a, x.b), b.ints(2, 3), { keepdims: 1 }),
});

/** x * scale + shift with a factor and a term for each sample's channel: x [N,C,H,W], both [N,C,1,1]. */
export const channelAffine = defineOp('channelAffine', {
  inputs: ['x', 'scale', 'shift'],
  traits: { elementwise: 'total', halves: 'stays' },
  type: ({ x, scale, shift }) => {
    const wanted = perChannel(x);
    expectShape(scale, wanted);
    expectShape(shift, wanted);
    return x;
  },
  reference: ({ x, scale, shift }) =>
    broadcastArrays(
      broadcastArrays(x, scale, (a, b) => a * b),
      shift,
      (a, b) => a + b,
    ),
  onnx: (b, { x, scale, shift }) => b.Add(b.Mul(x, scale), shift),
});
