/** Quantised operators as the float ones that they approximate. */
import type { TensorData } from '../../../support/tensor.js';
import { int } from '../../onnx/shapes/valueTable.js';
import { read, tensorOf, wholeRanges } from './constants.js';
import { axisOf, sizeOfShape, type Evaluator, type Evaluators } from './fold/context.js';
import { roundEven } from './fold/arithmetic.js';

/** The scale or zero point of each element: of the tensor, of an axis, or of a block along it. */
function perElement(
  x: TensorData,
  part: TensorData,
  axis: number,
  block: number,
): (at: number) => number {
  const values = read(part);
  if (part.data.length <= 1) return () => values[0] ?? 0;
  const inner = sizeOfShape(x.shape.slice(axis + 1));
  const size = x.shape[axis] ?? 1;
  if (block === 0) return (at) => values[Math.floor(at / inner) % size] ?? 0;
  const blocks = part.shape[axis] ?? 1;
  return (at) => {
    const outer = Math.floor(at / (inner * size));
    const along = Math.floor((Math.floor(at / inner) % size) / block);
    return values[(outer * blocks + along) * inner + (at % inner)] ?? 0;
  };
}

/** Whole numbers times their scale, as float32; undefined if the scale does not fit. */
export function dequantised(
  x: TensorData,
  scale: TensorData,
  zero: TensorData | undefined,
  { axis = 1, block = 0 }: { readonly axis?: number; readonly block?: number } = {},
): TensorData | undefined {
  const at = axisOf(axis, x.shape.length) ?? 0;
  if (block === 0 && scale.data.length > 1 && scale.data.length !== x.shape[at]) return undefined;
  const by = perElement(x, scale, at, block);
  const less = zero ? perElement(x, zero, at, block) : () => 0;
  const values = read(x);
  const data = new Float32Array(x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = ((values[i] ?? 0) - less(i)) * by(i);
  return { dtype: 'float32', shape: x.shape, data };
}

const dequantizeLinear: Evaluator = ({ node, inputs: [x, scale, zero] }) => {
  if (!x || !scale) return undefined;
  const made = dequantised(x, scale, zero, {
    axis: int(node, 'axis', 1),
    block: int(node, 'block_size', 0),
  });
  return made && [made];
};

const quantizeLinear: Evaluator = ({ node, inputs: [x, scale, zero], types }) => {
  const range = wholeRanges[types[2] ?? 'uint8'];
  if (!x || !scale || !range || int(node, 'block_size', 0) > 0) return undefined;
  const axis = axisOf(int(node, 'axis', 1), x.shape.length) ?? 0;
  const by = perElement(x, scale, axis, 0);
  const plus = zero ? perElement(x, zero, axis, 0) : () => 0;
  const [low, high] = range;
  const values = read(x);
  const one = (_: unknown, i: number): number =>
    Math.min(high, Math.max(low, roundEven((values[i] ?? 0) / by(i)) + plus(i)));
  return [tensorOf('int32', x.shape, Float64Array.from({ length: values.length }, one))];
};

export const quantising: Evaluators = {
  DequantizeLinear: dequantizeLinear,
  QuantizeLinear: quantizeLinear,
};
