import { sameOperand, type Pattern, type Recognised, type Surroundings } from './pattern.js';
import { isNear, plusNumber, productOf } from './product.js';
import type { Operand, PlainNode } from '../plainGraph.js';

/** A gate of a value, and the nodes that make it. */
interface Gate {
  readonly of: Operand | undefined;
  readonly inner: readonly PlainNode[];
}

/** x times a gate of x, and perhaps a number, is an activation. */
function gatedBy(
  op: string,
  number: number,
  gateOf: (operand: Operand, graph: Surroundings) => Gate | undefined,
): Pattern {
  return {
    ends: ['Mul', 'Div'],
    match(last, graph): Recognised | undefined {
      const product = productOf(last, graph);
      if (product?.factors.length !== 2 || !isNear(product.constant, number)) return undefined;
      const [a, b] = product.factors;
      for (const [x, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const gate = other && gateOf(other, graph);
        if (gate !== undefined && sameOperand(gate.of, x))
          return { op, operands: [x], inner: [...gate.inner, ...product.inner] };
      }
      return undefined;
    },
  };
}

/** min(max(x + 3, 0), 6) */
function shiftedClip(operand: Operand, graph: Surroundings): Gate | undefined {
  const clip = graph.maker(operand, 'Clip');
  const sum = graph.maker(clip?.operands[0], 'Add');
  if (clip === undefined || sum === undefined || !isBetween(clip, 0, 6)) return undefined;
  const of = plusNumber(sum, 3);
  return of && { of, inner: [sum, clip] };
}

function isBetween({ operands: [, min, max] }: PlainNode, low: number, high: number): boolean {
  return numberIs(min, low) && numberIs(max, high);
}

function numberIs(operand: Operand | undefined, wanted: number): boolean {
  return operand?.kind === 'constant' && Number(operand.constant.tensor.data[0]) === wanted;
}

/** x * sigmoid(x) */
export const swish = gatedBy('Swish', 1, (operand, graph) => {
  const gate = graph.maker(operand, 'Sigmoid');
  return gate && { of: gate.operands[0], inner: [gate] };
});

/** x * min(max(x + 3, 0), 6) / 6 */
export const hardSwishByClip = gatedBy('HardSwish', 1 / 6, shiftedClip);

/** x * hardSigmoid(x), with a slope of 1/6 */
export const hardSwish = gatedBy('HardSwish', 1, (operand, graph) => {
  const gate = graph.maker(operand, 'HardSigmoid');
  const alpha = gate?.attributes.get('alpha');
  const beta = gate?.attributes.get('beta');
  if (gate === undefined || alpha?.type !== 'float' || !isNear(alpha.value, 1 / 6))
    return undefined;
  if (beta?.type === 'float' && beta.value !== 0.5) return undefined;
  return { of: gate.operands[0], inner: [gate] };
});

/** x * tanh(softplus(x)) */
export const mish = gatedBy('Mish', 1, (operand, graph) => {
  const tanh = graph.maker(operand, 'Tanh');
  const softplus = graph.maker(tanh?.operands[0], 'Softplus');
  return tanh && softplus && { of: softplus.operands[0], inner: [softplus, tanh] };
});

/** x/2 * (1 + erf(x / sqrt 2)) */
export const geluByErf = gatedBy('Gelu', 0.5, (operand, graph) => {
  const sum = graph.maker(operand, 'Add');
  const erf = graph.maker(plusNumber(sum, 1), 'Erf');
  const scale = graph.maker(erf?.operands[0], 'Mul', 'Div');
  const scaled = scale && productOf(scale, graph);
  if (sum === undefined || erf === undefined || scaled?.factors.length !== 1) return undefined;
  if (!isNear(scaled.constant, Math.SQRT1_2)) return undefined;
  return { of: scaled.factors[0], inner: [...scaled.inner, scale ?? sum, erf, sum] };
});

/** min(max(x + 3, 0), 6) / 6 */
export const hardSigmoidByClip: Pattern = {
  ends: ['Mul', 'Div'],
  match(last, graph) {
    const product = productOf(last, graph);
    const [factor] = product?.factors ?? [];
    if (product?.factors.length !== 1 || factor === undefined) return undefined;
    const gate = isNear(product.constant, 1 / 6) ? shiftedClip(factor, graph) : undefined;
    if (gate === undefined) return undefined;
    const attributes = new Map([['alpha', { type: 'float', value: 1 / 6 } as const]]);
    return {
      op: 'HardSigmoid',
      operands: [gate.of],
      attributes,
      inner: [...gate.inner, ...product.inner],
    };
  },
};
