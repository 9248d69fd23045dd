import { z } from 'zod';
import type { OnnxModel } from '../../../compiler/onnx/model.js';
import { sourceOf } from '../../../compiler/onnx/model.js';
import { ArtifactError, ConfigError } from '../../../support/errors.js';
import {
  croppings,
  interpolations,
  pixelReadings,
  type Cropping,
  type Interpolation,
  type ImageView,
} from '../../../support/imageView.js';
import { imageLayouts, type Evidence, type ImageInput, type PixelLayout } from './imageInput.js';
import {
  channelOrderBy,
  channelOrders,
  pixelRanges,
  type ChannelOrder,
  type InputHead,
  type PixelRange,
} from './inputHead.js';
import { scoreKinds, type ScoreKind } from './scores.js';

/** Facts that a caller states about an .onnx file, which does not state them or states them wrongly. */
export interface OnnxOptions {
  /** Position of its image's channels. */
  readonly layout?: PixelLayout | undefined;
  /** Height and width of its image, for a network that takes any. */
  readonly size?: readonly [number, number] | undefined;
  /** The range of its pixels. */
  readonly range?: PixelRange | undefined;
  /** First colour: red (`rgb`) or blue (`bgr`). */
  readonly channels?: ChannelOrder | undefined;
  /**
   * Mean of each channel in the order that the network takes them, or one for all, in pixels of
   * that range: its input is (pixel - mean) / std.
   */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  /** The part of an image file that the network sees. */
  readonly crop?: Cropping | undefined;
  /** Crop fraction of a centre crop: its size as a share of the short side, above 0, at most 1. */
  readonly cropPct?: number | undefined;
  /** The filter that resizes images for it. */
  readonly interpolation?: Interpolation | undefined;
  /** The kind of its scores. */
  readonly output?: ScoreKind | undefined;
  /** Output that holds the scores, if there are several. */
  readonly outputName?: string | undefined;
}

/** Conversion of pixels to the numbers of an image, and the evidence for it. */
export interface PixelReading {
  readonly range: PixelRange;
  readonly rangeBy: Evidence;
  readonly channels: ChannelOrder;
  /** `shape` for grey images, which have a single channel. */
  readonly channelsBy: Evidence;
  /** Means by channel, in their order; undefined if nothing is subtracted and divided. */
  readonly mean: readonly number[] | undefined;
  readonly std: readonly number[] | undefined;
  readonly normalisationBy: Evidence;
  readonly notes: readonly string[];
}

/**
 * Settings by which labels were read from an .onnx file: with other readings they are other labels.
 */
export const readingSettingsSchema = z.object({
  layout: z.enum(imageLayouts),
  range: z.enum(pixelRanges),
  /** Older versions always gave red first. */
  channels: z.enum(channelOrders).default('rgb'),
  mean: z.array(z.number()).nullable(),
  std: z.array(z.number()).nullable(),
  /** Height and width. */
  size: z.tuple([z.number(), z.number()]),
  crop: z.enum(croppings),
  /** Null unless the crop is of the centre. */
  cropPct: z.number().nullable(),
  interpolation: z.enum(interpolations),
  pixels: z.enum(pixelReadings),
  output: z.enum(scoreKinds),
  /** The name of the output. */
  scores: z.string(),
});
/** Input and scores of an .onnx classifier. */
export type ReadingSettings = z.output<typeof readingSettingsSchema>;

/** Reading of an .onnx file, and the evidence for it; plain data. */
export interface OnnxReading {
  readonly settings: ReadingSettings;
  readonly image: { readonly name: string; readonly dtype: string; readonly shape: string };
  readonly scores: { readonly name: string; readonly shape: string };
  readonly by: {
    readonly layout: Evidence;
    readonly range: Evidence;
    readonly channels: Evidence;
    readonly normalisation: Evidence;
    readonly crop: Evidence;
    readonly interpolation: Evidence;
    /** Evidence for how the pixels of a file are read. */
    readonly pixels: Evidence;
    /** Description in words. */
    readonly output: string;
  };
  /** Source of the class names: a key of its metadata; null if it has none. */
  readonly classNames: string | null;
  /** Further notes. */
  readonly notes: readonly string[];
}

