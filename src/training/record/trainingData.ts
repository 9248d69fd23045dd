import { join, resolve } from 'node:path';
import type { Decoding } from '../../contract/choices.js';
import {
  drawByClass,
  labelsOf,
  remaining,
  subsetOf,
  type Images,
  type LabelledImages,
} from '../../data/sets/images.js';
import {
  evaluationCrop,
  trainingCrop,
  type Crop,
  type Preparation,
} from '../../data/loader/preparation.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { ConfigError, DataError } from '../../support/errors.js';
import { fnv1a32 } from '../../support/hash.js';
import { viewOf, type ImageView } from '../../support/imageView.js';
import { permutation } from '../../support/random.js';
import { inputNoises, type InputNoise } from '../../data/augment/imageNoise.js';
import type { TrainingConfig } from '../config/config.js';
import { findWholeSet } from '../../data/datasets/index.js';
import { openLabelledSet } from '../../data/datasets/openSets.js';
import { asRecorded } from './runRecord.js';

/** The images of a config by what they are for. */
export interface TrainingSets {
  /** To train on. */
  readonly labelled: LabelledImages;
  /** Held out of the labelled images: checkpoints are chosen by them. */
  readonly validation: LabelledImages;
  /** Read once, at the end. */
  readonly test?: LabelledImages | undefined;
}

type DataConfig = TrainingConfig['data'];
type PathsConfig = Extract<DataConfig, { readonly unreadable: number }>;

/** True if a config names its sets by paths, not a data set as a whole. */
export function namesPaths(data: DataConfig): data is PathsConfig {
  return 'unreadable' in data;
}

/**
 * Opens the labelled sets of a config, and holds out a part of those to train on. `recorded` are the names
 * of the classes of a run that goes on or is judged: they give the numbers. Throws a DataError for a set
 * that is missing, broken or empty, and if one has other classes.
 */
export async function openTrainingSets(
  config: Pick<TrainingConfig, 'data' | 'seed' | 'validation'>,
  folder: string,
  recorded?: readonly string[],
): Promise<TrainingSets> {
  const { data, seed, validation } = config;
  if (!namesPaths(data)) return openWhole(data, config, folder);
  const { labelled, test } = await openWholeSets(data, folder, recorded);
  return { ...holdOut(labelled, validation.share, seed), test };
}

/** Opens the labelled sets of a config, before a part is held out; throws as openTrainingSets does. */
export async function openWholeSets(
  data: PathsConfig,
  folder: string,
  recorded?: readonly string[],
): Promise<Pick<TrainingSets, 'labelled' | 'test'>> {
  const labelled = await openLabelledSet(data.labelled, { folder, classes: asRecorded(recorded) });
  const { classNames } = labelled;
  const begun = recorded !== undefined;
  const test =
    data.test === undefined ? undefined : await openTestSet(data.test, folder, classNames, begun);
  return { labelled, test };
}

/**
 * The test set of a run, with the classes of its labelled images. A run of an older version that began
 * with a list which lacks some of them may go on with it.
 */
export function openTestSet(
  spec: string,
  folder: string,
  names: readonly string[],
  begun: boolean,
): Promise<LabelledImages> {
  const source = begun ? 'the training' : 'the labelled images';
  return openLabelledSet(spec, { folder, classes: { names, source, partial: begun } });
}

/** Number of classes of a config's images. Throws a ConfigError if the config says another. */
export function classesOf({ classes }: Pick<TrainingConfig, 'classes'>, images: LabelledImages) {
  const { length } = images.classNames;
  if (classes === undefined || classes === length) return length;
  throw new ConfigError(`the labelled images have ${length} classes, not ${classes}`, {
    code: 'class-count',
    option: ['classes'],
    hint: 'leave it out: the number of classes follows from the images',
  });
}

/** Number of images of a config that may be unreadable. */
export function unreadableOf({ data }: Pick<TrainingConfig, 'data'>): number {
  return namesPaths(data) ? data.unreadable : 0;
}

/**
 * Parts a share of each class's images, at least one, from the rest; which ones depends on the seed.
 * Throws a DataError for a class with a single image.
 */
export function holdOut(
  images: LabelledImages,
  share: number,
  seed: number,
): Pick<TrainingSets, 'labelled' | 'validation'> {
  const heldOut = drawHeldOut(images, share, seed);
  return {
    labelled: subsetOf(images, remaining(images.count, heldOut)),
    validation: subsetOf(images, heldOut),
  };
}

/**
 * Places of the images that holdOut parts from the rest, sorted. With `firstOf` (the place of the image
 * that another repeats) only the first of several is drawn.
 */
