import type { Opset } from '../../../generated/onnx/index.js';
import type { TensorType } from '../ir/graph.js';
import type { NamedOp, Named, NamedTypes, NameOf, PartialResults, Results } from '../ir/op.js';
import type { OnnxValue } from '../../support/onnxValue.js';
import type { Layout, Layouts, Override } from './target.js';

/*
 * A target's rules are written as the primitives themselves are: operands, results and attributes by name and
 * with the types that `defineOp` was given, so that a forgotten or misspelt operand is a type error.
 */

/** Layouts of the operands and results that are not plain, by name. */
export interface NamedLayouts<I extends readonly string[], O extends readonly string[]> {
  readonly in?: { readonly [K in NameOf<I>]?: Layout | 'any' };
  readonly out?: PartialResults<O, Layout>;
}

/** Another lowering of a primitive, by name; `B` writes the operators. */
export interface Rule<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
  B = Opset,
> {
  /** Name in `--explain` and cost tables. */
  readonly name: string;
  readonly layouts?: NamedLayouts<I, O>;
  /** Passes over the larger map of a node that reads or writes (default: 2). */
  readonly passes?: (attrs: A) => number;
  /** True if it can be used here, else the reason why not. */
  when?(inputs: Named<I, TensorType>, attrs: A, output: Results<O, TensorType>): true | string;
  onnx(b: B, inputs: Named<I, OnnxValue>, attrs: A, types: NamedTypes<I, O>): Results<O, OnnxValue>;
}

/** A rule for a known primitive. */
export type RuleOf<Op> = Op extends NamedOp<infer I, infer O, infer A> ? Rule<I, O, A> : never;

/** Lowers a primitive by a rule if that can be used. */
export function override<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
>(op: NamedOp<I, O, A>, rule: Rule<I, O, A>): Override {
  const { signature } = op;
  const { name, layouts } = rule;
  return {
    op,
    name,
    ...(layouts && { layouts: positional(op, layouts) }),
    passes: (attrs) => rule.passes?.(attrs as A) ?? 2,
    declines: (attrs, types) => {
      const named = signature.types(types);
      const fits = rule.when?.(named.in, attrs as A, named.out) ?? true;
      return fits === true ? undefined : fits;
    },
    onnx: (b, inputs, attrs, types) =>
      signature.outputList(
        rule.onnx(b, signature.inputs(inputs), attrs as A, signature.types(types)),
      ),
  };
}

function positional<I extends readonly string[], O extends readonly string[], A extends object>(
  { signature }: NamedOp<I, O, A>,
  layouts: NamedLayouts<I, O>,
): Layouts {
  const { in: inputs = {}, out } = layouts;
  const taken = signature.inputList(inputs as Named<I, Layout | 'any' | undefined>);
  const given =
    out === undefined ? [] : signature.outputList(out as Results<O, Layout | undefined>);
  return {
    inputs: taken.map((layout) => layout ?? 'plain'),
    outputs: given.map((layout) => layout ?? 'plain'),
  };
}
