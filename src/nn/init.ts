import { InternalError } from '../support/errors.js';
import { fnv1a32 } from '../support/hash.js';
import { fillNormal, fillUniform } from '../support/random.js';
import type { TensorData } from '../support/tensor.js';

/** How a parameter starts; plain data, so that it can be written as JSON. */
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
  fill(data, init, shape, { seed, site: fnv1a32(name) });
  return { dtype: 'float32', shape, data };
}

function fill(
  data: Float32Array,
  init: Initializer,
  shape: readonly number[],
  { seed, site }: { readonly seed: number; readonly site: number },
): void {
  const id = { site, step: 0, sample: 0 };
  const gaussian = (std: number, mean = 0): void => {
    fillNormal(data, seed, id, { mean, std });
  };
  const flat = (low: number, high: number): void => {
    fillUniform(data, seed, id, { low, high });
  };
  switch (init.kind) {
    case 'zeros':
      return;
    case 'ones':
      data.fill(1);
      return;
    case 'constant':
      data.fill(init.value);
      return;
    case 'normal':
      return gaussian(init.std, init.mean);
    case 'uniform':
      return flat(init.low, init.high);
    case 'fanOutNormal':
      return gaussian(Math.sqrt(2 / Math.floor(fanOut(shape) / (init.groups ?? 1))));
    case 'fanInNormal':
      return gaussian(Math.sqrt(2 / fanIn(shape)));
    case 'fanOutUniform': {
      const range = 1 / Math.sqrt(shape[0] ?? 1);
      return flat(-range, range);
    }
    case 'fanInUniform': {
      const range = 1 / Math.sqrt(fanIn(shape));
      return flat(-range, range);
    }
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
