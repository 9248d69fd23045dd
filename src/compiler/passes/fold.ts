import type { Graph, Node, Op, Value } from '../ir/graph.js';
import type { NdArray } from '../ir/ndarray.js';
import {
  rewriteGraph,
  type MappedInputs,
  type OnDecline,
  type RewriteNode,
} from '../ir/rewrite.js';
import { constant, constantOp } from '../ops/constant.js';
import { add, div, mul, neg, sqrt, sub } from '../ops/elementwise.js';
import { reshape, transpose } from '../ops/shape.js';
import { dtypes } from '../../support/dtype.js';
import { sizeOf } from '../../support/shape.js';
import { numbersOf, tensorData, type TensorData } from '../../support/tensor.js';
import { knownTensor } from './constants.js';

/** Any op is run on tensors of at most this many elements: the reference's loops are plain and slow. */
const smallElements = 16_384;

/** Ops whose work is one pass, run on tensors of any size as long as the result is no larger. */
const onePass: ReadonlySet<Op> = new Set<Op>([add, sub, mul, div, neg, sqrt, reshape, transpose]);

/**
 * Replaces nodes whose operands are all constants by their results. Each result is rounded to its
 * element type, as it would be at run time. A large result of small operands (a broadcast) stays
 * a node: it would only make the file larger.
 */
export function foldConstants(graph: Graph, onDecline?: OnDecline): Graph {
  const rewrite: RewriteNode = (node, inputs, target) => {
    if (node.op === constantOp || inputs.length === 0) return undefined;
    const operands = inputs.map((input) => input && knownTensor(input));
    const known = operands.every((tensor, i) => tensor !== undefined || inputs[i] === undefined);
    if (!known) return undefined;
    if (!isWorthwhile(node, inputs)) return 'its tensors are too large to compute or to store';
    const results = evaluateNode(node, operands);
    return (
      results?.map((tensor): Value => constant(target, tensor)) ??
      `a result has no exact ${node.outputs[0]?.dtype}`
    );
  };
  return rewriteGraph(graph, rewrite, { onDecline });
}

function isWorthwhile({ op, outputs }: Node, inputs: MappedInputs): boolean {
  const values = [...outputs, ...inputs.flatMap((input) => (input ? [input] : []))];
  const size = (value: Value): number => {
    const elements = sizeOf(value.shape);
    return typeof elements === 'number' ? elements : Infinity;
  };
  if (values.every((value) => size(value) <= smallElements)) return true;
  const largest = Math.max(...inputs.map((input) => (input ? size(input) : 0)));
  return onePass.has(op) && outputs.every((output) => size(output) <= largest);
}

/** Results as constants; undefined if a result has no place in its element type. */
function evaluateNode(
  { op, attrs, inputs, outputs }: Node,
  operands: readonly (TensorData | undefined)[],
): TensorData[] | undefined {
  const arrays = operands.map(
    (tensor): NdArray | undefined => tensor && { shape: tensor.shape, data: numbersOf(tensor) },
  );
  const results = op.evaluate(arrays, attrs, {
    inputs: inputs.map((input) => input?.type),
    outputs: outputs.map(({ type }) => type),
  });
  const tensors = results.flatMap(({ shape, data }, i) => {
    const dtype = outputs[i]?.dtype ?? 'float32';
    // Integers above 2^53 are not exact in the reference's float64.
    if (!dtypes[dtype].floating && !data.every(Number.isSafeInteger)) return [];
    return [tensorData(dtype, shape, data)];
  });
  return tensors.length === outputs.length ? tensors : undefined;
}
