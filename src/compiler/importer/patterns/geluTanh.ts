import { arranged, sameOperand, type Pattern, type Surroundings } from './pattern.js';
import { isNear, plusNumber, productOf } from './product.js';
import type { Operand, PlainNode } from '../plainGraph.js';

/** x/2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) is Gelu, approximated. */
export const geluTanh: Pattern = {
  ends: ['Mul', 'Div'],
  match(last, graph) {
    const product = productOf(last, graph);
    if (product?.factors.length !== 2 || !isNear(product.constant, 0.5)) return undefined;
    for (const [i, factor] of product.factors.entries()) {
      const sum = graph.maker(factor, 'Add');
      const tanh = graph.maker(plusNumber(sum, 1), 'Tanh');
      const cubic = tanh && cubicOf(tanh.operands[0], graph);
      const x = product.factors[1 - i];
      if (sum === undefined || tanh === undefined || !cubic || !sameOperand(cubic.of, x)) continue;
      return {
        op: 'Gelu',
        operands: [x],
        attributes: new Map([['approximate', { type: 'string', value: 'tanh' }]]),
        inner: [...cubic.inner, tanh, sum, ...product.inner],
      };
    }
    return undefined;
  },
};

interface Cubic {
  readonly of: Operand | undefined;
  readonly inner: readonly PlainNode[];
}

/** sqrt(2 / pi) * (x + 0.044715 x^3) */
function cubicOf(operand: Operand | undefined, graph: Surroundings): Cubic | undefined {
  const last = graph.maker(operand, 'Mul', 'Div');
  const scaled = last && productOf(last, graph);
  const sum = graph.maker(scaled?.factors[0], 'Add');
  if (!last || !scaled || !sum || !isNear(scaled.constant, Math.sqrt(2 / Math.PI)))
    return undefined;
  const sides = arranged(sum, (side) => graph.maker(side, 'Mul', 'Div') !== undefined);
  const product = graph.maker(sides?.[0], 'Mul', 'Div');
  const cube = product && productOf(product, graph);
  if (!sides || !product || !cube || !isNear(cube.constant, 0.044715)) return undefined;
  const power = cube.factors.length === 1 ? graph.maker(cube.factors[0], 'Pow') : undefined;
  const cubed = power === undefined ? cube.factors : isThird(power) ? [power.operands[0]] : [];
  const whole = power === undefined ? cubed.length === 3 : cubed.length === 1;
  if (!whole || !cubed.every((factor) => sameOperand(factor, sides[1]))) return undefined;
  return {
    of: sides[1],
    inner: [...(power ? [power] : []), ...cube.inner, product, sum, ...scaled.inner, last],
  };
}

function isThird({ operands: [, exponent] }: PlainNode): boolean {
  return exponent?.kind === 'constant' && Number(exponent.constant.tensor.data[0]) === 3;
}