/** One line on how an .onnx file is read, what of it was assumed, and its notes, a line each. */
export function describeReading(path: string, reading: OnnxReading): string[] {
  const { image, scores, settings, by, notes } = reading;
  const { layout, range, mean, std, output, crop, cropPct, interpolation, pixels } = settings;
  const word = (own: Evidence): string => `(${evidenceWords[own]})`;
  const share = cropPct === null ? '' : ` of ${(100 * cropPct).toFixed(1)} %`;
  const normalised = mean
    ? `mean ${mean.join(',')} and std ${(std ?? []).join(',')} ${word(by.normalisation)}`
    : `no mean or std ${word(by.normalisation)}`;
  const parts = [
    `${image.name} ${image.shape} ${image.dtype}`,
    `channels ${layout === 'nchw' ? 'first' : 'last'} ${word(by.layout)}`,
    ...(by.channels === 'shape'
      ? []
      : [`${settings.channels === 'rgb' ? 'red' : 'blue'} first ${word(by.channels)}`]),
    `pixels ${range} ${word(by.range)}`,
    normalised,
    `crop ${crop}${share} ${word(by.crop)}`,
    `${interpolation} ${word(by.interpolation)}`,
    `files as ${pixels} ${word(by.pixels)}`,
  ];
  const line = `${path}: image ${parts.join(', ')}; output ${scores.name} ${scores.shape}: ${output}, by ${by.output}`;
  return [line, ...notes.map((note) => `note: ${path}: ${note}`)];
}

const evidenceWords: Readonly<Record<Evidence, string>> = {
  told: 'as told',
  file: 'by its metadata',
  graph: 'by its first nodes',
  shape: 'by its shape',
  type: 'by its type',
  assumed: 'assumed',
};

/** Describes how two readings of one file differ; undefined if they do not. */
export function readingDifference(a: ReadingSettings, b: ReadingSettings): string | undefined {
  const keys = Object.keys(readingSettingsSchema.shape) as (keyof ReadingSettings)[];
  const others = keys.filter((own) => JSON.stringify(a[own]) !== JSON.stringify(b[own]));
  if (others.length === 0) return undefined;
  const words = (value: ReadingSettings[keyof ReadingSettings]): string =>
    value === null ? 'none' : String(value);
  const told = others.map((key) => `${key} ${words(b[key])}, not ${words(a[key])}`);
  return `with another interpretation of the network: ${told.join('; ')}`;
}

/**
 * Decides how the numbers of the image are made: as given, otherwise as the file's metadata or
 * first nodes say.
 */
export function pixelReadingOf(
  { dtype, image: [channels] }: ImageInput,
  head: InputHead,
  { metadata, ...model }: OnnxModel,
  options: OnnxOptions,
  path: string,
): PixelReading {
  const told = toldNormalisation(options, channels, path);
  const order = orderOf(options, channels, head, path);
  if (dtype === 'uint8') {
    if (told ?? options.range === '0..1')
      throw new ConfigError(`${path} takes bytes, which cannot be scaled or normalised`, {
        code: 'onnx-option',
        option: ['onnx', told ? 'mean' : 'range'],
        hint: 'leave the range, the mean and the std out',
      });
    const none = { mean: undefined, std: undefined, notes: [] };
    return { range: '0..255', rangeBy: 'type', normalisationBy: 'type', ...order, ...none };
  }
  const recorded = recordedPixels(metadata, channels, path);
  const range = options.range ?? recorded?.range ?? head.range ?? '0..1';
  const by = (inOptions: boolean): Evidence =>
    inOptions ? 'told' : recorded ? 'file' : head.range ? 'graph' : 'assumed';
  const notes: string[] = [];
  if (head.range && head.range !== range)
    notes.push(`its first nodes (${head.by}) are for pixels ${head.range}`);
  if (!recorded && !told && !head.range && isOwn(model))
    notes.push(
      'Gradus wrote it, but its metadata, which quantisers drop, is missing: its mean and std are unknown',
    );
  const { mean, std } = told ?? recorded ?? { mean: undefined, std: undefined };
  if (order.channelsBy === 'assumed' && mean && channelOrderBy(mean) === 'bgr')
    notes.push(
      'its mean is that of ImageNet with blue first, but its channels are set to red first: set which is right',
    );
  if (range === '0..1' && mean?.some((m) => Math.abs(m) > 1.5))
    throw new ConfigError(`a mean of ${mean.join(',')} is not one of pixels from 0 to 1`, {
      code: 'onnx-option',
      ...(told ? { option: ['onnx', 'mean'] } : { where: path }),
      hint: 'set the range of the pixels to 0 to 255, or divide mean and std by 255',
    });
  return {
    range,
    rangeBy: by(options.range !== undefined),
    ...order,
    mean,
    std,
    normalisationBy: by(told !== undefined),
    notes,
  };
}

