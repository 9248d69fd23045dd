import { openLabelledSet, openUnlabelledSet } from '../../data/datasets/openSets.js';
import {
  partsOf,
  sharedAmong,
  type RememberedOptions,
  type RememberedSets,
} from '../../training/record/rememberedSets.js';
import { asRecorded } from '../../training/record/runRecord.js';
import { SetMemory } from '../../data/memory/setMemory.js';
import { openTestSet, type TrainingSets } from '../../training/record/trainingData.js';
import { cleanImages, type CleanImagesOptions } from '../../data/loader/cleanImages.js';
import { describeSet } from '../../data/sets/describe.js';
import type { Images, LabelledImages } from '../../data/sets/images.js';
import type { ImageSource } from '../../data/loader/imageSource.js';
import type { SelfTrainingConfig } from './config.js';

/** The images of a self-training; by those held out labels are audited, too. */
export interface SelfTrainingSets extends Required<TrainingSets> {
  readonly unlabelled: Images;
}

/** The same images as a pipeline takes them. */
export interface SelfTrainingSources {
  readonly labelled: LabelledImages;
  readonly validation: ImageSource;
  readonly unlabelled: { readonly images: Images; readonly clean: ImageSource };
  readonly test: ImageSource;
}

/**
 * Opens the sets of a config, holds them against what the run's folder remembers of them, and holds out a
 * part of each class's labelled images. Throws a DataError for a set that is missing, broken, empty or
 * changed, and if the test set has other classes. Nothing is written before `keep`.
 */
export async function openSets(
  { data, validation, seed }: SelfTrainingConfig,
  folder: string,
  { recorded, ...options }: RememberedOptions,
): Promise<RememberedSets<SelfTrainingSets>> {
  const all = await openLabelledSet(data.labelled, { folder, classes: asRecorded(recorded) });
  const { classNames } = all;
  const opened = {
    test: await openTestSet(data.test, folder, classNames, recorded !== undefined),
    unlabelled: await openUnlabelledSet(data.unlabelled, { folder }),
  };
  const memory = new SetMemory(options);
  const labelled = await memory.recall('labelled', all);
  const test = await memory.recall('test', opened.test);
  const unlabelled = await memory.recall('unlabelled', opened.unlabelled);
  const repeats = await sharedAmong({ labelled, test, unlabelled }, options);
  const { share } = validation;
  const { heldOut, leftOut, ...parts } = partsOf(labelled, { share, seed }, repeats);
  const { onSet } = options;
  onSet?.(describeSet('labelled', all, heldOut.length));
  onSet?.(describeSet('unlabelled', opened.unlabelled));
  onSet?.(describeSet('test', opened.test));
  return {
    beside: [all.leftOut, opened.unlabelled.leftOut, opened.test.leftOut],
    sets: { ...parts, unlabelled: unlabelled.images, test: test.images },
    keep: () => memory.keep({ heldOut, leftOut }),
  };
}

/** Clean copies come from the threads of the pool. */
export function sourcesOf(
  sets: SelfTrainingSets,
  options: CleanImagesOptions,
): SelfTrainingSources {
  const { labelled, validation, unlabelled, test } = sets;
  return {
    labelled,
    validation: cleanImages(validation, options),
    unlabelled: { images: unlabelled, clean: cleanImages(unlabelled, options) },
    test: cleanImages(test, options),
  };
}
