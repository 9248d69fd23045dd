import { resolve } from 'node:path';
import { traceNetwork, type NetworkToTrain } from '../../training/run/planNetwork.js';
import { loadModel, modelPath } from '../../language/frontend/loadModel.js';
import { requireStartingWeights } from '../../training/weights/startingWeights.js';
import { preparationOf } from '../../training/record/trainingData.js';
import { requireFullBatch } from '../../data/loader/preparedBatches.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { ConfigError, underOption } from '../../support/errors.js';
import type { OptionPath } from '../../support/phrase.js';
import type { GenerationConfig, SelfTrainingConfig, StudentConfig } from './config.js';
import type { SelfTrainingSets } from './sets.js';

/** A network of a self-training before it is trained. */
export interface SelfTrainingNetwork extends Pick<
  NetworkToTrain,
  'seed' | 'model' | 'shape' | 'viewAt'
> {
  /** `teacher`, `student-1`, ... */
  readonly name: string;
  readonly config: GenerationConfig | StudentConfig;
  readonly architectureHash: string;
  /** Notes about the weights that it starts from. */
  readonly notes?: readonly string[];
}

export interface NetworksOptions {
  /** Folder that the config's paths start from. */
  readonly configFolder: string;
  /** Names of the classes of the data. */
  readonly classNames: readonly string[];
  /** Models by a name that the config uses, before files and shipped models. */
  readonly models?: Readonly<Record<string, Model>> | undefined;
}

/**
 * Loads the models of a config and traces them. Throws a ModelError for a model that is wrong, and a
 * ConfigError if one has other classes than the data, or a student cannot start from its teacher.
 */
export async function openNetworks(
  { teacher, students, seed }: SelfTrainingConfig,
  options: NetworksOptions,
): Promise<SelfTrainingNetwork[]> {
  const networks: SelfTrainingNetwork[] = [];
  for (const [i, config] of [teacher, ...students].entries()) {
    const name = i === 0 ? 'teacher' : `student-${i}`;
    // Each generation draws numbers of its own.
    const own = (seed + i * 1_000_003) >>> 0;
    networks.push({ name, config, seed: own, ...(await openNetwork(config, placeOf(i), options)) });
  }
  for (const [i, student] of students.entries())
    if (student.init === 'teacher') requireSameNetwork(networks, i);
  return networks;
}

/** Path of network `i` in a config; 0 is the teacher. */
function placeOf(i: number): OptionPath {
  return i === 0 ? ['teacher'] : ['students', String(i - 1)];
}

async function openNetwork(
  config: GenerationConfig,
  place: OptionPath,
  { configFolder, classNames, models }: NetworksOptions,
): Promise<Omit<SelfTrainingNetwork, 'name' | 'config' | 'seed'>> {
  const { model: named, init } = config;
  const { length: classes } = classNames;
  const model = models?.[named] ?? modelPath(named, configFolder);
  const loaded = await loadModel(model);
  const { network, ...seen } = underOption(place, () => traceNetwork(loaded, config, classes));
  if (network.classes !== classes)
    throw new ConfigError(
      `${named} has ${network.classes} classes, but the labelled images have ${classes}`,
      {
        code: 'class-count',
        option: [...place, 'model'],
        hint: 'use the number of classes that build() receives for the last layer of the model',
      },
    );
  const initial = initialPath(init, configFolder);
  const notes = initial === undefined ? [] : requireStartingWeights(initial, network, classNames);
  return { model, ...seen, architectureHash: network.architectureHash, notes };
}

/** The checkpoint or run that a config names to start from; undefined for 'scratch' and 'teacher'. */
export function initialPath(init: string | undefined, configFolder: string): string | undefined {
  if (init === undefined || init === 'scratch' || init === 'teacher') return undefined;
  return resolve(configFolder, init);
}

/**
 * Throws a DataError if there are fewer images than a network's batch takes, and a ConfigError for
 * noise that the images have no place for; how many pseudo-labels are kept shows later.
 */
export function requireTrainable(
  networks: readonly SelfTrainingNetwork[],
  { labelled, unlabelled }: Pick<SelfTrainingSets, 'labelled' | 'unlabelled'>,
): void {
  for (const [i, { config, shape }] of networks.entries())
    underOption(placeOf(i), () => {
      const { batch, noise } = config;
      requireFullBatch(labelled, batch);
      preparationOf(noise, labelled, shape);
      if (!('labels' in config)) return;
      preparationOf(noise, unlabelled, shape);
      if (config.labels.onTheFly) requireFullBatch(unlabelled, batch * config.ratio);
    });
}

function requireSameNetwork(networks: readonly SelfTrainingNetwork[], student: number): void {
  const [teacher, own] = [networks[student], networks[student + 1]];
  if (teacher?.architectureHash === own?.architectureHash) return;
  throw new ConfigError(
    `${own?.config.model ?? ''} cannot start from ${teacher?.config.model ?? ''}: they are different networks`,
    {
      code: 'init-differs',
      option: ['students', String(student), 'init'],
      hint: "use the same model for both, or start from 'scratch'",
    },
  );
}
