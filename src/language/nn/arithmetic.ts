import type { Value } from '../../compiler/ir/graph.js';
import { scalarLike } from '../../compiler/ops/constant.js';
import * as elementwise from '../../compiler/ops/elementwise.js';
import { matmul as matmulOp, type MatmulAttributes } from '../../compiler/ops/matmul.js';
import { addLayer } from './layer.js';

/** An operation on two values, or on a value and a number. */
export type Binary = (a: Value, b: Value | number) => Value;

function binary(kind: string, apply: (a: Value, b: Value) => Value): Binary {
  return (a, b) => {
    const inputs = typeof b === 'number' ? [a] : [a, b];
    return addLayer({ kind, inputs }, (trace) => {
      if (typeof b !== 'number') return apply(a, b);
      if (!Number.isFinite(b))
        throw trace.error(
          'option',
          `${kind}: the number is ${b}`,
          'pass a finite number, or a value',
        );
      return apply(a, scalarLike(a, b));
    });
  };
}

/**
 * a + b with NumPy's broadcasting; b may be a number. Errors: shapes that do not fit.
 *
 * @example x = add(x, shortcut)
 */
export const add = binary('add', (a, b) => elementwise.add(a, b));
/** a - b with NumPy's broadcasting; b may be a number. Errors: shapes that do not fit. */
export const sub = binary('sub', (a, b) => elementwise.sub(a, b));
/** a * b with NumPy's broadcasting; b may be a number. Errors: shapes that do not fit. */
export const mul = binary('mul', (a, b) => elementwise.mul(a, b));

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
