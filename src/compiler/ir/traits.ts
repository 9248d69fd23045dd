import type { Attributes, TensorType } from './graph.js';

/**
 * What mixed precision makes of a primitive: one that `gains` is always computed in 16 bits, one that
 * `follows` in the type that its operands come in, and one that `stays` in the type that it has.
 */
export type InHalves = 'gains' | 'follows' | 'stays';

/**
 * What passes and targets ask of a primitive. Each primitive states its traits, and their tables are made of
 * these, so that a new one cannot be forgotten in silence. Operands are called by name.
 */
export interface Traits<
  Name = string,
  Inputs = readonly (TensorType | undefined)[],
  A = Attributes,
> {
  /**
   * Whether each element of the result depends on the operands' elements in its place alone, operands being
   * broadcast: then it does not matter how they lie, and the result may be written over an operand. `partial`
   * if finite elements can give an infinite one or NaN, as a quotient does.
   */
  readonly elementwise: 'total' | 'partial' | false;
  readonly halves: InHalves | ((inputs: Inputs, attrs: A) => InHalves);
  /** Operands that stay in float32 even where the others are of 16 bits. */
  readonly wide?: readonly Name[];
  /** Operands of which only the shape counts. */
  readonly shapes?: readonly Name[];
  /** Whether exchanging its two operands changes no bit of the result. */
  readonly commutative?: true;
  /** Passes of the portable lowering over its larger map that reads or writes (default: 2). */
  readonly passes?: (attrs: A) => number;
}
