import type { Opset } from '../../../generated/onnx/index.js';
import type { TensorType } from '../ir/graph.js';
import { dtypes, isHalf } from '../../support/dtype.js';
import type { OnnxValue } from '../../support/onnxValue.js';

/*
 * Sums of many terms and statistics lose their small terms in 16 bits, so lowerings that add up half
 * values do it in float32 and round the result once.
 */

/** A value of `type` for arithmetic: float32 in place of a 16-bit type. */
export function widened(b: Opset, value: OnnxValue, type: TensorType): OnnxValue {
  return isHalf(type.dtype) ? b.Cast(value, { to: dtypes.float32.onnx }) : value;
}

/** The result of arithmetic on widened values, back in `type`. */
export function narrowed(b: Opset, value: OnnxValue, type: TensorType): OnnxValue {
  return isHalf(type.dtype) ? b.Cast(value, { to: dtypes[type.dtype].onnx }) : value;
}

/** The type of a value once it is widened. */
export function wideType(type: TensorType): TensorType {
  return isHalf(type.dtype) ? { ...type, dtype: 'float32' } : type;
}
