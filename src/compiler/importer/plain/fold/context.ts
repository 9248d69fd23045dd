/** What an evaluation of an operator on constant tensors works with. */
import type { TensorData } from '../../../../support/tensor.js';
import type { OnnxNode } from '../../../onnx/model.js';
import { numbers } from '../constants.js';

export interface Folding {
  readonly node: OnnxNode;
  /** Undefined where an optional operand is left out. */
  readonly inputs: readonly (TensorData | undefined)[];
  /** ONNX's names of the types that the operands have in the file. */
  readonly types: readonly (string | undefined)[];
  /** The first operand. */
  readonly x: TensorData;
}

/** An operator's results; undefined if it cannot be evaluated in this form. */
export type Evaluator = (folding: Folding) => readonly TensorData[] | undefined;
export type Evaluators = Readonly<Partial<Record<string, Evaluator>>>;

/** Elements of the largest tensor that an operator may make of smaller ones. */
export const mostElements = 2 ** 24;

export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** True for sizes that an evaluation may make. */
export function isMakeable(shape: readonly number[]): boolean {
  return (
    shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) &&
    sizeOfShape(shape) <= mostElements
  );
}

/** The numbers of an operand that lists sizes, axes or places. */
export function listed({ inputs }: Folding, operand: number): number[] | undefined {
  const tensor = inputs[operand];
  return tensor && tensor.data.length <= mostElements ? numbers(tensor) : undefined;
}

/** An axis counted from the front; undefined outside of the rank. */
export function axisOf(axis: number, rank: number): number | undefined {
  const at = axis < 0 ? axis + rank : axis;
  return Number.isInteger(at) && at >= 0 && at < rank ? at : undefined;
}
