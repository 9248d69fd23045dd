import type { WeightsKind } from '../../contract/choices.js';
import type { Manifest } from '../../contract/manifest.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import {
  openCheckpoint,
  requireArchitecture,
  resolveCheckpoint,
  type OpenCheckpoint,
} from '../../runtime/storage/checkpoint.js';
import { modelOfCheckpoint, type NoiseRates } from './checkpointModel.js';
import type { LoadedModel } from '../../language/frontend/loadModel.js';
import { ArtifactError } from '../../support/errors.js';
import { classesOf, networkOf, type Network } from './modelWeights.js';
import { classesOfCheckpoint } from '../record/runRecord.js';
import type { ModelTrust } from '../build/trustedModel.js';
import { StoredWeights } from './storedWeights.js';
import type { ModelChoice } from '../config/config.js';

/** Network and weights to take from a checkpoint. */
export interface NetworkChoice extends Pick<ModelTrust, 'trust'> {
  /** Makes the network draw noise, which its record does not have (default: false). */
  readonly noised?: boolean | undefined;
  /** The checkpoint's model, if the checkpoint does not tell it. */
  readonly model?: ModelChoice | Model | undefined;
  /** The moving average of the weights, or the weights themselves; the average if there is one. */
  readonly weights?: WeightsKind | undefined;
  /** Height and width of the image in place of the checkpoint's, in pixels. */
  readonly size?: number | undefined;
}

/** A checkpoint's network with the weights to use, by the model's own names. */
export interface CheckpointNetwork extends Pick<OpenCheckpoint, 'path' | 'state'> {
  readonly loaded: LoadedModel;
  readonly network: Network;
  readonly weights: StoredWeights;
  /** Image format that it was trained on, if that is recorded. */
  readonly imageFormat: Manifest['imageFormat'] | undefined;
  /** Rates of its noise in training, if they are recorded. */
  readonly rates: NoiseRates;
  /** Names of its classes, by their numbers, if they are recorded. */
  readonly classNames: readonly string[] | undefined;
}

/**
 * Opens a checkpoint, or a run's best, for as long as `use` takes. Throws an ArtifactError for a
 * checkpoint that is damaged or of another model.
 */
export async function withNetwork<T>(
  path: string,
  choice: NetworkChoice,
  use: (network: CheckpointNetwork) => T,
): Promise<T> {
  const checkpoint = openCheckpoint(resolveCheckpoint(path));
  try {
    return use(await readNetwork(checkpoint, choice));
  } finally {
    checkpoint.tensors.close();
  }
}

async function readNetwork(
  checkpoint: OpenCheckpoint,
  { model, weights: kind, size, trust, noised = false }: NetworkChoice,
): Promise<CheckpointNetwork> {
  const { path, state } = checkpoint;
  const found = await modelOfCheckpoint(path, state, model, {
    trust,
    changed: noised || size !== undefined,
  });
  const { loaded, image: recorded, imageFormat, rates } = found;
  const weights = new StoredWeights(checkpoint, kind);
  const [channels] = loaded.model.input.shape;
  const image = size === undefined ? recorded : ([channels, size, size] as const);
  const network = fittingNetwork(loaded, image, weights);
  const { name, architectureHash, weights: params } = network;
  const tensors = weights.infos();
  requireArchitecture({ path, state, tensors }, { name, architectureHash, params });
  const classNames = classesOfCheckpoint(path, state);
  requireNames(classNames, network.classes, path);
  return { path, state, loaded, network, weights, imageFormat, rates, classNames };
}

function requireNames(names: readonly string[] | undefined, classes: number, path: string): void {
  if (names === undefined || names.length === classes) return;
  throw new ArtifactError(`${path} names ${names.length} classes, but its network has ${classes}`, {
    code: 'class-count',
    where: path,
    hint: 'restore its state.json or run.json: one of them was changed',
  });
}

/** The model with as many classes as the weights are for. */
function fittingNetwork(
  loaded: LoadedModel,
  image: Network['image'] | undefined,
  weights: StoredWeights,
): Network {
  const network = networkOf(loaded, { image });
  const shapeOf = (name: string) => weights.info(name)?.shape;
  const fits = network.weights.every(({ name, shape }) => shapeOf(name)?.join() === shape.join());
  const classes = fits ? undefined : classesOf(loaded, network, shapeOf);
  return classes === undefined ? network : networkOf(loaded, { image, classes });
}
