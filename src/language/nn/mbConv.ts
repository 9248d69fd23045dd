import type { NameSet } from '../../contract/choices.js';
import type { Value } from '../../compiler/ir/graph.js';
import { formatShape } from '../../support/shape.js';
import { silu, type Activation } from './activations.js';
import { add } from './arithmetic.js';
import { batchNorm, type BatchNormStyle } from './batchNorm.js';
import { checkCount } from './checks.js';
import { conv2d, depthwise } from './conv2d.js';
import { defineLayer } from './layer.js';
import { stochasticDepth } from './noise.js';
import { traceOf } from '../../compiler/trace/trace.js';
import { squeezeExcite } from './squeezeExcite.js';
import { checkMap, type Padding, type Pair } from './window.js';

export interface MbConvOptions {
  /** Output channels. */
  readonly out: number;
  /** The depthwise convolution works on `expand` times the input's channels; 1 leaves the expansion out. */
  readonly expand: number;
  /** Kernel of the depthwise convolution (default: 3). */
  readonly kernel?: Pair;
  /** Stride of the depthwise convolution (default: 1). */
  readonly stride?: number;
  /** Padding of the depthwise convolution (default: 'symmetric'). */
  readonly padding?: Padding;
  /** Squeeze-and-excitation's reduced channels, as a share of the input's; 0 for none; default 0.25. */
  readonly seRatio?: number;
  /** Probability that the residual branch survives, in (0, 1]; default 1. */
  readonly survival?: number;
  /** Default silu. */
  readonly act?: Activation;
  readonly norm?: BatchNormStyle;
  /** Default timm. */
  readonly names?: NameSet;
}

/**
 * EfficientNet's block: 1x1 expansion, depthwise convolution, squeeze-and-excitation, 1x1
 * projection, each normalised, and the input added if the shape stays; x [N,C,H,W] ->
 * [N,out,H',W']. Parameters of `conv_pw`, `bn1`, `conv_dw`, `bn2`, `se`, `conv_pwl`, `bn3`; without
 * expansion of `conv_dw`, `bn1`, `se`, `conv_pw`, `bn2`, as timm's blocks; or numbered `block.0.0`,
 * `block.0.1` and so on, as torchvision's. Errors: those of its layers, an `expand` that leaves no
 * whole number of channels. Source: arXiv 1905.11946, section 4; arXiv 1801.04381, section 3.
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
      `mbConv: expand ${expand} does not fit the ${x.channels} channels of ${formatShape(x.shape)}`,
      '`expand` times the number of channels must be a whole number of at least 1',
    );
  const names = options.names === 'torchvision' ? torchvisionNames(options) : timmNames(options);
  const y = branch(x, options, names);
  const skips = stride === 1 && out === x.channels;
  return skips ? add(x, stochasticDepth(y, { name: names.noise, survival })) : y;
});

/** A convolution and its normalisation. */
type ConvNames = readonly [conv: string, norm: string];

interface BlockNames {
  readonly expand: ConvNames;
  readonly filter: ConvNames;
  readonly gate: string;
  readonly project: ConvNames;
  readonly noise: string;
}

/** timm's block without expansion is another class, whose projection is called `conv_pw`. */
function timmNames({ expand }: MbConvOptions): BlockNames {
  const narrow = expand === 1;
  return {
    expand: ['conv_pw', 'bn1'],
    filter: ['conv_dw', narrow ? 'bn1' : 'bn2'],
    gate: 'se',
    project: narrow ? ['conv_pw', 'bn2'] : ['conv_pwl', 'bn3'],
    noise: 'drop_path',
  };
}

/** torchvision numbers the parts that a block has. */
function torchvisionNames({ expand, seRatio }: MbConvOptions): BlockNames {
  const filter = expand === 1 ? 0 : 1;
  const project = filter + (seRatio === 0 ? 1 : 2);
  const part = (i: number): ConvNames => [`block.${i}.0`, `block.${i}.1`];
  return {
    expand: part(0),
    filter: part(filter),
    gate: `block.${filter + 1}`,
    project: part(project),
    noise: 'stochastic_depth',
  };
}

function branch(x: Value, options: MbConvOptions, names: BlockNames): Value {
  const { out, expand, kernel = 3, stride = 1, padding = 'symmetric', act = silu } = options;
  const normalise = (y: Value, name: string): Value => batchNorm(y, { ...options.norm, name });
  const pointwise = (y: Value, channels: number, [name, norm]: ConvNames): Value =>
    normalise(conv2d(y, { name, out: channels, kernel: 1, bias: false }), norm);
  const wide = expand === 1 ? x : act(pointwise(x, x.channels * expand, names.expand));
  const [name, norm] = names.filter;
  const filtered = depthwise(wide, { name, kernel, stride, padding, bias: false });
  const gated = excite(act(normalise(filtered, norm)), x.channels, names.gate, options);
  return pointwise(gated, out, names.project);
}

/** The reduction is counted from the block's input, not from the expanded channels, as published. */
function excite(x: Value, channels: number, name: string, options: MbConvOptions): Value {
  const { seRatio = 0.25, act, names } = options;
  if (seRatio === 0) return x;
  const reduced = Math.max(1, Math.floor(channels * seRatio));
  return squeezeExcite(x, { name, reduced, ...(act && { act }), ...(names && { names }) });
}
