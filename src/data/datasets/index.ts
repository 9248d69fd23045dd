import { cifar10 } from './cifar10.js';
import type { WholeDataSet } from './dataSet.js';
import { mnist } from './mnist.js';
import { twemoji } from './twemoji.js';

/** Every data set; to add one, write its file and name it here. */
export const dataSets = [mnist, cifar10, twemoji] as const;

/** A data set whose images can be named all at once, without a path. */
export type WholeSet = Extract<(typeof dataSets)[number], { readonly whole: WholeDataSet }>;

/** The data sets that a config or --data can name without a path. */
export const wholeSets = dataSets.filter((set): set is WholeSet => 'whole' in set);

/** The names that --data takes beside paths, for help and hints: `mnist`. */
export const wholeNames = wholeSets.map(({ name }) => name).join(' or ');

/** The set that `NAME` or `NAME:DIR` names; undefined for a path. */
export function findWholeSet(spec: string): WholeSet | undefined {
  const [name] = spec.split(':', 1);
  return wholeSets.find((set) => set.name === name);
}
