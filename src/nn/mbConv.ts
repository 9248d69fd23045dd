import type { Value } from '../ir/graph.js';
import { formatShape } from '../support/shape.js';
import { silu, type Activation } from './activations.js';
import { add } from './arithmetic.js';
import { batchNorm, type BatchNormStyle } from './batchNorm.js';
import { checkCount } from './checks.js';
import { conv2d, depthwise } from './conv2d.js';
import { defineLayer } from './layer.js';
import { stochasticDepth } from './noise.js';
import { traceOf } from './scope.js';
import { squeezeExcite } from './squeezeExcite.js';
import { checkMap, type Padding, type Pair } from './window.js';

export interface MbConvOptions {
  /** Output channels. */
  readonly out: number;
  /** The depthwise convolution works on `expand` times the input's channels; 1 leaves the expansion out. */
  readonly expand: number;
  /** Of the depthwise convolution; default 3. */
  readonly kernel?: Pair;
  /** Of the depthwise convolution; default 1. */
  readonly stride?: number;
  /** Of the depthwise convolution; default 'symmetric'. */
  readonly padding?: Padding;
  /** Squeeze-and-excitation's reduced channels, as a share of the input's; 0 for none; default 0.25. */
  readonly seRatio?: number;
  /** Probability that the residual branch survives, in (0, 1]; default 1. */
  readonly survival?: number;
  /** Default silu. */
  readonly act?: Activation;
  readonly norm?: BatchNormStyle;
}

/**
 * EfficientNet's block: 1x1 expansion, depthwise convolution, squeeze-and-excitation, 1x1
 * projection, each normalised, and the input added where the shape stays; x [N,C,H,W] ->
 * [N,out,H',W']. Parameters of `conv_pw`, `bn1`, `conv_dw`, `bn2`, `se`, `conv_pwl`, `bn3`; without
 * expansion of `conv_dw`, `bn1`, `se`, `conv_pw`, `bn2`, as timm's blocks. Errors: those of its
 * layers, an `expand` that leaves no whole number of channels. Source: arXiv 1905.11946, section 4;
 * arXiv 1801.04381, section 3.
 *
 * @example x = mbConv(x, { name: 'blocks.1.0', out: 24, expand: 6, kernel: 3, stride: 2 })
 */
export const mbConv = defineLayer('mb_conv', (x: Value, options: MbConvOptions): Value => {
  const { out, expand, stride = 1, survival = 1 } = options;
  const trace = traceOf('mbConv', [x]);
  checkMap(trace, 'mbConv', x);
  checkCount(trace, 'mbConv', 'stride', stride);
  if (!(expand > 0) || !Number.isInteger(x.channels * expand))
    throw trace.error(
      'option',
      `mbConv: expand ${expand} of the ${x.channels} channels of ${formatShape(x.shape)}`,
      '`expand` times the channels is a whole number of at least 1',
    );
  const y = expand === 1 ? separableBranch(x, options) : invertedBranch(x, options);
  const skips = stride === 1 && out === x.channels;
  return skips ? add(x, stochasticDepth(y, { survival })) : y;
});

function invertedBranch(x: Value, options: MbConvOptions): Value {
  const { out, expand, act = silu, norm } = options;
  const wide = conv2d(x, { name: 'conv_pw', out: x.channels * expand, kernel: 1, bias: false });
  const expanded = act(batchNorm(wide, { ...norm, name: 'bn1' }));
  const filtered = act(batchNorm(spatial(expanded, options), { ...norm, name: 'bn2' }));
  const gated = excite(filtered, x.channels, options);
  const narrow = conv2d(gated, { name: 'conv_pwl', out, kernel: 1, bias: false });
  return batchNorm(narrow, { ...norm, name: 'bn3' });
}

function separableBranch(x: Value, options: MbConvOptions): Value {
  const { out, act = silu, norm } = options;
  const filtered = act(batchNorm(spatial(x, options), { ...norm, name: 'bn1' }));
  const gated = excite(filtered, x.channels, options);
  const narrow = conv2d(gated, { name: 'conv_pw', out, kernel: 1, bias: false });
  return batchNorm(narrow, { ...norm, name: 'bn2' });
}

function spatial(x: Value, options: MbConvOptions): Value {
  const { kernel = 3, stride = 1, padding = 'symmetric' } = options;
  return depthwise(x, { name: 'conv_dw', kernel, stride, padding, bias: false });
}

/** The reduction is counted from the block's input, not from the expanded channels, as published. */
function excite(x: Value, inputChannels: number, { seRatio = 0.25, act }: MbConvOptions): Value {
  if (seRatio === 0) return x;
  const reduced = Math.max(1, Math.floor(inputChannels * seRatio));
  return squeezeExcite(x, { reduced, ...(act && { act }) });
}
