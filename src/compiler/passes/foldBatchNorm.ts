import type { Graph, Value } from '../ir/graph.js';
import { viewOf, type ViewOf } from '../ir/op.js';
import { rewriteGraph, type OnDecline, type RewriteNode } from '../ir/rewrite.js';
import { constantOp, scalarLike } from '../ops/constant.js';
import { conv } from '../ops/conv.js';
import { add, div, mul, sqrt, sub } from '../ops/elementwise.js';
import { batchNormInference } from '../ops/norm.js';
import { reshape } from '../ops/shape.js';
import { countUses } from './uses.js';

/*
 * A convolution is linear in its kernel, and its output channels are the channels of the batch
 * normalisation after it. With f = scale / sqrt(variance + epsilon), per output channel o:
 *   bn(conv(x, w) + b) = f * (conv(x, w) + b - mean) + bias
 *                      = conv(x, f[o] * w[o]) + (b - mean) * f + bias.
 * The pass writes the new kernel and bias as nodes. Of constants, constant folding leaves tensors;
 * of inputs of the graph, a few passes over the parameters at run time, which are small beside the
 * pass over the map that they save.
 */

/**
 * Folds batchNormInference into the convolution before it, if that convolution has no other
 * user (else it would be computed twice) and all parameters are constants or inputs.
 */
export function foldBatchNorm(graph: Graph, onDecline?: OnDecline): Graph {
  const uses = countUses(graph);
  const rewrite: RewriteNode = (node, inputs) => {
    const norm = viewOf(batchNormInference, node, inputs);
    if (norm === undefined) return undefined;
    const [x, ...statistics] = node.inputs;
    const before = viewOf(conv, x?.producer);
    const made = viewOf(conv, norm.inputs.x.producer);
    if (x === undefined || before === undefined || made === undefined)
      return 'no convolution is before it';
    if (uses.get(x) !== 1) return 'its convolution has another reader';
    if (![before.inputs.w, before.inputs.b, ...statistics].every(isParameter))
      return 'a parameter is computed in the graph';
    return [foldInto(made, norm)];
  };
  return rewriteGraph(graph, rewrite, { onDecline });
}

/** The convolution with the batch normalisation inside; what it replaces becomes dead code. */
function foldInto(before: ViewOf<typeof conv>, norm: ViewOf<typeof batchNormInference>): Value {
  const { x, w, b } = before.inputs;
  const { scale, bias, mean, variance } = norm.inputs;
  const factor = div(scale, sqrt(add(variance, scalarLike(variance, norm.attrs.epsilon))));
  const perKernel = reshape(factor, { shape: [...factor.shape, 1, 1, 1] });
  const shifted = b === undefined ? mul(mean, factor) : mul(sub(mean, b), factor);
  const [kernel, offset] = [mul(w, perKernel), sub(bias, shifted)];
  // Its node is still the convolution's, for whoever looks for the layer in the artifact.
  const { origin } = norm.inputs.x;
  return x.graph.within(origin, () => conv(x, kernel, offset, before.attrs));
}

function isParameter(value: Value | undefined): boolean {
  return value?.producer === undefined || value.producer.op === constantOp;
}
