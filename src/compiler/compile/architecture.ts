import type { ParamInfo } from '../../contract/manifest.js';
import type { Traced } from '../trace/traceModel.js';
import { fingerprint } from '../../support/hash.js';

/** Parameters and batch statistics of a network, as its manifest lists them. */
export function weightsOf({ params, buffers }: Pick<Traced, 'params' | 'buffers'>): ParamInfo[] {
  return [
    ...params.map(({ name, shape, decay, frozen }) => ({
      ...{ name, kind: 'param' as const, shape, decay },
      ...(frozen && { frozen }),
    })),
    ...buffers.map(({ name, shape, frozen }) => ({
      ...{ name, kind: 'buffer' as const, shape, decay: false },
      ...(frozen && { frozen }),
    })),
  ];
}

/**
 * Names what a checkpoint must fit: parameters, batch statistics and the kinds of layers in order.
 * Batch, image size and rates of noise are free, so that they may change between runs.
 */
export function architectureHash({ params, buffers, layers }: Traced): string {
  const weights = [...params, ...buffers].map(({ name, shape }) => [name, shape]);
  return fingerprint(JSON.stringify([weights, layers.map(({ name, kind }) => [name, kind])]));
}
