import type { Opset } from '../../../../generated/onnx/index.js';
import type { Attributes, NodeTypes, Op, TensorType } from '../../ir/graph.js';
import { invariant } from '../../../support/errors.js';
import type { OnnxValue } from '../../../support/onnxValue.js';
import type { Override } from '../target.js';

/** What a spelling sees of a node all of whose operands are given. */
export interface Spelled<A> {
  readonly inputs: readonly OnnxValue[];
  readonly types: readonly TensorType[];
  readonly attrs: A;
}

/** A spelling for this provider, under the name that `--explain` gives it. */
export interface Rule<A extends object> {
  readonly op: Op;
  readonly name: string;
  /** Why it cannot be used here, or undefined where it can. */
  declines?(attrs: A, types: NodeTypes): string | undefined;
  spell(b: Opset, spelled: Spelled<A>): OnnxValue[];
}

/** The override that a rule is. */
export function overrideOf<A extends object>(rule: Rule<A>): Override {
  return {
    op: rule.op,
    name: rule.name,
    declines: (attrs: Attributes, types: NodeTypes) => rule.declines?.(attrs as A, types),
    onnx: (b, inputs, attrs, types) => {
      const given = inputs.filter((input) => input !== undefined);
      const known = types.inputs.filter((type) => type !== undefined);
      const made = rule.spell(b, { inputs: given, types: known, attrs: attrs as A });
      invariant(made.length === types.outputs.length, `${rule.name} spelled every output`);
      return made;
    },
  };
}
