/** How the labelled images of a config are balanced: the weights of their classes, and the order they are drawn in. */
import { BalancedOrder } from '../../data/loader/balancedOrder.js';
import type { DrawOrder } from '../../data/loader/preparedBatches.js';
import {
  classCounts,
  requireEveryClass,
  weighted,
  weightsOfClasses,
} from '../../data/sets/classWeights.js';
import {
  hardTargets,
  labelsOf,
  type LabelledImages,
  type Targets,
} from '../../data/sets/images.js';
import { fnv1a32 } from '../../support/hash.js';
import type { NetworkConfig } from '../config/config.js';

interface Balanced {
  readonly config: Pick<NetworkConfig, 'classWeights' | 'sampler'>;
  readonly labelled: LabelledImages;
  readonly seed: number;
}

/** The weight of each class in the loss, by its name; undefined where all weigh 1. */
export function classWeightsOf({
  config,
  labelled,
}: Omit<Balanced, 'seed'>): Readonly<Record<string, number>> | undefined {
  if (config.classWeights === undefined) return undefined;
  const weights = weightsOfClasses(labelled, config.classWeights);
  return Object.fromEntries(labelled.classNames.map((name, label) => [name, weights[label] ?? 1]));
}

/** What a network should say of its labelled images. */
export function labelledTargets({ config, labelled }: Omit<Balanced, 'seed'>): Targets {
  const targets = hardTargets(labelled);
  if (config.classWeights === undefined) return targets;
  return weighted(targets, labelled, weightsOfClasses(labelled, config.classWeights));
}

/** The order in which the labelled images of a stream are drawn; undefined for shuffled epochs. */
export function labelledOrder(
  { config, labelled, seed }: Balanced,
  name: string,
): DrawOrder | undefined {
  if (config.sampler !== 'balanced') return undefined;
  requireEveryClass(labelled, ['sampler']);
  const stream = { seed, site: fnv1a32(`batches.${name}`) };
  return new BalancedOrder(labelsOf(labelled), labelled.classNames.length, stream);
}

/** Notes about the weights that are used, and about a balance that is asked for twice. */
export function balanceNotes(network: Omit<Balanced, 'seed'>): string[] {
  const { config, labelled } = network;
  const weights = classWeightsOf(network);
  const notes: string[] = [];
  const counts = classCounts(labelled);
  if (weights)
    notes.push(
      `classes weigh in the loss: ${listed(Object.entries(weights), (weight) => weight.toPrecision(3))}`,
    );
  if (config.sampler === 'balanced')
    notes.push(
      `each class is drawn equally often, of images: ${listed(
        labelled.classNames.map((name, i) => [name, counts[i] ?? 0]),
        String,
      )}`,
    );
  if (weights && config.sampler === 'balanced')
    notes.push('classes are balanced twice, by classWeights and by sampler: either would do');
  return notes;
}

/** More classes than these are told of by the ends of their order. */
const mostListed = 24;

function listed(
  values: readonly (readonly [name: string, value: number])[],
  text: (value: number) => string,
): string {
  const show = (some: typeof values): string =>
    some.map(([name, value]) => `${name} ${text(value)}`).join(', ');
  if (values.length <= mostListed) return show(values);
  const sorted = values.toSorted(([, a], [, b]) => a - b);
  const rest = values.length - 6;
  return `${show(sorted.slice(0, 3))}, ${rest} others between, ${show(sorted.slice(-3))}`;
}
