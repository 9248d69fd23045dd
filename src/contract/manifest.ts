import { z } from 'zod';
import { noiseKinds } from './choices.js';
import { dtypeNames } from '../support/dtype.js';
import { call, phrase } from '../support/phrase.js';
import { croppings, interpolations, pixelReadings, type ImageView } from '../support/imageView.js';
import { artifactKinds, type ArtifactKind } from './artifactKinds.js';
import { checked, list } from './schema.js';
import { imageFormats } from './imageFormats.js';

/*
 * The types are those that the schemas give. Each is named and readonly, and a schema in which another stands
 * is told its name, so that an editor shows names in place of what they stand for.
 */

const roles = [
  'image',
  'target',
  'weight',
  'hyper',
  'noise',
  'param',
  'buffer',
  'state',
  'ema',
  'loss',
  'logits',
  'grad',
  'metric',
] as const;

/** Purpose of a tensor of an artifact. */
export type Role = (typeof roles)[number];

const size = z.int().min(0);
const probability = z.number().gt(0).max(1);
const dottedName = z.string().min(1);

const segmentSchema = z
  .object({
    param: dottedName,
    offset: size.describe('First element inside the packed tensor.'),
    shape: list(size),
  })
  .describe('Part of a packed tensor that belongs to one parameter.');

/** Part of a packed tensor that belongs to one parameter. */
export interface Segment extends Readonly<z.infer<typeof segmentSchema>> {}

const formulaSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z
        .literal('biasCorrection')
        .describe("1 - base^t, with t the step counted from 1: Adam's bias correction."),
      base: z.number(),
    }),
    z.object({ kind: z.literal('stepNumber').describe('t, the step counted from 1.') }),
  ])
  .describe('A number that follows from the index of the step alone.');

/** A number known from the step's index alone. */
export type HyperFormula = Readonly<z.infer<typeof formulaSchema>>;

const meanSchema = z
  .object({
    name: z.string().describe('Name of the mean, such as accuracy.'),
    over: z.string().describe('The output of this artifact to divide the sum by.'),
  })
  .describe('On a weighted sum: its mean.');

const tensorSchema = z
  .object({
    name: z.string().min(1),
    role: z.enum(roles).describe('What the tensor is for.'),
    dtype: z.enum(dtypeNames),
    shape: list(z.union([size, z.string().regex(/^[0-9]*[A-Za-z_]+$/)])).describe(
      'Numbers, or multiples of the batch such as "N" and "49N"; "K" for the steps of a run.',
    ),
    param: dottedName.optional().describe('The parameter or buffer that it belongs to.'),
    replaces: z
      .string()
      .optional()
      .describe('On an output: the input that takes this value at the next step.'),
    inPlace: z
      .boolean()
      .optional()
      .describe('On such an output: it may be written over that input, which is read before.'),
    slot: z
      .string()
      .optional()
      .describe(
        'On a state: its name, such as momentum, or lossScale, which belongs to no parameter.',
      ),
    initial: z
      .union([z.enum(['zeros', 'ones', 'param']), z.number()])
      .optional()
      .describe(
        'On a state or ema: its initial value; param: a copy of what it belongs to; a number: that number.',
      ),
    meaning: z.string().optional().describe('On a hyper: what it is, in words.'),
    default: z.number().optional().describe('On a hyper: its default.'),
    formula: (formulaSchema as z.ZodType<HyperFormula>).optional(),
    site: z
      .int()
      .min(0)
      .max(0xffffffff)
      .optional()
      .describe("On a noise input: FNV-1a of siteName, the third word of the generator's counter."),
    siteName: z.string().optional().describe('On a noise input: the dotted name of its layer.'),
    kind: z.enum(noiseKinds).optional().describe('On a noise input.'),
    survival: probability
      .optional()
      .describe('Probability that a branch survives, i.e. that a mask element is 1 and not 0.'),
    keep: probability
      .optional()
      .describe('Probability that an element is kept, i.e. that a mask element is 1 and not 0.'),
    segments: list<Segment>(segmentSchema).optional(),
    mean: meanSchema.optional(),
  })
  .describe('One input or output of an artifact.');

/** One input or output of an artifact. A dimension is a number or a symbol such as `N`. */
export interface TensorInfo extends Readonly<z.infer<typeof tensorSchema>> {}

