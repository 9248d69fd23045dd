import type { Telling } from '../../contract/events.js';
import { progressTeller } from '../listeners/tell.js';
import { requireSameNumbers } from '../../data/sets/classes.js';
import { evenly, type ImageSource } from '../../data/loader/imageSource.js';
import { argmaxRow, Evaluation, type Measures } from '../../support/statistics/scores.js';
import { DataError } from '../../support/errors.js';
import type { Labeller, Prediction } from '../labelling/labeller.js';
import { checkRanges } from '../../support/optionRanges.js';

export interface EvaluateOptions extends Telling {
  /** Number of images, evenly spread over the set (default: all). */
  readonly images?: number | undefined;
  /** Aborted: its reason is thrown between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each image that could be read, by its index, and if its likeliest class is its own. */
  readonly onImage?: ((image: number, right: boolean) => void) | undefined;
}

/** Performance of a network on the images of a set. */
export interface NetworkEvaluation extends Measures {
  /** Names of the classes, in the order of the confusion matrix. */
  readonly classNames: readonly string[];
  /** Images that could not be read, and are left out. */
  readonly unreadable: number;
}

/**
 * Measures a network on labelled images as they are. A labeller that averages noised passes is measured
 * as the ensemble that it is. Throws a DataError for images without labels, or of another number of
 * classes.
 */
export async function evaluateClean(
  labeller: Labeller,
  source: ImageSource,
  options: EvaluateOptions = {},
): Promise<NetworkEvaluation> {
  checkRanges('evaluateClean', options, ['images']);
  const { label, classNames } = requireLabels(labeller, source);
  const evaluation = new Evaluation(classNames.length);
  const indices = [...evenly(source.count, options.images)];
  const meter = new Meter(indices.length, options);
  const classes = classNames.length;
  for await (const { indices: own, scores } of predictions(labeller, source, indices, meter)) {
    evaluation.add(scores, own.map(label));
    for (const [row, image] of own.entries())
      options.onImage?.(image, argmaxRow(scores, row * classes, classes) === label(image));
  }
  const { images } = evaluation;
  requireImages(images, source);
  return { ...evaluation.measures(), classNames, unreadable: indices.length - images };
}

/** Throws if none of the images could be read. */
export function requireImages(read: number, { name }: Pick<ImageSource, 'name'>): void {
  if (read > 0) return;
  throw new DataError(`no image of ${name} can be read`, {
    code: 'unreadable-images',
    where: name,
  });
}

/** The labels of images, which the network has to have as many classes for. */
export function requireLabels(
  { manifest: { classes }, teacher }: Labeller,
  source: Pick<ImageSource, 'name' | 'label' | 'classNames'>,
): { readonly label: (i: number) => number; readonly classNames: readonly string[] } {
  const { name, classNames } = source;
  if (!source.label || !classNames)
    throw new DataError(`${name} has no labels to evaluate a network with`, {
      code: 'unlabelled',
      where: name,
      hint: 'pass a folder with a subfolder for each class, a list with labels, or a split of gradus data',
    });
  if (classNames.length !== classes)
    throw new DataError(
      `the images of ${name} have ${classNames.length} classes, the network ${classes}`,
      {
        code: 'class-count',
        where: name,
        notes: [`the network is ${teacher.path}`],
        hint: 'pass images of the classes that it was trained on',
      },
    );
  if (teacher.named) requireSameNumbers(classNames, teacher.classes, name);
  return { label: source.label.bind(source), classNames };
}

/** Counts images of an evaluation, or of several after one another, and tells of them. */
export class Meter {
  readonly #progress: (done: number, total: number) => void;
  #done = 0;

  constructor(
    readonly total: number,
    private readonly options: Pick<EvaluateOptions, 'signal' | keyof Telling>,
  ) {
    this.#progress = progressTeller(options, { task: 'evaluate', unit: 'images' });
  }

  /** Throws once the signal is aborted. */
  add(images: number): void {
    this.options.signal?.throwIfAborted();
    this.#done += images;
    this.#progress(this.#done, this.total);
  }
}

/** Predictions of a labeller, counted by the meter. */
export async function* predictions(
  labeller: Labeller,
  source: ImageSource,
  indices: Iterable<number>,
  meter: Meter,
): AsyncGenerator<Prediction> {
  for await (const prediction of labeller.predict(source, indices)) {
    meter.add(prediction.indices.length);
    yield prediction;
  }
}
