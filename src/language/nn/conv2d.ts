import type { Value } from '../../compiler/ir/graph.js';
import { conv } from '../../compiler/ops/conv.js';
import { formatShape } from '../../support/shape.js';
import { checkCount } from './checks.js';
import type { Initializer } from '../../compiler/trace/init.js';
import { addLayer, type NameOption } from './layer.js';
import { resolveWindow, type Pair, type WindowOptions } from './window.js';

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
    checkCount(trace, 'conv2d', 'out', out);
    checkCount(trace, 'conv2d', 'groups', groups);
    if (x.channels % groups !== 0 || out % groups !== 0)
      throw trace.error(
        'groups',
        `conv2d: ${groups} groups do not divide both the ${x.channels} input channels of ${formatShape(x.shape)} and the ${out} output channels`,
        'make both channel counts multiples of `groups`',
      );
    const shape = [out, x.channels / groups, ...kernel];
    const init = options.init ?? { kind: 'fanOutNormal', ...(groups > 1 && { groups }) };
    const weight = trace.param('weight', shape, init);
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
