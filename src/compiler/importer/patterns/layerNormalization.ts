import {
  arranged,
  numberOf,
  numbersIn,
  sameOperand,
  type Pattern,
  type Surroundings,
} from './pattern.js';
import type { Operand, PlainNode } from '../plainGraph.js';

/** (x - mean) / sqrt(variance + epsilon) * scale + bias over the last axis, as files before opset 17 have it. */
export const layerNormalization: Pattern = {
  ends: ['Add'],
  match(last, graph) {
    const sum = arranged(last, isVector);
    const scale = graph.maker(sum?.[1], 'Mul');
    const product = scale && arranged(scale, isVector);
    const unit = product && unitOf(product[1], graph);
    if (sum === undefined || scale === undefined || product === undefined || !unit)
      return undefined;
    return {
      op: 'LayerNormalization',
      operands: [unit.x, product[0], sum[0]],
      attributes: new Map([
        ['axis', { type: 'int', value: unit.axis }],
        ['epsilon', { type: 'float', value: unit.epsilon }],
      ]),
      inner: [...unit.inner, scale],
    };
  },
};

/** A constant along the last axis alone. */
function isVector(operand: Operand | undefined): boolean {
  return operand?.kind === 'constant' && operand.constant.tensor.shape.length === 1;
}

interface Unit {
  readonly x: Operand | undefined;
  readonly axis: number;
  readonly epsilon: number;
  readonly inner: readonly PlainNode[];
}

/** (x - mean) / sqrt(variance + epsilon) */
function unitOf(operand: Operand | undefined, graph: Surroundings): Unit | undefined {
  const quotient = graph.maker(operand, 'Div');
  const centred = graph.maker(quotient?.operands[0], 'Sub');
  const root = graph.maker(quotient?.operands[1], 'Sqrt');
  const sum = graph.maker(root?.operands[0], 'Add');
  const sides = sum && arranged(sum, (side) => numberOf(side) !== undefined);
  const variance = graph.maker(sides?.[1], 'ReduceMean');
  const square = graph.maker(variance?.operands[0], 'Pow', 'Mul');
  const mean = graph.maker(centred?.operands[1], 'ReduceMean');
  if (!quotient || !centred || !root || !sum || !variance || !square || !mean) return undefined;
  const [x] = centred.operands;
  const [base, exponent] = square.operands;
  const isSquare = square.op === 'Pow' ? numberOf(exponent) === 2 : sameOperand(base, exponent);
  // Some exporters subtract the mean twice, in two nodes that are alike.
  const other = graph.maker(base, 'Sub');
  const isCentred =
    sameOperand(other?.operands[0], x) && sameOperand(other?.operands[1], centred.operands[1]);
  const rank = x?.kind === 'value' ? x.value.shape.length : 0;
  const overLast = [mean, variance].every(
    ({ operands: [, axes], attributes }) =>
      numbersIn(axes)?.join() === `${rank - 1}` && attributes.get('keepdims')?.value !== 0,
  );
  const epsilon = numberOf(sides?.[0]);
  if (!sameOperand(mean.operands[0], x) || !isSquare || !isCentred || !overLast) return undefined;
  if (epsilon === undefined) return undefined;
  const inner = [
    mean,
    centred,
    ...(other && other !== centred ? [other] : []),
    square,
    variance,
    sum,
    root,
    quotient,
  ];
  return { x, axis: rank - 1, epsilon, inner };
}