/** Decides which colour comes first: as given, otherwise as the means in the first nodes say. */
function orderOf(
  { channels: told }: OnnxOptions,
  count: number,
  head: InputHead,
  path: string,
): Pick<PixelReading, 'channels' | 'channelsBy'> {
  if (count === 1) {
    if (told !== undefined)
      throw new ConfigError(`${path} takes grey images, whose one channel has no order`, {
        code: 'onnx-option',
        option: ['onnx', 'channels'],
        hint: 'leave the order of the channels out',
      });
    return { channels: 'rgb', channelsBy: 'shape' };
  }
  if (told !== undefined) return { channels: told, channelsBy: 'told' };
  return head.order
    ? { channels: head.order, channelsBy: 'graph' }
    : { channels: 'rgb', channelsBy: 'assumed' };
}

interface Normalisation {
  readonly mean: readonly number[] | undefined;
  readonly std: readonly number[] | undefined;
}

function toldNormalisation(
  { mean, std }: OnnxOptions,
  channels: number,
  path: string,
): Normalisation | undefined {
  if (!mean && !std) return undefined;
  const filled = (values: readonly number[] | undefined, missing: number): number[] => {
    const own = values ?? [missing];
    return Array.from({ length: channels }, (_, c) => own[own.length === 1 ? 0 : c] ?? NaN);
  };
  for (const [where, values] of Object.entries({ mean, std })) {
    if (!values || ([1, channels].includes(values.length) && isUsable(where, values))) continue;
    throw new ConfigError(
      `a ${where} of ${values.join(',')} does not fit the ${channels === 1 ? 'one channel' : `${channels} channels`} of ${path}`,
      {
        code: 'onnx-option',
        where,
        hint: `pass ${channels === 1 ? 'one number' : `${channels} numbers separated by commas, or one for all`}${where === 'std' ? ', each above 0' : ''}`,
      },
    );
  }
  return plain({ mean: filled(mean, 0), std: filled(std, 1) });
}

function isUsable(where: string, values: readonly number[]): boolean {
  return values.every((value) => Number.isFinite(value) && (where === 'mean' || value > 0));
}

/** Without what changes nothing. */
function plain({ mean, std }: Required<Normalisation>): Normalisation {
  const same = (mean ?? []).every((m) => m === 0) && (std ?? []).every((s) => s === 1);
  return same ? { mean: undefined, std: undefined } : { mean, std };
}

/** The record of an export by Gradus about the pixels of float images. */
function recordedPixels(
  metadata: OnnxModel['metadata'],
  channels: number,
  path: string,
): (Normalisation & { readonly range: PixelRange }) | undefined {
  const text = { mean: metadata['gradus.mean'], std: metadata['gradus.std'] };
  const range = recordedChoice(metadata, 'gradus.range', pixelRanges, path) ?? '0..1';
  if (text.mean === undefined && text.std === undefined)
    return metadata['gradus.range'] === undefined
      ? undefined
      : { range, mean: undefined, std: undefined };
  const [mean, std] = [text.mean, text.std].map((own) =>
    (own ?? '').split(',').filter(Boolean).map(Number),
  );
  // A model without statistics of its own has no numbers here.
  if (mean?.length === 0 && std?.length === 0) return { range, mean: undefined, std: undefined };
  const fits = (where: string, values: readonly number[] | undefined): boolean =>
    values?.length === channels && isUsable(where, values);
  if (!fits('mean', mean) || !fits('std', std))
    throw new ArtifactError(`${path} has a mean and a std that do not fit its image`, {
      code: 'onnx-metadata',
      where: path,
      notes: [`gradus.mean: ${text.mean ?? ''}`, `gradus.std: ${text.std ?? ''}`],
      hint: 'export the network again',
    });
  return { range, ...plain({ mean, std }) };
}

