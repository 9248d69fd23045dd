import type { Graph, Node, Op, Value } from '../ir/graph.js';
import { rewriteGraph, type MappedInputs } from '../ir/rewrite.js';
import { constantOp } from '../ops/constant.js';
import { cast } from '../ops/shape.js';
import { dtypes, type HalfType } from '../../support/dtype.js';

/*
 * Mixed precision (arXiv 1710.03740): convolutions and matrix products, and the values between them,
 * in 16 bits; parameters, statistics, exponentials and the loss in float32. The network is rewritten
 * before it is differentiated, so that gradients have the types of what they belong to, and that of a
 * parameter is cast to float32 by the rule of `cast`.
 *
 * A node gives its results in float32 to whoever wants them so, and remembers them in 16 bits for
 * those who do not: casts are only where a chain begins or ends, and a parameter is cast once.
 *
 * Precision is a property of the network's graph. This pass narrows a network before it is differentiated;
 * gradients follow by the rules there are, and the gradient of a parameter's cast brings it back to float32.
 * Primitives that add up many numbers take 16-bit operands and add in float32 inside their lowering
 * (`ops/widen`). onnxruntime's WebGPU kernels add products of 16 bits up in 16 bits, so that target's rules
 * (`targets/webgpu/halfRules`) widen the long sums of convolutions and products. The loss scale of float16 is
 * state of the optimizer (`optim/lossScale`): a step that overflows keeps the old values of all it would
 * replace. Only the graph knows how many did, so it makes AdamW's bias corrections itself, of the step's number
 * less that count. onnxruntime's CPU provider runs such graphs by casts of its own, some of which it elides, so
 * rounding is tested by the interpreter, which can round.
 */

/** Rewrites a network to compute in a 16-bit type if that is safe; inputs and outputs stay. */
export function mixedPrecision(dtype: HalfType): (graph: Graph) => Graph {
  return function mixedPrecisionPass(graph: Graph): Graph {
    const halves = new Map<Value, Value>();
    const half = (value: Value): Value => {
      let made = halves.get(value);
      if (made === undefined) {
        made = cast(value, { to: dtype });
        halves.set(value, made);
      }
      return made;
    };
    return rewriteGraph(graph, (node, inputs, target) => {
      if (!isHalved(node, inputs, halves)) return undefined;
      const operands = inputs.map((input, i) => {
        if (input === undefined || isWide(node.op, i)) return input;
        return isShape(node.op, i) ? (halves.get(input) ?? input) : half(input);
      });
      return target.add(node.op, operands, node.attrs).map((result) => {
        if (result.dtype !== dtype) return result;
        const widened = cast(result, { to: 'float32' });
        halves.set(widened, result);
        return widened;
      });
    });
  };
}

/** True if an operand stays in float32, such as the scale of a batch norm. */
const isWide = ({ traits, inputName }: Op, operand: number): boolean =>
  traits.wide?.includes(inputName(operand)) === true;

/** True if only the shape of an operand counts. */
const isShape = ({ traits, inputName }: Op, operand: number): boolean =>
  traits.shapes?.includes(inputName(operand)) === true;

/**
 * Whether a node is computed in 16 bits: it gains by them, or it follows its operands, and these are at hand
 * in 16 bits, all but those that anybody may cast.
 */
function isHalved(
  { op, attrs }: Node,
  inputs: MappedInputs,
  halves: ReadonlyMap<Value, Value>,
): boolean {
  const trait = op.traits.halves;
  const types = inputs.map((input) => input?.type);
  const how = typeof trait === 'function' ? trait(types, attrs) : trait;
  if (how !== 'follows') return how === 'gains';
  const operands = inputs.filter((input, i) => input !== undefined && !isShape(op, i));
  const computed = operands.flatMap((input) => (input && !isGiven(input) ? [input] : []));
  return computed.length > 0 && computed.every((input) => isFromHalf(input, halves));
}

/** A result of a 16-bit node; a value that was only cast for a product does not count. */
function isFromHalf(value: Value, halves: ReadonlyMap<Value, Value>): boolean {
  return (
    halves.has(value) &&
    value.producer?.op === cast &&
    value.producer.inputs[0] === halves.get(value)
  );
}

/** Parameters, masks and constants: few numbers, or read where they are used alone. */
function isGiven({ producer, dtype }: Value): boolean {
  return dtypes[dtype].floating && (producer === undefined || producer.op === constantOp);
}
