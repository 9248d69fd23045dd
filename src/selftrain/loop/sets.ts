import { openLabelledSet, openUnlabelledSet } from '../../data/datasets/openSets.js';
import {
  partsOf,
  sharedAmong,
  type RememberedOptions,
} from '../../training/record/rememberedSets.js';
import { asRecorded } from '../../training/record/runRecord.js';
import { SetMemory } from '../../data/memory/setMemory.js';
import { openTestSet } from '../../training/record/trainingData.js';
import { cleanImages, type CleanImagesOptions } from '../../data/loader/cleanImages.js';
import { describeSet } from '../../data/sets/describe.js';
import type { Images, LabelledImages } from '../../data/sets/images.js';
import type { ImageSource } from '../../data/loader/imageSource.js';
import type { LeftOut } from '../../data/sets/leftOut.js';
import type { SelfTrainingConfig } from './config.js';

/** The images of a self-training. */
export interface SelfTrainingSets {
  /** To train on. */
  readonly labelled: LabelledImages;
  /** Labelled, held out: checkpoints are chosen and labels audited by them. */
  readonly validation: LabelledImages;
  readonly unlabelled: Images;
  /** Read once, at the end. */
  readonly test: LabelledImages;
}

/** The same images as a pipeline takes them. */
export interface SelfTrainingSources {
  readonly labelled: LabelledImages;
  readonly validation: ImageSource;
  readonly unlabelled: { readonly images: Images; readonly clean: ImageSource };
  readonly test: ImageSource;
}

/** The sets of a self-training as its run's folder remembers them. */
export interface RememberedSets {
  readonly sets: SelfTrainingSets;
  /** Files beside the images of the sets. */
  readonly beside: readonly (LeftOut | undefined)[];
  /** Records what the run takes its images to be. */
  keep(): Promise<void>;
}

/**
 * Opens the sets of a config, holds them against what the run's folder remembers of them, and holds out a
 * part of each class's labelled images. Throws a DataError for a set that is missing, broken, empty or
 * changed, and where the test set has other classes. Nothing is written before `keep`.
 */
export async function openSets(
  { data, validation, seed }: SelfTrainingConfig,
  folder: string,
  { recorded, ...options }: RememberedOptions,
): Promise<RememberedSets> {
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
  const { training, heldOut, leftOut, ...parts } = partsOf(labelled, { share, seed }, repeats);
  const { onSet } = options;
  onSet?.(describeSet('labelled', all, heldOut.length));
  onSet?.(describeSet('unlabelled', opened.unlabelled));
  onSet?.(describeSet('test', opened.test));
  return {
    beside: [all.leftOut, opened.unlabelled.leftOut, opened.test.leftOut],
    sets: { labelled: training, ...parts, unlabelled: unlabelled.images, test: test.images },
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
