import type { Value } from '../../compiler/ir/graph.js';
import { scalarLike } from '../../compiler/ops/constant.js';
import * as elementwise from '../../compiler/ops/elementwise.js';
import { matmul as matmulOp, type MatmulAttributes } from '../../compiler/ops/matmul.js';
import { addLayer, elementwiseLayer } from './layer.js';

/** An operation on two values, or on a value and a number in either place. */
export interface Binary {
  (a: Value, b: Value | number): Value;
  (a: number, b: Value): Value;
}

function binary(kind: string, apply: (a: Value, b: Value) => Value): Binary {
  return (a: Value | number, b: Value | number) => {
    const inputs = [a, b].filter((side) => typeof side !== 'number');
    return addLayer({ kind, inputs }, (trace) => {
      const valueOf = (side: Value | number, other: Value | number): Value => {
        if (typeof side !== 'number' || typeof other === 'number') return side as Value;
        if (Number.isFinite(side) && (kind !== 'div' || side !== 0 || other === b))
          return scalarLike(other, side);
        throw trace.error(
          'option',
          `${kind}: invalid number ${side}`,
          `pass a finite number${kind === 'div' ? ' other than 0' : ''} or a value of the network`,
        );
      };
      return apply(valueOf(a, b), valueOf(b, a));
    });
  };
}

/**
 * a + b with NumPy's broadcasting; one may be a number. Errors: shapes that do not fit.
 *
 * @example x = add(x, shortcut)
 */
export const add = binary('add', (a, b) => elementwise.add(a, b));
/** a - b with NumPy's broadcasting; one may be a number. Errors: shapes that do not fit. */
export const sub = binary('sub', (a, b) => elementwise.sub(a, b));
/** a * b with NumPy's broadcasting; one may be a number. Errors: shapes that do not fit. */
export const mul = binary('mul', (a, b) => elementwise.mul(a, b));
/** a / b with NumPy's broadcasting; one may be a number. Errors: shapes that do not fit, a divisor of 0. */
export const div = binary('div', (a, b) => elementwise.div(a, b));
/**
 * The smaller of a and b with NumPy's broadcasting; one may be a number. Where they are equal each has half
 * of the gradient, as in PyTorch. Errors: shapes that do not fit.
 */
export const minimum = binary('minimum', (a, b) => elementwise.minimum(a, b));
/**
 * The larger of a and b with NumPy's broadcasting; one may be a number. Where they are equal each has half
 * of the gradient, as in PyTorch. Errors: shapes that do not fit.
 */
export const maximum = binary('maximum', (a, b) => elementwise.maximum(a, b));

/** -x; any shape. */
export const neg = elementwiseLayer('neg', (x) => elementwise.neg(x));
/** |x|; any shape. The gradient at 0 is 0, as in PyTorch. */
export const abs = elementwiseLayer('abs', (x) => elementwise.abs(x));
/** Square root, NaN below 0; any shape. The gradient at 0 is infinite: add an epsilon. */
export const sqrt = elementwiseLayer('sqrt', (x) => elementwise.sqrt(x));
/** e^x; any shape. */
export const exp = elementwiseLayer('exp', (x) => elementwise.exp(x));
/** Natural logarithm, NaN below 0; any shape. */
export const log = elementwiseLayer('log', (x) => elementwise.log(x));

/**
 * x to the power of a number; any shape. NaN below 0 unless the exponent is a whole number. Errors: an exponent
 * of 0, or one that is not finite. Source: PyTorch pow.
 *
 * @example norm = sqrt(add(pow(x, 2), 1e-6))
 */
export function pow(x: Value, exponent: number): Value {
  return addLayer({ kind: 'pow', inputs: [x] }, (trace) => {
    if (!Number.isFinite(exponent) || exponent === 0)
      throw trace.error(
        'option',
        `pow: the exponent is ${exponent}`,
        'pass a finite number other than 0',
      );
    return elementwise.power(x, exponent);
  });
}

/**
 * Matrix product over the last two axes, a [...,M,K] by b [...,K,P] -> [...,M,P]; leading axes
 * broadcast by NumPy's rule. Options: transA and transB take an operand with its last two axes
 * exchanged (default: false). Errors: shapes that do not fit, fewer than two axes.
 *
 * @example scores = softmax(matmul(queries, keys, { transB: true }))
 */
export function matmul(a: Value, b: Value, options: MatmulAttributes = {}): Value {
  return addLayer({ kind: 'matmul', inputs: [a, b] }, () => matmulOp(a, b, options));
}
