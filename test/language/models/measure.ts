import type { ShippedModel } from '../../../src/language/models/index.js';
import { findShippedModel } from '../../../src/language/models/index.js';
import {
  traceModel,
  type Model,
  type TraceOptions,
  type Traced,
} from '../../../src/language/nn/index.js';
import { invariant } from '../../../src/support/errors.js';
import { staticSize } from '../../../src/support/shape.js';

export function shippedModel(name: string): ShippedModel {
  const found = findShippedModel(name);
  invariant(found, `${name} is not shipped`);
  return found;
}

export function traced(model: Model, options: Partial<TraceOptions> = {}): Traced {
  return traceModel(model, { mode: 'eval', batch: 1, ...options });
}

export function parameterCount({ params }: Traced): number {
  return params.reduce((sum, { shape }) => sum + staticSize(shape), 0);
}

export function multiplyAdds({ layers }: Traced): number {
  return layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
}

/** The drop rates of the residual branches, in order. */
export function dropRates({ layers }: Traced): number[] {
  return layers
    .filter(({ kind }) => kind === 'stochasticDepth')
    .map(({ rate = NaN }) => Number(rate.toFixed(6)));
}
