import { defineOp, type InputGrads } from '../ir/op.js';
import { TypeFault } from '../ir/graph.js';
import { floatTypeOf } from '../../support/dtype.js';
import { formatShape, shapeEquals } from '../../support/shape.js';
import { broadcastArrays } from './reference.js';

export interface DropoutAttributes {
  /** Probability that an element is kept. */
  readonly keep: number;
  /** Dotted name of the layer; its hash selects the stream of random numbers. */
  readonly site: string;
}

/** x * mask / keep; the mask has x's shape and holds 0 and 1. Source: JMLR 15 (2014) 1929, inverted form. */
export const dropout = defineOp('dropout', {
  inputs: ['x', 'mask'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: ({ x, mask }, _: DropoutAttributes) => {
    if (!shapeEquals(x.shape, mask.shape))
      throw new TypeFault(
        'shape-mismatch',
        `mask ${formatShape(mask.shape)} does not fit the value ${formatShape(x.shape)}`,
      );
    return x;
  },
  reference: ({ x, mask }, { keep }) => broadcastArrays(x, mask, (v, m) => (v * m) / keep),
  gradient: ({ mask }, dy, attrs): InputGrads => ({ x: dropout(dy, mask, attrs) }),
  onnx: (b, { x, mask }, { keep }, { in: types }) => {
    return b.Mul(x, b.Mul(mask, b.scalar(1 / keep, floatTypeOf(types.x))));
  },
});

export interface StochasticDepthAttributes {
  /** Probability that a sample's branch survives. */
  readonly survival: number;
  /** Dotted name of the layer; its hash selects the stream of random numbers. */
  readonly site: string;
}

/** x * mask / survival with one mask element a sample, [N,1,...]. Source: arXiv 1603.09382; a kept branch is divided by its survival, so evaluation needs no scaling. */
export const stochasticDepth = defineOp('stochasticDepth', {
  inputs: ['x', 'mask'],
  traits: { elementwise: 'total', halves: 'follows' },
  type: ({ x, mask }, _: StochasticDepthAttributes) => {
    const wanted = x.shape.map((dim, i) => (i === 0 ? dim : 1));
    if (!shapeEquals(wanted, mask.shape))
      throw new TypeFault(
        'shape-mismatch',
        `mask ${formatShape(mask.shape)} must be ${formatShape(wanted)}`,
      );
    return x;
  },
  reference: ({ x, mask }, { survival }) => broadcastArrays(x, mask, (v, m) => (v * m) / survival),
  gradient: ({ mask }, dy, attrs): InputGrads => ({ x: stochasticDepth(dy, mask, attrs) }),
  onnx: (b, { x, mask }, { survival }, { in: types }) => {
    return b.Mul(x, b.Mul(mask, b.scalar(1 / survival, floatTypeOf(types.x))));
  },
});
