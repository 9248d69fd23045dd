import { namesDifference } from '../../data/sets/classes.js';
import { canonicalName } from '../../data/text/nearNames.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import {
  openCheckpoint,
  requireArchitecture,
  resolveCheckpoint,
  type Architecture,
  type OpenCheckpoint,
} from '../../runtime/storage/checkpoint.js';
import { ConfigError, invariant } from '../../support/errors.js';
import { optionOf, phrase } from '../../support/phrase.js';
import type { TensorData } from '../../support/tensor.js';
import { field } from '../../support/objects.js';
import { loadModel } from '../../language/frontend/loadModel.js';
import { classAxes, networkOf, type Network } from './modelWeights.js';
import { classesOfCheckpoint } from '../record/runRecord.js';
import { StoredWeights } from './storedWeights.js';

/** The network that is to start from a checkpoint. */
interface Starting {
  /** A file or a name, or the model itself. */
  readonly model: string | Model;
  readonly architecture: Architecture;
  /** [C,H,W] */
  readonly image: readonly [number, number, number];
  /** Names of its classes, by their numbers; those of the checkpoint are not asked for if missing. */
  readonly classNames?: readonly string[] | undefined;
}

/**
 * The weights that a new run starts from, by name: of a checkpoint, or of the one that a run chose; their
 * moving averages if there are any. A classifier of the same classes in another order is put in the
 * run's. Throws an ArtifactError if there is no checkpoint, or one of another architecture than the
 * model's, and a ConfigError if its classes have other names.
 */
export async function startingWeights(
  path: string,
  { model, architecture, image, classNames }: Starting,
): Promise<Map<string, TensorData>> {
  const { weights, order } = withStartingWeights(path, architecture, (stored, checkpoint) => ({
    weights: stored.held(),
    order: startingClasses(checkpoint, classNames).order,
  }));
  if (order === undefined) return weights;
  const loaded = await loadModel(model);
  const axes = classAxes(loaded, networkOf(loaded, { classes: order.length, image }));
  for (const [name, axis] of axes) {
    const tensor = weights.get(name);
    if (tensor) weights.set(name, inOrder(tensor, axis, order));
  }
  return weights;
}

/**
 * Throws as startingWeights does, before a network is compiled that cannot start from there; tells what is
 * to be said of its classes.
 */
export function requireStartingWeights(
  path: string,
  network: Network,
  classNames: readonly string[],
): string[] {
  const { name, architectureHash, weights: params } = network;
  return withStartingWeights(
    path,
    { name, architectureHash, params },
    (_, checkpoint) => startingClasses(checkpoint, classNames).notes,
  );
}

interface StartingClasses {
  /** The checkpoint's number of each class, if it is another. */
  readonly order?: readonly number[];
  readonly notes: string[];
}

/** Mapping of a checkpoint's classes to those of a run. */
function startingClasses(
  { path, state }: Pick<OpenCheckpoint, 'path' | 'state'>,
  classNames: readonly string[] | undefined,
): StartingClasses {
  if (classNames === undefined) return { notes: [] };
  const recorded = classesOfCheckpoint(path, state);
  if (recorded === undefined)
    return isNewClassifier(state.config)
      ? { notes: [] }
      : {
          notes: [
            `${path} does not record the names of its classes: they are matched by number, the first to ${classNames[0] ?? ''}`,
          ],
        };
  const difference = namesDifference(classNames, recorded);
  if (difference === undefined) return { notes: [] };
  const numbers = new Map(recorded.map((own, i) => [canonicalName(own), i]));
  const order = classNames.map((own) => numbers.get(canonicalName(own)) ?? -1);
  if (recorded.length !== classNames.length || order.includes(-1))
    throw new ConfigError(`${path} was trained on other classes`, {
      code: 'classes-differ',
      where: path,
      notes: difference,
      hint: phrase`name the classes as there, or start with a new classifier: gradus export its weights to a .safetensors file, gradus import that with ${optionOf('importWeights', 'newClassifier', true)}, and start from there`,
    });
  return {
    order,
    notes: [`the classifier of ${path} is reordered to match these classes by name`],
  };
}

/** True if the classifier of an import has initial values, which belong to no class. */
function isNewClassifier(config: unknown): boolean {
  const initialized = field(field(config, 'imported'), 'initialized');
  return Array.isArray(initialized) && initialized.length > 0;
}

/** A tensor whose slice i along an axis is the slice `order[i]` of the given one. */
function inOrder(tensor: TensorData, axis: number, order: readonly number[]): TensorData {
  const { shape, data } = tensor;
  invariant(data instanceof Float32Array && shape[axis] === order.length, 'a weight of each class');
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const out = new Float32Array(data.length);
  for (let block = 0; block < outer; block++)
    for (const [to, from] of order.entries()) {
      const start = (block * order.length + from) * inner;
      out.set(data.subarray(start, start + inner), (block * order.length + to) * inner);
    }
  return { dtype: 'float32', shape, data: out };
}

function withStartingWeights<T>(
  path: string,
  model: Architecture,
  use: (weights: StoredWeights, checkpoint: OpenCheckpoint) => T,
): T {
  const checkpoint = openCheckpoint(resolveCheckpoint(path));
  try {
    const weights = new StoredWeights(checkpoint, undefined);
    requireArchitecture({ ...checkpoint, tensors: weights.infos() }, model);
    return use(weights, checkpoint);
  } finally {
    checkpoint.tensors.close();
  }
}
