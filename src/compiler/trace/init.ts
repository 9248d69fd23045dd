import { InternalError } from '../../support/errors.js';
import { fnv1a32 } from '../../support/hash.js';
import { fillNormal, fillUniform } from '../../support/random.js';
import type { TensorData } from '../../support/tensor.js';

/** Initial value of a parameter; plain data, so that it can be written as JSON. */
export type Initializer =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly std: number; readonly mean?: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  /** Normal with std sqrt(2 / fan_out), fan_out = out * kernel area / groups; timm's for EfficientNet's convolutions. */
  | { readonly kind: 'fanOutNormal'; readonly groups?: number }
  /** Normal with std sqrt(2 / fan_in). Source: arXiv 1502.01852, equation 10. */
  | { readonly kind: 'fanInNormal' }
  /** Uniform within 1 / sqrt(out features); timm's for EfficientNet's classifier. */
  | { readonly kind: 'fanOutUniform' }
  /** Uniform within 1 / sqrt(fan_in); PyTorch's default for linear and convolution. */
  | { readonly kind: 'fanInUniform' };

/**
 * Initial values of a parameter of a shape, as float32. They are a function of the seed and the
 * dotted name alone: stream (site = hash of the name, step 0, sample 0) of the generator.
 */
export function initialize(
  init: Initializer,
  name: string,
  shape: readonly number[],
  seed: number,
): TensorData {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const id = { site: fnv1a32(name), step: 0, sample: 0 };
  const of = distribution(init, shape);
  if (typeof of === 'number') data.fill(of);
  else if ('std' in of) fillNormal(data, seed, id, of);
  else fillUniform(data, seed, id, of);
  return { dtype: 'float32', shape, data };
}

type Distribution =
  | number
  | { readonly mean: number; readonly std: number }
  | { readonly low: number; readonly high: number };

function distribution(init: Initializer, shape: readonly number[]): Distribution {
  const gaussian = (std: number): Distribution => ({ mean: 0, std });
  const within = (range: number): Distribution => ({ low: -range, high: range });
  switch (init.kind) {
    case 'zeros':
      return 0;
    case 'ones':
      return 1;
    case 'constant':
      return init.value;
    case 'normal':
      return { mean: init.mean ?? 0, std: init.std };
    case 'uniform':
      return init;
    case 'fanOutNormal':
      return gaussian(Math.sqrt(2 / Math.floor(fanOut(shape) / (init.groups ?? 1))));
    case 'fanInNormal':
      return gaussian(Math.sqrt(2 / fanIn(shape)));
    case 'fanOutUniform':
      return within(1 / Math.sqrt(shape[0] ?? 1));
    case 'fanInUniform':
      return within(1 / Math.sqrt(fanIn(shape)));
    default:
      throw new InternalError(`unknown initializer ${JSON.stringify(init)}`, { code: 'init' });
  }
}

/** Connections out of one input: out * kernel area of [out,in,kh,kw]. */
function fanOut(shape: readonly number[]): number {
  return (shape[0] ?? 1) * shape.slice(2).reduce((a, b) => a * b, 1);
}

/** Connections into one output: in * kernel area of [out,in,kh,kw]. */
function fanIn(shape: readonly number[]): number {
  return shape.slice(1).reduce((a, b) => a * b, 1);
}