/** A value of the metadata that is one of a few. Throws an ArtifactError for another. */
export function recordedChoice<const T extends string>(
  metadata: OnnxModel['metadata'],
  key: string,
  allowed: readonly T[],
  path: string,
): T | undefined {
  const text = metadata[key];
  if (text === undefined) return undefined;
  const found = allowed.find((value) => value === text);
  if (found !== undefined) return found;
  throw new ArtifactError(`${path} has ${key} ${JSON.stringify(text)} in its metadata`, {
    code: 'onnx-metadata',
    where: path,
    hint: `export the network again with one of ${allowed.join(', ')}`,
  });
}

/** Evidence for the part of an image file that a network sees. */
export type ViewEvidence = Pick<OnnxReading['by'], 'crop' | 'interpolation' | 'pixels'>;

export function viewEvidence(
  { crop, cropPct, interpolation }: OnnxOptions,
  metadata: OnnxModel['metadata'],
): ViewEvidence {
  const by = (told: unknown, ...keys: readonly string[]): Evidence => {
    if (told !== undefined) return 'told';
    return keys.some((key) => metadata[`gradus.${key}`] !== undefined) ? 'file' : 'assumed';
  };
  return {
    crop: by(crop ?? cropPct, 'crop', 'crop_pct'),
    interpolation: by(interpolation, 'interpolation'),
    pixels: by(undefined, 'pixels'),
  };
}

/** A share that a caller gives. Throws a ConfigError unless it is above 0 and at most 1. */
export function toldShare(share: number | undefined): number | undefined {
  if (share === undefined || (share > 0 && share <= 1)) return share;
  throw new ConfigError(`the centre crop ${share} is not a fraction of the short side`, {
    code: 'onnx-option',
    option: ['onnx', 'cropPct'],
    hint: 'pass a fraction above 0 and at most 1, such as 0.875',
  });
}

/** Throws a ConfigError for a share of the short side that the view has no use for. */
export function requireCentre({ cropPct }: OnnxOptions, { crop }: ImageView, path: string): void {
  if (cropPct === undefined || crop === 'centre') return;
  throw new ConfigError(`${path} uses crop ${crop}, which has no fraction`, {
    code: 'onnx-option',
    option: ['onnx', 'cropPct'],
    hint: 'set the crop to centre, or leave the fraction out',
  });
}

/** Mean from 0 to 1 that gives the bars of `pad` their colour, as for a checkpoint; empty if it is not known. */
export function barMean(
  { range, mean, channels }: PixelReading,
  metadata: OnnxModel['metadata'],
): readonly number[] {
  if (mean) {
    const scaled = mean.map((own) => (range === '0..255' ? own / 255 : own));
    return channels === 'bgr' ? scaled.reverse() : scaled;
  }
  const recorded = (metadata['gradus.mean'] ?? '').split(',').map(Number);
  return recorded.every((own) => own >= 0 && own <= 1) ? recorded : [];
}

/** A share of the metadata, above 0 and up to 1. Throws an ArtifactError for another value. */
export function recordedShare(
  metadata: OnnxModel['metadata'],
  key: string,
  path: string,
): number | undefined {
  const text = metadata[key];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new ArtifactError(`${path} has ${key} ${JSON.stringify(text)} in its metadata`, {
    code: 'onnx-metadata',
    where: path,
    hint: 'export the network again with a fraction above 0 and at most 1',
  });
}

/** True if Gradus wrote a model, which its metadata may no longer say. */
function isOwn({ producerName, docString, graph }: Omit<OnnxModel, 'metadata'>): boolean {
  if (producerName === 'gradus' || docString.endsWith('exported by Gradus')) return true;
  const [first] = graph.nodes;
  return first !== undefined && sourceOf(first) !== undefined;
}
