import { defineOp } from '../ir/op.js';

/**
 * x, but only once `token` is known: what is computed from it waits for that. No layer makes it and it
 * has no gradient; `recomputeBlocks` puts it before what the backward pass computes again. The shape of
 * the token, not its numbers, enters that of x as zeros, and a Reshape copies nothing.
 */
export const after = defineOp('after', {
  inputs: ['x', 'token'],
  traits: { elementwise: false, halves: 'stays' },
  type: ({ x }) => x,
  reference: ({ x }) => x,
  onnx: (b, { x, token }) => {
    const first = b.Slice(b.Shape(token), b.ints(0), b.ints(1));
    return b.Reshape(x, b.Add(b.Shape(x), b.Mul(first, b.ints(0))));
  },
});
