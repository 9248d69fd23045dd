import type { Opset } from '../../../generated/onnx/index.js';
import type { OnnxValue } from '../../support/onnxValue.js';

type ReduceName =
  'ReduceL2' | 'ReduceMax' | 'ReduceMean' | 'ReduceMin' | 'ReduceProd' | 'ReduceSum';

/** A reduction in one node; its axes are an attribute up to opset 17, and there is at least one. */
export function reduceOnce(
  b: Opset,
  name: ReduceName,
  x: OnnxValue,
  axes: readonly number[],
  keepDims: boolean,
): OnnxValue {
  const keepdims = keepDims ? 1 : 0;
  if (name === 'ReduceSum') return b.ReduceSum(x, b.ints(...axes), { keepdims });
  return b.opset === 17
    ? b[name](x, { axes, keepdims })
    : b[name](x, b.ints(...axes), { keepdims });
}
