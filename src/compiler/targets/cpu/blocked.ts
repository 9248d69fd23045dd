import type { TensorType } from '../../ir/graph.js';
import type { NamedOp, Named, Results } from '../../ir/op.js';
import { override, type NamedLayouts, type Rule } from '../override.js';
import type { Override } from '../target.js';
import { Blocks } from './blocks.js';

/** A lowering over blocked maps. */
interface BlockedRule<
  I extends readonly string[],
  O extends readonly string[],
  A extends object,
> extends Omit<Rule<I, O, A, Blocks>, 'when'> {
  readonly layouts: NamedLayouts<I, O>;
  /** True if it can be used at a block size, else the reason why not. */
  when?(
    inputs: Named<I, TensorType>,
    attrs: A,
    output: Results<O, TensorType>,
    block: number,
  ): true | string;
}

/** An override that waits for the block size of a machine. */
export type BlockedOverride = (block: number) => Override;

/** Lowers a primitive over blocked maps; its rule writes operators by `Blocks`. */
export function blocked<I extends readonly string[], O extends readonly string[], A extends object>(
  op: NamedOp<I, O, A>,
  rule: BlockedRule<I, O, A>,
): BlockedOverride {
  const { signature } = op;
  return (block) =>
    override(op, {
      ...rule,
      when: (inputs, attrs, output) => {
        const types = [...signature.inputList(inputs), ...signature.outputList(output)];
        if (types.some((type) => type !== undefined && type.dtype !== 'float32'))
          return 'blocked operators exist for float32 only';
        return rule.when?.(inputs, attrs, output, block) ?? true;
      },
      onnx: (b, ...given) => rule.onnx(new Blocks(b, block), ...given),
    });
}
