import type { Graph, Node, Value } from '../ir/graph.js';
import { rewriteGraph } from '../ir/rewrite.js';
import { constantOp, scalarLike } from '../ops/constant.js';
import { conv, type ConvAttributes } from '../ops/conv.js';
import { add, div, mul, sqrt, sub } from '../ops/elementwise.js';
import { batchNormInference, type BatchNormAttributes } from '../ops/norm.js';
import { reshape } from '../ops/shape.js';
import { countUses } from './uses.js';

/*
 * A convolution is linear in its kernel, and its output channels are the channels of the batch
 * normalisation after it. With f = scale / sqrt(variance + epsilon), per output channel o:
 *   bn(conv(x, w) + b) = f * (conv(x, w) + b - mean) + bias
 *                      = conv(x, f[o] * w[o]) + (b - mean) * f + bias.
 * The pass spells the new kernel and bias as nodes. Of constants, constant folding leaves tensors;
 * of inputs of the graph, a few passes over the parameters at run time, which are small beside the
 * pass over the map that they save.
 */

/**
 * Folds batchNormInference into the convolution before it, where that convolution has no other
 * user (else it would be computed twice) and all parameters are constants or inputs.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const uses = countUses(graph);
  const isFolded = (value: Value | undefined): value is Value & { readonly producer: Node } =>
    value?.producer?.op === conv &&
    uses.get(value) === 1 &&
    value.producer.inputs.slice(1).every(isParameter);
  return rewriteGraph(graph, (node, [y, ...statistics]) => {
    if (node.op !== batchNormInference || !isFolded(node.inputs[0])) return undefined;
    if (!node.inputs.slice(1).every(isParameter)) return undefined;
    const [scale, bias, mean, variance] = statistics;
    const before = y?.producer;
    if (!before || !scale || !bias || !mean || !variance) return undefined;
    const { epsilon } = node.attrs as unknown as BatchNormAttributes;
    return [foldInto(before, { scale, bias, mean, variance }, epsilon)];
  });
}

type Statistics = Readonly<Record<'scale' | 'bias' | 'mean' | 'variance', Value>>;

/** The convolution with the batch normalisation inside; what it replaces becomes dead code. */
function foldInto(
  before: Node,
  { scale, bias, mean, variance }: Statistics,
  epsilon: number,
): Value {
  const [x, w, b] = before.inputs as readonly [Value, Value, Value | undefined];
  const factor = div(scale, sqrt(add(variance, scalarLike(variance, epsilon))));
  const perKernel = reshape(factor, { shape: [...factor.shape, 1, 1, 1] });
  const shifted = b === undefined ? mul(mean, factor) : mul(sub(mean, b), factor);
  const [kernel, offset] = [mul(w, perKernel), sub(bias, shifted)];
  const attrs = before.attrs as unknown as ConvAttributes;
  // Its node is still the convolution's, for whoever looks for the layer in the artifact.
  return x.graph.within(before.origin, () => conv(x, kernel, offset, attrs));
}

function isParameter(value: Value | undefined): boolean {
  return value?.producer === undefined || value.producer.op === constantOp;
}
