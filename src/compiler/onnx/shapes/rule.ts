import type { OnnxNode } from '../model.js';
import type { Dim, Shape } from '../../../support/shape.js';
import type { ValueTable } from './valueTable.js';

/** The facts that a rule works on; `x` is the shape of the first input. */
export interface RuleContext {
  readonly node: OnnxNode;
  readonly table: ValueTable;
  readonly x: Shape | undefined;
}

/** Shapes of a node's outputs from its inputs. */
export type Rule = (context: RuleContext) => readonly (Shape | undefined)[] | undefined;
export type Rules = Readonly<Partial<Record<string, Rule>>>;

/** The first output is shaped as the first input. */
export const same: Rule = ({ node, x }) => node.outputs.map((_, i) => (i === 0 ? x : undefined));

/** One rule under several names. */
export function each(names: string, rule: Rule): Record<string, Rule> {
  return Object.fromEntries(names.split(' ').map((name) => [name, rule]));
}

export function isWhole(shape: readonly (Dim | undefined)[]): shape is Dim[] {
  return shape.every((dim) => dim !== undefined);
}
