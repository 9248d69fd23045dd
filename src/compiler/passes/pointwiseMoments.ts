import type { Graph, Value } from '../ir/graph.js';
import { viewOf, type ViewOf } from '../ir/op.js';
import { rewriteGraph, type OnDecline, type RewriteNode } from '../ir/rewrite.js';
import { reduceSum } from '../ops/broadcast.js';
import { scalarLike } from '../ops/constant.js';
import { conv } from '../ops/conv.js';
import { add, div, mul, relu, sqrt, sub } from '../ops/elementwise.js';
import { matmul } from '../ops/matmul.js';
import { channelMoments } from '../ops/moments.js';
import { batchNormTrain } from '../ops/norm.js';
import { reshape } from '../ops/shape.js';
import { countUses } from './uses.js';

/*
 * A 1x1 convolution makes each pixel's O channels from its C channels by one matrix W, so the
 * moments of its output follow from those of its input, of which there are fewer if it widens:
 *   mean(W u) = W mean(u),   var(W u)[o] = sum over i, j of W[o,i] Cov(u)[i,j] W[o,j].
 * With them the batch normalisation folds into the kernel during training, too: with
 * a = scale / sqrt(var + epsilon), bn(W u) = (a W) u + (bias - a mean). The wide map before the
 * normalisation is never made, neither forward nor, since the gradient of this form is what
 * autodiff makes of it, backward: sum(dy * Wu), which the normalisation's gradient needs, is
 * sum over i of W[o,i] P[o,i] with the kernel's gradient P = dy u^T, and what flows back through
 * the statistics is a 1x1 convolution of the narrow u. EfficientNet's expansions (C to 6 C) and
 * ResNet's (C to 4 C) have this shape.
 *
 * Before differentiation this pass folds batch norm into widening 1x1 convolutions, with statistics taken from
 * the narrow side; autodiff makes the gradient of that form by itself. After it `fuseChannels` joins what is
 * one pass over a map.
 */

/** A convolution must widen at least by this factor: the covariance costs C/O of its products. */
const widening = 2;

/**
 * Pixels for each input channel that pay: W Cov costs O*C*C products, the passes over the wide map
 * that it saves O numbers a pixel each.
 */
const pixelsPerChannel = 16;

/** Computes the statistics of batch norms behind widening 1x1 convolutions from the narrow side; before autodiff. */
export function pointwiseMoments(graph: Graph, onDecline?: OnDecline): Graph {
  const uses = countUses(graph);
  const rewrite: RewriteNode = (node, inputs) => {
    const norm = viewOf(batchNormTrain, node, inputs);
    if (norm === undefined) return undefined;
    const before = viewOf(conv, norm.inputs.x.producer);
    if (before === undefined) return 'no convolution is before it';
    const [x] = node.inputs;
    if (x && uses.get(x) !== 1) return 'its convolution has another reader';
    return whyNot(before) ?? normalize(before, norm);
  };
  return rewriteGraph(graph, rewrite, { onDecline });
}

/** Why a convolution is not a 1x1 one without bias that has many more channels out than in. */
function whyNot({ inputs: { x, w, b }, attrs }: ViewOf<typeof conv>): string | undefined {
  const { strides, pads, groups } = attrs;
  const [out = 1, channels = 1, ...kernel] = w.shape.map(Number);
  const pointwise = [...kernel, ...strides, groups].every((v) => v === 1);
  if (!pointwise || pads.some((v) => v !== 0)) return 'its convolution is not 1x1';
  if (b) return 'its convolution has a bias';
  if (out < widening * channels)
    return `its convolution does not widen ${widening}-fold: ${channels} channels become ${out}`;
  const [batch] = x.shape;
  const pixels = (typeof batch === 'number' ? batch : 1) * x.height * x.width;
  return pixels >= pixelsPerChannel * channels
    ? undefined
    : `${pixels} pixels are too few for ${channels} channels`;
}

/** y, mean and variance as batchNormTrain gives them. */
function normalize(before: ViewOf<typeof conv>, norm: ViewOf<typeof batchNormTrain>): Value[] {
  const { x: u, w } = before.inputs;
  const { scale, bias } = norm.inputs;
  const [out = 1, channels = 1] = w.shape.map(Number);
  const moments = channelMoments(u);
  const matrix = reshape(w, { shape: [out, channels] });
  const column = reshape(moments.mean, { shape: [channels, 1] });
  const mean = reshape(matmul(matrix, column, {}), { shape: [out] });
  const spread = mul(matmul(matrix, moments.covariance, {}), matrix);
  // A variance is not negative; rounding might make it so.
  const variance = relu(reduceSum(spread, { axes: [1], keepDims: false }));
  const a = div(scale, sqrt(add(variance, scalarLike(variance, norm.attrs.epsilon))));
  const kernel = mul(w, reshape(a, { shape: [out, 1, 1, 1] }));
  const shift = sub(bias, mul(a, mean));
  const y = conv(u, kernel, shift, before.attrs);
  return [y, mean, variance];
}
