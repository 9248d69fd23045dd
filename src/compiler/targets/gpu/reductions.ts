import type { Opset } from '../../../../generated/onnx/index.js';
import { reduceOnce } from '../../ops/reduceOnce.js';
import type { OnnxValue } from '../../../support/onnxValue.js';

/** Axes to reduce; `keepDims` leaves them with size 1. */
export interface Reduction {
  /** Rank of the operand. */
  readonly rank: number;
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/**
 * Sum or mean over axes. The provider's fast kernel takes the innermost axes; for others it first
 * writes the whole operand transposed. So the innermost ones go first, and what is left to reduce
 * over the others is small.
 */
export function reduceInwards(
  b: Opset,
  name: 'ReduceSum' | 'ReduceMean',
  x: OnnxValue,
  { rank, axes, keepDims }: Reduction,
): OnnxValue {
  const [outer, inner] = splitAxes(rank, axes);
  if (outer.length === 0 || inner.length === 0) return reduceOnce(b, name, x, axes, keepDims);
  return reduceOnce(b, name, reduceOnce(b, name, x, inner, keepDims), outer, keepDims);
}

/** Axes that do not reach to the innermost one without a gap, and those that do. */
export function splitAxes(
  rank: number,
  axes: readonly number[],
): readonly [outer: number[], inner: number[]] {
  let first = rank;
  while (axes.includes(first - 1)) first -= 1;
  return [axes.filter((axis) => axis < first), axes.filter((axis) => axis >= first)];
}
