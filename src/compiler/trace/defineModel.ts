import type { Value } from '../ir/graph.js';
import { limits } from '../../support/limits.js';
import { ModelError } from '../../support/errors.js';
import {
  croppings,
  interpolations,
  pixelReadings,
  smallBelow,
  type ViewChoices,
} from '../../support/imageView.js';
import { nearest } from '../../support/nearest.js';
import { currentSite } from './callSites.js';

/** The network's input: an image [C,H,W]; the batch is left open. */
export interface ImageInput extends ViewChoices {
  readonly kind: 'image';
  readonly shape: readonly [number, number, number];
  /** Mean of each channel, for pixels in 0..1; used if the graph itself normalises 8-bit images. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Beside the statistics: how an image file becomes the input; see ImageView. */
export interface ImageOptions extends ViewChoices {
  /** Mean of each channel for pixels in 0..1; default 0. */
  readonly mean?: readonly number[];
  /** Standard deviation of each channel for pixels in 0..1; default 1. */
  readonly std?: readonly number[];
}

/**
 * An image input of C channels, H rows and W columns. Evaluation resizes images by `interpolation`
 * (default bicubic) and takes what `crop` says: 'centre' resizes the short side to size / cropPct and
 * takes the middle, 'squash' resizes all of the image, 'pad' keeps its proportions between bars.
 * Default: 'squash' below 128 px, else 'centre' with a cropPct of size / (size + 32). `pixels`:
 * 'stored' reads files as torchvision does, without EXIF, transparency and profiles (default: 'seen').
 * Errors: a size that is not a whole number of at least 1, statistics whose number is not that of
 * the channels, a cropPct outside (0, 1] or without 'centre'.
 *
 * @example image(3, 224, 224, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] })
 * @example image(3, 224, 224, { interpolation: 'bilinear', crop: 'centre', cropPct: 0.875 })
 */
export function image(
  channels: number,
  height: number,
  width: number,
  options: ImageOptions = {},
): ImageInput {
  const shape = [channels, height, width] as const;
  if (!shape.every((size) => Number.isInteger(size) && size >= 1))
    throw inputError(
      `image: [${shape.join(',')}] is not an image shape`,
      'channels, height and width must be whole numbers of at least 1',
    );
  const mean = options.mean ?? new Array<number>(channels).fill(0);
  const std = options.std ?? new Array<number>(channels).fill(1);
  if (mean.length !== channels || std.length !== channels || !std.every((v) => v > 0))
    throw inputError(
      `image: mean [${mean.join(',')}] and std [${std.join(',')}] do not fit ${channels} channels`,
      'pass one number per channel, and each std above 0',
    );
  return { kind: 'image', shape, mean, std, ...checkedView(options, Math.min(height, width)) };
}

/** The choices that are made; a share of the short side means a crop of the middle at any size. */
function checkedView(
  { interpolation, crop: chosen, cropPct, pixels }: ViewChoices,
  size: number,
): ViewChoices {
  const crop = chosen ?? (cropPct !== undefined && size < smallBelow ? 'centre' : undefined);
  requireOneOf('interpolation', interpolation, interpolations);
  requireOneOf('crop', crop, croppings);
  requireOneOf('pixels', pixels, pixelReadings);
  if (cropPct !== undefined && !(cropPct > 0 && cropPct <= 1 && (crop ?? 'centre') === 'centre'))
    throw inputError(
      `image: cropPct ${cropPct}${chosen === undefined ? '' : ` with crop '${chosen}'`}`,
      "cropPct must be above 0 and at most 1, for example 0.875, and goes with crop: 'centre'",
    );
  return {
    ...(interpolation !== undefined && { interpolation }),
    ...(crop !== undefined && { crop }),
    ...(cropPct !== undefined && { cropPct }),
    ...(pixels !== undefined && { pixels }),
  };
}

function requireOneOf(key: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  const near = nearest(value, known);
  throw inputError(
    `image: ${key} ${JSON.stringify(value)} is not one of ${known.join(', ')}`,
    near === undefined ? `give ${known.join(', ')}` : `did you mean ${near}?`,
  );
}

function inputError(message: string, hint: string): ModelError {
  return new ModelError(message, { code: 'input', where: currentSite(), hint });
}

/** Second argument of a build function: sizes and rates that a caller may override. */
export interface BuildContext {
  readonly classes: number;
  /** Dropout rate before the classifier. */
  readonly drop: number;
  /** Stochastic-depth rate of the last block. */
  readonly dropPath: number;
}

export interface ModelDescription {
  readonly name: string;
  readonly input: ImageInput;
  readonly classes: number;
  /** Default dropout rate before the classifier; a model without it cannot be given one. */
  readonly drop?: number;
  /** Default stochastic-depth rate of the last block; a model without it cannot be given one. */
  readonly dropPath?: number;
  /** From the image [N,C,H,W] to logits [N,classes]. */
  readonly build: (x: Value, context: BuildContext) => Value;
}

const brand = Symbol.for('gradus.model');

/** A network that can be traced; `defineModel` makes it. */
export interface Model extends ModelDescription {
  readonly [brand]: true;
}

/**
 * Declares a network; a model file's default export. `build` goes from the image [N,C,H,W] to
 * logits [N,classes]. Errors: an empty name, fewer than 1 class.
 *
 * @example
 * export default defineModel({
 *   name: 'digits', input: image(1, 28, 28), classes: 10,
 *   build: (x, { classes }) => linear(flatten(x), { name: 'fc', out: classes }),
 * });
 */
export function defineModel(description: ModelDescription): Model {
  const { name, classes } = description;
  if (!isModelName(name))
    throw inputError(
      `defineModel: ${JSON.stringify(name)} is not a model name`,
      'use letters, digits, _, - and dots: files are named after the model',
    );
  checkClasses(name, classes);
  return { ...description, [brand]: true };
}

/** True for a name that files can have. */
export function isModelName(name: string): boolean {
  return /^[\w.-]+$/.test(name);
}

/** Throws unless a number of classes is a whole number of at least 1. */
export function checkClasses(name: string, classes: number): void {
  if (!Number.isInteger(classes) || classes < 1 || classes > limits.classes)
    throw inputError(
      `${name}: ${classes} classes`,
      `the number of classes must be a whole number from 1 to ${limits.classes}`,
    );
}

/** True if a value was made by `defineModel`, in this copy of Gradus or another. */
export function isModel(value: unknown): value is Model {
  return typeof value === 'object' && value !== null && brand in value;
}