const artifactSchema = z.object({
  file: z.string().min(1).describe('File name, beside the manifest.'),
  inputs: list<TensorInfo>(tensorSchema),
  outputs: list<TensorInfo>(tensorSchema),
  steps: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Maximum number of training steps of one run (default: 1). Per-step inputs and outputs are stacked along a leading axis: K, if a run may have any number of steps.',
    ),
  leastBatch: z.int().min(2).optional().describe('Smallest dynamic batch (default: 1).'),
});

/** Inputs and outputs of a compiled graph. */
export interface ArtifactInfo extends Readonly<z.infer<typeof artifactSchema>> {}

const paramSchema = z.object({
  name: dottedName,
  kind: z.enum(['param', 'buffer']),
  shape: list(size),
  decay: z.boolean().describe('Whether weight decay applies: not to biases and normalisation.'),
  frozen: z
    .boolean()
    .optional()
    .describe('Whether the training artifacts leave it unchanged (default: false).'),
});

/** A parameter or buffer of the network. */
export interface ParamInfo extends Readonly<z.infer<typeof paramSchema>> {}

const level = z.int().min(0).max(255);

const viewSchema = z
  .object({
    interpolation: z.enum(interpolations).describe("Pillow's filter of the same name."),
    crop: z
      .enum(croppings)
      .describe(
        'centre: resize the short side to size / cropPct and take the middle; squash: resize without keeping the proportions; pad: keep the proportions and fill up with bars.',
      ),
    cropPct: probability,
    pixels: z
      .enum(pixelReadings)
      .describe(
        'seen: apply EXIF orientation and colour profile, on white; stored: apply neither.',
      ),
    fill: z.tuple([level, level, level]).describe('Colour of the bars.'),
  })
  .describe('How an image file becomes the image, apart from mean and std.');

const imageShape: z.ZodType<readonly [number, number, number]> = z.tuple([size, size, size]);

const kindSchema = (artifactSchema as z.ZodType<ArtifactInfo>).optional();

const manifestSchema = z
  .object({
    $schema: z.string().optional(),
    format: z.literal('gradus-manifest'),
    version: z.literal(1),
    name: z.string(),
    model: z.string().describe('The model file as given, or the name of a shipped model.'),
    architectureHash: z.string(),
    architecture: z
      .string()
      .regex(/^[\w.-]+$/)
      .optional()
      .describe('File beside this one that holds the network for evaluation as data.'),
    modelSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe(
        'SHA-256 of the model file as it was compiled; absent for a shipped model or one without a file.',
      ),
    target: z.string(),
    block: z
      .int()
      .positive()
      .optional()
      .describe(
        'Channels of a block of the layout that the graphs are written for; they run only if onnxruntime has that layout.',
      ),
    costs: z
      .string()
      .optional()
      .describe(
        'Hash of the table of measured costs by which lowerings were chosen (default: estimates).',
      ),
    opset: z.int().min(17),
    batch: z.union([z.int().min(1), z.literal('dynamic')]),
    classes: z.int().min(1),
    image: imageShape.describe('[C,H,W]'),
    imageFormat: z.enum(imageFormats),
    view: (viewSchema as z.ZodType<ImageView>).optional(),
    optimizer: z.string().nullable(),
    params: list<ParamInfo>(paramSchema),
    artifacts: z.object(
      Object.fromEntries(artifactKinds.map((kind) => [kind, kindSchema])) as {
        readonly [K in ArtifactKind]: typeof kindSchema;
      },
    ),
  })
  .describe('Everything a program needs to train with the artifacts beside it.');

/** Everything a program needs to train with the artifacts; its JSON schema is schemas/manifest.schema.json. */
export interface Manifest extends Readonly<z.infer<typeof manifestSchema>> {}

/** The JSON schema of a manifest; schemas/manifest.schema.json holds it. */
export function manifestJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    title: 'A manifest of Gradus',
    ...z.toJSONSchema(manifestSchema, { io: 'input', reused: 'ref' }),
  };
}

/** Reads the text of a manifest. Throws an ArtifactError that lists what is wrong in `file`. */
export function parseManifest(text: string, file: string): Manifest {
  return checked(manifestSchema, text, file, {
    what: 'manifest',
    hint: phrase`compile the model again: ${call('compileModel', 'MODEL', { out: 'DIR' })}`,
  });
}
