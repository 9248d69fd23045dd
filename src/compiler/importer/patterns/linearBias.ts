import { arranged, type Pattern } from './pattern.js';
import type { Operand } from '../plainGraph.js';

/** A product with a constant matrix and a vector that is added to it are a Gemm, of any rank here. */
export const linearBias: Pattern = {
  ends: ['Add'],
  match(last, graph) {
    const sides = arranged(last, (side) => isConstant(side, 1));
    const product = graph.maker(sides?.[1], 'MatMul');
    if (!product || graph.usesOf(sides?.[1]) !== 1) return undefined;
    const [x, matrix] = product.operands;
    if (
      !isConstant(matrix, 2) ||
      x?.kind !== 'value' ||
      sizeOf(matrix, 1) !== sizeOf(sides?.[0], 0)
    )
      return undefined;
    return { op: 'Gemm', operands: [x, matrix, sides?.[0]], inner: [product] };
  },
};

function isConstant(operand: Operand | undefined, rank: number): boolean {
  return operand?.kind === 'constant' && operand.constant.tensor.shape.length === rank;
}

function sizeOf(operand: Operand | undefined, axis: number): number | undefined {
  return operand?.kind === 'constant' ? operand.constant.tensor.shape[axis] : undefined;
}
