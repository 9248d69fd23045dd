import { openLabelledSet, openUnlabelledSet } from '../api/imageSets.js';
import { holdOut } from '../api/trainingData.js';
import { cleanImages, type CleanImagesOptions } from '../data/cleanImages.js';
import type { Images, LabelledImages } from '../data/images.js';
import type { ImageSource } from '../data/imageSource.js';
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

/**
 * Opens the sets of a config, and holds out a part of each class's labelled images. Throws a
 * DataError for a set that is missing, broken or empty, and where the test set has other classes.
 */
export async function openSets(
  { data, validation, seed }: SelfTrainingConfig,
  folder: string,
): Promise<SelfTrainingSets> {
  const all = await openLabelledSet(data.labelled, { folder });
  const { classNames } = all;
  const test = await openLabelledSet(data.test, { folder, classes: classNames });
  const unlabelled = await openUnlabelledSet(data.unlabelled, { folder });
  const { training, validation: heldOut } = holdOut(all, validation.share, seed);
  return { labelled: training, validation: heldOut, unlabelled, test };
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
