import { describeSet, type OnSet } from '../../data/sets/describe.js';
import type { LeftOut } from '../../data/sets/leftOut.js';
import { remaining, subsetOf, type LabelledImages } from '../../data/sets/images.js';
import type { Repeats } from '../../data/memory/sharedImages.js';
import { DataError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import type { TrainingConfig } from '../config/config.js';
import { SetMemory, type MemoryOptions, type Recalled } from '../../data/memory/setMemory.js';
import { checkShared, type KnownSets, type SharedOptions } from '../../data/memory/sharedSets.js';
import {
  drawHeldOut,
  namesPaths,
  openTrainingSets,
  openWholeSets,
  type TrainingSets,
} from './trainingData.js';

/** Share of the labelled images to hold out, and the seed to draw them by. */
export interface HoldOut {
  readonly share: number;
  readonly seed: number;
}

/** Labelled images in parts, and which parts the run's record is to keep. */
export interface KeptParts extends Pick<TrainingSets, 'labelled' | 'validation'> {
  readonly heldOut: Uint32Array;
  readonly leftOut: Uint32Array;
}

/**
 * Parts labelled images as the run's record does; if it says nothing, by the seed. What repeats an
 * image that is held out is not trained on. Throws a DataError if nothing is left that was held out.
 */
export function partsOf(
  { images, parts, fresh }: Recalled<LabelledImages>,
  { share, seed }: HoldOut,
  { pairs, firstOf }: Pick<Repeats, 'pairs' | 'firstOf'>,
): KeptParts {
  const heldOut = parts?.heldOut ?? drawHeldOut(images, share, seed, fresh ? firstOf : undefined);
  if (heldOut.length === 0)
    throw new DataError(`none of the held-out images is left in ${images.name}`, {
      code: 'held-out-gone',
      where: images.name,
      hint: phrase`restore them, or start over with ${option('overwrite', true)}`,
    });
  // An older run recorded only how its held-out images were drawn, not which they are.
  const repeated = fresh ? repeatsOf(heldOut, { pairs, firstOf }) : [];
  const leftOut = Uint32Array.from(new Set([...(parts?.leftOut ?? []), ...repeated])).sort();
  const apart = Uint32Array.from([...heldOut, ...leftOut]).sort();
  return {
    labelled: subsetOf(images, remaining(images.count, apart)),
    validation: subsetOf(images, heldOut),
    heldOut,
    leftOut,
  };
}

/** The places that repeat one that is held out, and those that such a one repeats. */
function repeatsOf(
  heldOut: Uint32Array,
  { pairs, firstOf }: Pick<Repeats, 'pairs' | 'firstOf'>,
): number[] {
  if (pairs.length === 0) return [];
  const [held, firsts] = [new Set(heldOut), new Set(Array.from(heldOut, firstOf))];
  const all = new Set(pairs.flatMap(({ first, second }) => [first, second]));
  return [...all].filter((place) => !held.has(place) && firsts.has(firstOf(place)));
}

/** Sets as their run's folder remembers them. */
export interface RememberedSets<Sets extends TrainingSets = TrainingSets> {
  readonly sets: Sets;
  /** Files beside the images of the sets. */
  readonly beside: readonly (LeftOut | undefined)[];
  /** Records what the run takes its images to be. */
  readonly keep: () => Promise<void>;
}

/** Describes sets whose labelled images were never one. */
function describeParts({ labelled, validation, test }: TrainingSets, onSet?: OnSet): void {
  if (!onSet) return;
  const [rest, held] = [labelled, validation].map((part) => describeSet('labelled', part));
  if (rest && held) onSet({ ...rest, images: rest.images + held.images, heldOut: held.images });
  if (test) onSet(describeSet('test', test));
}

export interface RememberedOptions extends MemoryOptions {
  /** Names of the classes of the run that goes on; they give the numbers. */
  readonly recorded?: readonly string[] | undefined;
}

/**
 * Opens the labelled sets of a config as openTrainingSets does, holds them against what the run's folder
 * remembers of them, and looks for images that are there twice. Nothing is written before `keep`.
 */
export async function openRememberedSets(
  config: Pick<TrainingConfig, 'data' | 'seed' | 'validation'>,
  folder: string,
  { recorded, ...options }: RememberedOptions,
): Promise<RememberedSets> {
  const { data, seed, validation } = config;
  // A data set that is named whole has no files that could change.
  if (!namesPaths(data)) {
    const sets = await openTrainingSets(config, folder);
    describeParts(sets, options.onSet);
    return { sets, beside: [], keep: () => Promise.resolve() };
  }
  const opened = await openWholeSets(data, folder, recorded);
  const memory = new SetMemory(options);
  const labelled = await memory.recall('labelled', opened.labelled);
  const test = opened.test && (await memory.recall('test', opened.test));
  const repeats = await sharedAmong({ labelled, test }, options);
  const { heldOut, leftOut, ...parts } = partsOf(
    labelled,
    { share: validation.share, seed },
    repeats,
  );
  options.onSet?.(describeSet('labelled', opened.labelled, heldOut.length));
  if (opened.test) options.onSet?.(describeSet('test', opened.test));
  const beside = [opened.labelled.leftOut, opened.test?.leftOut];
  const sets = { ...parts, test: test?.images };
  return { sets, beside, keep: () => memory.keep({ heldOut, leftOut }) };
}

/** Finds duplicates among the sets of a run; only if images are new to it. */
export async function sharedAmong(
  sets: { readonly [K in keyof KnownSets]: KnownSets[K] & Pick<Recalled, 'fresh'> },
  options: SharedOptions,
): Promise<Pick<Repeats, 'pairs' | 'firstOf'>> {
  const fresh = [sets.labelled, sets.test, sets.unlabelled].some((set) => set?.fresh === true);
  return fresh ? checkShared(sets, options) : { pairs: [], firstOf: (place) => place };
}
