import type { Value } from '../../compiler/ir/graph.js';
import { conv, convInputGrad } from '../../compiler/ops/conv.js';
import { add } from '../../compiler/ops/elementwise.js';
import { reshape } from '../../compiler/ops/shape.js';
import { formatShape } from '../../support/shape.js';
import { checkCount } from './checks.js';
import type { Initializer } from '../../compiler/trace/init.js';
import type { Trace } from '../../compiler/trace/trace.js';
import { addLayer, type NameOption } from './layer.js';
import {
  pair,
  resolveWindow,
  statedWindow,
  type Padding,
  type Pair,
  type WindowOptions,
} from './window.js';

export interface Conv2dOptions extends WindowOptions, NameOption {
  /** Output channels. */
  readonly out: number;
  /** Default 1. */
  readonly stride?: Pair;
  /** Groups of channels that are convolved apart; default 1. */
  readonly groups?: number;
  /** Adds a bias (default: true). */
  readonly bias?: boolean;
  /** Initial value of `weight` (default: normal by fan-out, as in timm's EfficientNet). */
  readonly init?: Initializer;
}

/**
 * Convolution; x [N,C,H,W] -> [N,out,H',W']. Parameters `weight` [out,C/groups,kh,kw] and `bias`
 * [out]. Errors: groups that do not divide the channels, a window larger than the padded map.
 * Source: PyTorch Conv2d.
 *
 * @example x = conv2d(x, { name: 'conv_stem', out: 32, kernel: 3, stride: 2, padding: 1, bias: false })
 */
export function conv2d(x: Value, options: Conv2dOptions): Value {
  const { name = 'conv2d', out, groups = 1, bias = true } = options;
  return addLayer({ kind: 'conv2d', name, inputs: [x] }, (trace) => {
    const { kernel, ...window } = resolveWindow(trace, 'conv2d', x, options);
    checkGroups(trace, 'conv2d', x, { out, groups });
    const shape = [out, x.channels / groups, ...kernel];
    const weight = trace.param('weight', shape, options.init ?? kernelInit(groups));
    const shift = bias ? trace.param('bias', [out], { kind: 'zeros' }) : undefined;
    const y = conv(x, weight, shift, { ...window, groups });
    trace.multiplyAdds += shape.reduce((a, b) => a * b, 1) * y.height * y.width;
    return y;
  });
}

export type DepthwiseOptions = Omit<Conv2dOptions, 'out' | 'groups'>;

/**
 * Depthwise convolution, each channel by a kernel of its own; x [N,C,H,W] -> [N,C,H',W'].
 * Parameters `weight` [C,1,kh,kw] and `bias` [C]. Errors: a window larger than the padded map.
 *
 * @example x = depthwise(x, { name: 'conv_dw', kernel: 3, padding: 'same', bias: false })
 */
export function depthwise(x: Value, options: DepthwiseOptions): Value {
  const { name = 'depthwise' } = options;
  // The rank is checked by the convolution, so a value without channels must get that far.
  const channels = x.rank === 4 ? x.channels : 1;
  return conv2d(x, { ...options, name, out: channels, groups: channels });
}

export interface ConvTranspose2dOptions extends Omit<Conv2dOptions, 'padding'> {
  /** Pixels cut from each side of the result: everywhere, [vertical, horizontal], or [top, left, bottom, right] (default: 0). */
  readonly padding?: Exclude<Padding, string>;
  /** Rows and columns added at the end of the result, fewer than the stride (default: 0). */
  readonly outputPadding?: Pair;
}

/**
 * Transposed convolution, the gradient of conv2d as a layer; x [N,C,H,W] -> [N,out,H',W'] with H' =
 * (H - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1. Parameters `weight`
 * [C,out/groups,kh,kw] and `bias` [out]. Errors: groups that do not divide the channels, a padding
 * that leaves nothing, an outputPadding of the stride or more. Source: PyTorch ConvTranspose2d.
 *
 * @example x = convTranspose2d(x, { name: 'up1', out: 64, kernel: 2, stride: 2 })
 */
export function convTranspose2d(x: Value, options: ConvTranspose2dOptions): Value {
  const { name = 'convTranspose2d', out, groups = 1, bias = true, outputPadding = 0 } = options;
  return addLayer({ kind: 'convTranspose2d', name, inputs: [x] }, (trace) => {
    const { kernel, ...window } = statedWindow(trace, 'convTranspose2d', x, options);
    checkGroups(trace, 'convTranspose2d', x, { out, groups });
    const added = pair(outputPadding);
    const { strides, pads, dilations } = window;
    if (!added.every((v, i) => Number.isInteger(v) && v >= 0 && v < (strides[i] ?? 1)))
      throw trace.error(
        'window',
        `convTranspose2d: outputPadding ${added.join('x')} with stride ${strides.join('x')} over ${formatShape(x.shape)}`,
        'outputPadding is whole numbers from 0 up to the stride, exclusive',
      );
    const sizeOf = (axis: 0 | 1): number =>
      ((axis === 0 ? x.height : x.width) - 1) * strides[axis] +
      dilations[axis] * (kernel[axis] - 1) +
      (1 + added[axis] - pads[axis] - pads[axis === 0 ? 2 : 3]);
    const input = [sizeOf(0), sizeOf(1)] as const;
    if (input.some((size) => size < 1))
      throw trace.error(
        'window',
        `convTranspose2d: padding [${pads.join(',')}] leaves ${input.join('x')} of ${formatShape(x.shape)}`,
        'pad less: padding is cut from the result',
      );
    const shape = [x.channels, out / groups, ...kernel];
    const weight = trace.param('weight', shape, options.init ?? kernelInit(groups));
    const y = convInputGrad(x, weight, { ...window, groups, input });
    trace.multiplyAdds += shape.reduce((a, b) => a * b, 1) * x.height * x.width;
    if (!bias) return y;
    const shift = trace.param('bias', [out], { kind: 'zeros' });
    return add(y, reshape(shift, { shape: [1, out, 1, 1] }));
  });
}

interface Channels {
  readonly out: number;
  readonly groups: number;
}

function checkGroups(trace: Trace, layer: string, x: Value, { out, groups }: Channels): void {
  checkCount(trace, layer, 'out', out);
  checkCount(trace, layer, 'groups', groups);
  if (x.channels % groups !== 0 || out % groups !== 0)
    throw trace.error(
      'groups',
      `${layer}: ${groups} groups do not divide both the ${x.channels} input channels of ${formatShape(x.shape)} and the ${out} output channels`,
      'make both channel counts multiples of `groups`',
    );
}

const kernelInit = (groups: number): Initializer => ({
  kind: 'fanOutNormal',
  ...(groups > 1 && { groups }),
});
