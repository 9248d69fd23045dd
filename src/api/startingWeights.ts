import {
  openCheckpoint,
  requireArchitecture,
  resolveCheckpoint,
  type Architecture,
} from '../runtime/checkpoint.js';
import type { TensorData } from '../support/tensor.js';
import type { Network } from './modelWeights.js';
import { StoredWeights } from './storedWeights.js';

/**
 * The weights that a new run starts from, by name: of a checkpoint, or of the one that a run chose; their
 * moving averages where there are any. Throws an ArtifactError where there is no checkpoint, or one of
 * another architecture than the model's.
 */
export function startingWeights(path: string, model: Architecture): Map<string, TensorData> {
  return withStartingWeights(path, model, (weights) => weights.held());
}

/** Throws as startingWeights does, before a network is compiled that cannot start from there. */
export function requireStartingWeights(path: string, network: Network): void {
  const { name, architectureHash, weights: params } = network;
  withStartingWeights(path, { name, architectureHash, params }, () => undefined);
}

function withStartingWeights<T>(
  path: string,
  model: Architecture,
  use: (weights: StoredWeights) => T,
): T {
  const checkpoint = openCheckpoint(resolveCheckpoint(path));
  try {
    const weights = new StoredWeights(checkpoint, undefined);
    requireArchitecture({ ...checkpoint, tensors: weights.infos() }, model);
    return use(weights);
  } finally {
    checkpoint.tensors.close();
  }
}
