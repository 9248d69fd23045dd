import type { NameSet } from '../../contract/choices.js';
import type { Value } from '../../compiler/ir/graph.js';
import { sigmoid, silu, type Activation } from './activations.js';
import { mul } from './arithmetic.js';
import { conv2d } from './conv2d.js';
import { defineLayer } from './layer.js';
import { globalAvgPool } from './pool.js';

export interface SqueezeExciteOptions {
  /** Channels between the two 1x1 convolutions. */
  readonly reduced: number;
  /** After the first; default silu. */
  readonly act?: Activation;
  /** After the second; default sigmoid. */
  readonly gate?: Activation;
  /** Default timm. */
  readonly names?: NameSet;
}

/**
 * Squeeze-and-excitation; x [N,C,H,W] -> same. Parameters of `conv_reduce` and `conv_expand`, as
 * timm's, or of `fc1` and `fc2`, as torchvision's. Errors: an input that is not a map. Source: arXiv 1709.01507, section 3.
 *
 * @example x = squeezeExcite(x, { reduced: 8 }) // se.conv_reduce.weight, ...
 */
export const squeezeExcite = defineLayer(
  'se',
  (x: Value, { reduced, act = silu, gate = sigmoid, names = 'timm' }: SqueezeExciteOptions) => {
    const [reduce, expand] = names === 'timm' ? ['conv_reduce', 'conv_expand'] : ['fc1', 'fc2'];
    const mean = globalAvgPool(x, { keepDims: true });
    const hidden = act(conv2d(mean, { name: reduce, out: reduced, kernel: 1 }));
    return mul(x, gate(conv2d(hidden, { name: expand, out: x.channels, kernel: 1 })));
  },
);
