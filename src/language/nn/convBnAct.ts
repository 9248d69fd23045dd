import type { Value } from '../../compiler/ir/graph.js';
import { silu, type Activation } from './activations.js';
import { batchNorm, type BatchNormStyle } from './batchNorm.js';
import { conv2d, type Conv2dOptions } from './conv2d.js';
import type { Padding } from './window.js';
import { defineLayer } from './layer.js';

export interface ConvBnActOptions extends Omit<Conv2dOptions, 'name' | 'bias'> {
  /** Default 'symmetric'. */
  readonly padding?: Padding;
  /** Default silu; false for none. */
  readonly act?: Activation | false;
  readonly norm?: BatchNormStyle;
}

/**
 * Convolution without bias, batch normalisation, activation; x [N,C,H,W] -> [N,out,H',W'].
 * Parameters of `conv` and `bn1`, as timm's ConvBnAct. Errors: those of conv2d and batchNorm.
 *
 * @example x = convBnAct(x, { name: 'stem', out: 32, kernel: 3, stride: 2 }) // stem.conv.weight, stem.bn1.weight, ...
 */
export const convBnAct = defineLayer('conv_bn_act', (x: Value, options: ConvBnActOptions) => {
  const { act = silu, norm, padding = 'symmetric', ...window } = options;
  const y = conv2d(x, { ...window, padding, name: 'conv', bias: false });
  const normed = batchNorm(y, { ...norm, name: 'bn1' });
  return act === false ? normed : act(normed);
});
