import { isNumber, numberOf, type Surroundings } from './pattern.js';
import type { Operand, PlainNode } from '../plainGraph.js';

/** A chain of products and of divisions by constants as one product. */
export interface Product {
  readonly constant: number;
  readonly factors: readonly Operand[];
  /** Its nodes but for the last. */
  readonly inner: readonly PlainNode[];
}

/** The product that a Mul or Div ends; undefined where it is none with a constant of one element. */
export function productOf(last: PlainNode, graph: Surroundings): Product | undefined {
  const factors: Operand[] = [];
  const inner: PlainNode[] = [];
  let constant = 1;
  const take = (operand: Operand | undefined): boolean => {
    if (operand === undefined) return false;
    const number = numberOf(operand);
    if (number !== undefined) {
      constant *= number;
      return true;
    }
    const made = graph.usesOf(operand) === 1 ? graph.maker(operand, 'Mul', 'Div') : undefined;
    if (made !== undefined && open(made)) {
      inner.push(made);
      return true;
    }
    factors.push(operand);
    return operand.kind === 'value';
  };
  const open = (node: PlainNode): boolean => {
    const [a, b] = node.operands;
    if (node.op === 'Mul') return take(a) && take(b);
    const divisor = numberOf(b);
    if (divisor === undefined || divisor === 0) return false;
    constant /= divisor;
    return take(a);
  };
  return open(last) ? { constant, factors, inner } : undefined;
}

export function isNear(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) <= 1e-5 * Math.abs(wanted);
}

/** A sum of a value and this number; returns the value. */
export function plusNumber(node: PlainNode | undefined, wanted: number): Operand | undefined {
  const [a, b] = node?.operands ?? [];
  if (isNumber(b, wanted)) return a;
  return isNumber(a, wanted) ? b : undefined;
}
