import type { BatchSource, Model } from '../src/index.js';
import { efficientnet } from '../src/language/models/index.js';

export const classes = 1000;

/** What a step of the benchmarks does, beside the forward and backward pass. */
export const trainerOptions = {
  optimizer: { kind: 'rmspropTf', weightDecay: 1e-5 },
  emaDecay: 0.9999,
} as const;

/** EfficientNet-B0 for images [3,size,size], with dropout and stochastic depth. */
export function b0(size: number): Model {
  return efficientnet({ name: 'b0', size, classes });
}

/** Batches that cost next to nothing to make. */
export function cheapBatches(classes: number): BatchSource {
  return {
    stepsPerEpoch: 1000,
    fill: ({ image: pixels, target, weight }, step) => {
      for (let i = 0; i < pixels.length; i++) pixels[i] = ((i * 2654435761 + step) % 997) / 997;
      target.fill(0);
      for (const row of weight.keys()) target[row * classes + ((row * 37 + step) % classes)] = 1;
      weight.fill(1);
    },
  };
}
