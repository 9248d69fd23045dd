import type { Attributes, NodeTypes, Op } from '../../ir/graph.js';
import type { Opset } from '../../../../generated/onnx/index.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import { invariant } from '../../../support/errors.js';
import type { Layouts, Override } from '../target.js';
import { Blocks } from './blocks.js';

/** A spelling over blocked maps, before the block size is known. */
export interface Rule<A extends object = object> {
  readonly op: Op;
  /** What `--explain` and the cost table call it. */
  readonly name: string;
  readonly layouts: Layouts;
  /** Why it cannot be used here, or undefined where it can. */
  declines?(attrs: A, types: NodeTypes, block: number): string | undefined;
  spell(k: Blocks, inputs: readonly OnnxValue[], attrs: A, types: NodeTypes): OnnxValue[];
}

/** The override that a rule is at a block size. An optional operand that is left out arrives as a hole. */
export function overrideOf<A extends object>(rule: Rule<A>, block: number): Override {
  return {
    op: rule.op,
    name: rule.name,
    layouts: rule.layouts,
    declines: (attrs: Attributes, types: NodeTypes) =>
      notFloat32(types) ?? rule.declines?.(attrs as A, types, block),
    onnx: (b: Opset, inputs, attrs, types) => {
      const present = inputs.filter((input) => input !== undefined);
      const made = rule.spell(new Blocks(b, block), present, attrs as A, types);
      invariant(made.length === types.outputs.length, `${rule.name} spelled every output`);
      return made;
    },
  };
}

function notFloat32({ inputs, outputs }: NodeTypes): string | undefined {
  const other = [...inputs, ...outputs].find((type) => type?.dtype === 'float64');
  return other && 'blocked operators exist for float32 only';
}

const named = { b: 'blocked', p: 'plain', '-': 'any' } as const;

/** Layouts by letter, b for blocked, p for plain and - for any: `layouts('bp', 'b')`. */
export function layouts(inputs: string, outputs: string): Layouts {
  return {
    inputs: Array.from(inputs, (letter) => named[letter as keyof typeof named]),
    outputs: Array.from(outputs, (letter) => (letter === 'b' ? 'blocked' : 'plain')),
  };
}
