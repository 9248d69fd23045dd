/**
 * Image preprocessing by the publisher of weights: timm's `pretrained_cfg`, in a config.json beside
 * the weights or in the header of the file itself.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readError } from '../../runtime/storage/fileErrors.js';
import { placesOf } from '../../runtime/storage/places.js';
import { ArtifactError } from '../../support/errors.js';
import { croppings, interpolations, type Cropping } from '../../support/imageView.js';
import { limits } from '../../support/limits.js';
import { field } from '../../support/objects.js';
import type { LoadedModel } from '../../language/frontend/loadModel.js';
import type { WeightFiles } from './weightFiles.js';

const share = z.number().gt(0).max(1);
const side = z.int().min(1).max(limits.size);
const size = z.tuple([z.int().min(1), side, side]);

/** The keys of timm that are read; those of a test hold for evaluation, if they are there. */
const timmSchema = z.object({
  input_size: size.nullish(),
  test_input_size: size.nullish(),
  crop_pct: share.nullish(),
  test_crop_pct: share.nullish(),
  crop_mode: z.string().nullish(),
  interpolation: z.string().nullish(),
  mean: z.array(z.number()).min(1).nullish(),
  std: z.array(z.number().gt(0)).min(1).nullish(),
});

/** Choices that take the place of a model's own; plain data, which the checkpoint keeps. */
const choicesSchema = z.object({
  mean: z.array(z.number()).optional(),
  std: z.array(z.number().gt(0)).optional(),
  interpolation: z.enum(interpolations).optional(),
  crop: z.enum(croppings).optional(),
  cropPct: share.optional(),
});

/** Choices of pixels, checked. */
export type PixelChoices = z.output<typeof choicesSchema>;

export interface PublishedPixels {
  /** The file that tells them. */
  readonly from: string;
  /** Height and width that evaluation is to take, in pixels. */
  readonly size?: number | undefined;
  readonly choices: PixelChoices;
  /** Keys that Gradus has no equal of. */
  readonly warnings: readonly string[];
}

/**
 * Reads the pixels that the publisher of weights states, for evaluation at `wanted` pixels or the size
 * stated; undefined if none are. Throws an ArtifactError for values that cannot be.
 */
export function publishedPixels(
  { path, metadata }: Pick<WeightFiles, 'path' | 'metadata'>,
  channels: number,
  wanted: number | undefined,
): PublishedPixels | undefined {
  const beside = join(dirname(path), 'config.json');
  const inHeader = metadata['pretrained_cfg'];
  const from = inHeader === undefined ? beside : path;
  if (inHeader === undefined && !existsSync(beside)) return undefined;
  const stated = timmPart(parsed(inHeader ?? readText(beside), from));
  if (stated === undefined) return undefined;
  const result = timmSchema.safeParse(stated);
  if (!result.success) {
    const notes = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw wrong(from, notes);
  }
  return pixelsOf(result.data, from, { channels, wanted });
}

function pixelsOf(
  timm: z.output<typeof timmSchema>,
  from: string,
  { channels, wanted }: { readonly channels: number; readonly wanted: number | undefined },
): PublishedPixels {
  const { mean, std, interpolation, crop_mode: mode } = timm;
  for (const [key, values] of Object.entries({ mean, std }))
    if (values && values.length !== channels)
      throw wrong(from, [`${key}: ${values.length} numbers for ${channels} channels`]);
  const sizes = [timm.test_input_size, timm.input_size].map((own) => own ?? undefined);
  const stated = sizes.find((own) => own !== undefined);
  const square = stated?.[1] === stated?.[2];
  const asTrained = wanted !== undefined && wanted === timm.input_size?.[1];
  const cropPct = (asTrained ? undefined : timm.test_crop_pct) ?? timm.crop_pct ?? undefined;
  const crop = cropOf(mode ?? (cropPct === undefined ? undefined : 'center'));
  const filter = interpolations.find((own) => own === interpolation);
  const warnings = [
    ...(square ? [] : [`input_size ${stated?.slice(1).join('x')} is not square`]),
    ...(mode && crop === undefined ? [`crop_mode ${mode} is not known`] : []),
    ...(interpolation && filter === undefined
      ? [`interpolation ${interpolation} is not known`]
      : []),
    ...(crop !== undefined && crop !== 'centre' && cropPct !== undefined && cropPct < 1
      ? [`crop_pct ${cropPct} with crop_mode ${mode} is read as 1`]
      : []),
  ];
  const choices = {
    ...(mean && { mean }),
    ...(std && { std }),
    ...(filter && { interpolation: filter }),
    ...(crop && { crop }),
    ...(crop === 'centre' && { cropPct }),
  };
  return {
    from,
    size: square ? stated?.[1] : undefined,
    choices: choicesSchema.parse(choices),
    warnings: warnings.map((text) => `${from}: ${text}`),
  };
}

/** timm's `squash` and `border` are whole images, as far as crop_pct is 1. */
function cropOf(mode: string | undefined): Cropping | undefined {
  switch (mode) {
    case 'center':
      return 'centre';
    case 'squash':
      return 'squash';
    case 'border':
      return 'pad';
    default:
      return undefined;
  }
}

/** A hub folder's config has the part by name, an old one is that part; other libraries' have none. */
function timmPart(config: unknown): unknown {
  const part = field(config, 'pretrained_cfg');
  if (part !== undefined) return part;
  const keys = ['input_size', 'crop_pct', 'mean'];
  return keys.some((key) => field(config, key) !== undefined) ? config : undefined;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw readError(error, path);
  }
}

function parsed(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(from, ['it is not JSON']);
  }
}

function wrong(from: string, notes: readonly string[]): ArtifactError {
  return new ArtifactError(`${from} does not describe the network's input images`, {
    code: 'published-pixels',
    where: from,
    notes,
    hint: "correct it, or move it away to use the model's own settings",
  });
}

/** A model whose images are given as the publisher of its weights states. */
export function withPixels(loaded: LoadedModel, choices: PixelChoices | undefined): LoadedModel {
  if (choices === undefined) return loaded;
  const { model } = loaded;
  return { ...loaded, model: { ...model, input: { ...model.input, ...choices } } };
}

/** The choices that an imported checkpoint keeps. Throws an ArtifactError if they were damaged. */
export function importedPixels(config: unknown, path: string): PixelChoices | undefined {
  const recorded = field(field(config, 'imported'), 'pixels');
  if (recorded === undefined) return undefined;
  const result = choicesSchema.safeParse(recorded);
  if (result.success) return result.data;
  throw wrong(
    placesOf(path).state,
    result.error.issues.map(({ path: key, message }) => `${key.join('.')}: ${message}`),
  );
}