export function drawHeldOut(
  images: LabelledImages,
  share: number,
  seed: number,
  firstOf?: (place: number) => number,
): Uint32Array {
  const { classNames, name } = images;
  const all = labelsOf(images);
  // A repeat belongs to no class, so that it is not drawn.
  const labels = firstOf
    ? Uint32Array.from(all, (label, i) => (firstOf(i) === i ? label : classNames.length))
    : all;
  const counts = new Uint32Array(classNames.length);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const alone = counts.indexOf(1);
  if (alone >= 0)
    throw new DataError(`class ${classNames[alone]} of ${name} has a single image`, {
      code: 'too-few-images',
      where: name,
      hint: 'add images to it, at least one to train on and one to hold out, or leave the class out',
    });
  const wanted = (own: number): number => (own === 0 ? 0 : Math.max(1, Math.round(own * share)));
  return drawByClass(labels, classNames.length, wanted, seed, 'train.validation');
}

/** The test images are the same for every seed; the held-out part of the rest depends on it. */
async function openWhole(
  data: Exclude<DataConfig, PathsConfig>,
  { seed, validation }: Pick<TrainingConfig, 'seed' | 'validation'>,
  folder: string,
): Promise<TrainingSets> {
  const { kind, folder: own } = data;
  const all = await openLabelledSet(`${kind}:${resolve(folder, own ?? join('data', kind))}`);
  const rest = Math.max(0, all.count - data.test);
  const wanted = data.labelled ?? rest;
  const held = Math.max(1, Math.round(wanted * validation.share));
  if (wanted > rest || wanted <= held)
    throw new ConfigError(
      `${rest} ${findWholeSet(kind)?.whole.noun} are left after ${data.test} for the test, but ${wanted} are wanted to train on and ${held} to hold out`,
      {
        code: 'too-few-images',
        option: ['data', 'labelled'],
        hint: `ask for at most ${rest}`,
      },
    );
  const order = permutation(rest, seed, { site: fnv1a32('train.split'), step: 0, sample: 0 });
  const places = order.map((place) => data.test + place);
  return {
    test: subsetOf(
      all,
      new Uint32Array(data.test).map((_, i) => i),
    ),
    validation: subsetOf(all, places.slice(0, held)),
    labelled: subsetOf(all, places.slice(held, wanted)),
  };
}

/** The network's input [C,H,W] under a config. */
export function shapeOf(
  { input }: Model,
  { size }: Pick<TrainingConfig, 'size'>,
): readonly [number, number, number] {
  return size === undefined ? input.shape : [input.shape[0], size, size];
}

/** Conversion of files to a network's images in training. */
export interface TrainingView {
  /** View of the network (default: viewOf its input's shape). */
  readonly view?: ImageView | undefined;
  /** Default exact. */
  readonly decode?: Decoding | undefined;
}

/** View of images by a model at a size [C,H,W]. */
export function viewOfModel(
  { input }: Pick<Model, 'input'>,
  shape: readonly [number, number, number],
): ImageView {
  return viewOf(shape, input, input.mean);
}

/** The decoding of a config's training images; a data set that is named whole is packed. */
export function decodingOf({ data }: Pick<TrainingConfig, 'data'>): Decoding | undefined {
  return namesPaths(data) ? data.decode : undefined;
}

/** Prepares images as rows of batches without noise, for a network's input `shape`. */
export function plainPreparation(
  images: Pick<Images, 'packed'>,
  shape: readonly [number, number, number],
  { view = viewOf(shape), decode }: TrainingView = {},
): Preparation {
  return { shape, crop: evaluationCrop(images, view), view, decode };
}

/**
 * Prepares images as rows of a network's batches under a config's noise. `shape` is the network's
 * input [C,H,W]. Throws a ConfigError for noise that does not fit into the crop.
 */
export function preparationOf(
  {
    dropout: _dropout,
    dropPath: _dropPath,
    mix: _mix,
    crop: wanted,
    ...noise
  }: TrainingConfig['noise'],
  images: Pick<Images, 'packed'>,
  shape: readonly [number, number, number],
  { view = viewOf(shape), decode }: TrainingView = {},
): Preparation {
  const crop = wanted === undefined ? trainingCrop(images, shape, view) : cropOf(wanted);
  if (crop.kind === 'random') requireForCropped(noise);
  return { shape, crop, view, decode, noise };
}

/** Throws a ConfigError for noise that is for whole images alone. */
function requireForCropped(noise: InputNoise): void {
  for (const [key, { turn }] of inputNoises)
    if (turn.cropped === undefined && noise[key] !== undefined)
      throw new ConfigError(`noise.${key} is for whole images, but these are cropped at random`, {
        code: 'noise',
        option: ['noise', key],
        hint: `leave ${key} out, or set crop: 'whole'`,
      });
}

function cropOf(crop: NonNullable<TrainingConfig['noise']['crop']>): Crop {
  return typeof crop === 'string' ? { kind: crop } : crop;
}
