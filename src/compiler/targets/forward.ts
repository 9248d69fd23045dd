import { dropout, stochasticDepth } from '../ops/noise.js';
import type { FunctionSpec, GraphBuilder } from '../onnx/builder.js';
import { invariant } from '../../support/errors.js';
import { tensorData } from '../../support/tensor.js';
import { override } from './override.js';
import type { Target } from './target.js';

const stochasticDepthSpec: FunctionSpec = {
  name: 'StochasticDepth',
  domain: 'gradus',
  inputs: ['x'],
  outputs: ['y'],
  attributes: ['survival'],
};

/**
 * The training-mode forward pass for others to read: noise drawn by standard Dropout nodes instead
 * of mask inputs, and StochasticDepth as a model-local function made of them.
 */
export function forwardTarget(builder: GraphBuilder): Target {
  const scalarTrue = () => builder.b.constant(tensorData('bool', [], [1]));
  const drop = builder.defineFunction(stochasticDepthSpec, ([x], attribute) => {
    const { b } = builder;
    invariant(x, 'StochasticDepth has an input');
    const survival = attribute('survival');
    const shape = b.Shape(x);
    // One element a sample, [N,1,...]: dropping it drops the sample's whole branch.
    const batch = b.Slice(shape, b.ints(0), b.ints(1), b.ints(0));
    const rest = b.Sub(b.Shape(shape), b.ints(1));
    const ones = b.ConstantOfShape(rest, { value: tensorData('int64', [1], [1]) });
    const perSample = b.Expand(b.scalar(1), b.Concat([batch, ones], { axis: 0 }));
    const ratio = b.Sub(b.scalar(1), survival);
    return [b.Mul(x, b.Dropout(perSample, ratio, scalarTrue()))];
  });
  return {
    name: 'forward',
    overrides: [
      override(dropout, {
        name: 'forward',
        onnx: (b, { x }, { keep }) => b.Dropout(x, b.scalar(1 - keep), scalarTrue()),
      }),
      override(stochasticDepth, {
        name: 'forward',
        onnx: (_, { x }, { survival }) => {
          const [y] = builder.call(drop, [x], { survival });
          invariant(y, 'StochasticDepth has an output');
          return y;
        },
      }),
    ],
  };
}
