import { z } from 'zod';
import { ArtifactError } from '../support/errors.js';
import { croppings, interpolations, pixelReadings } from '../support/imageView.js';
import type { Manifest } from './manifest.js';

const dtype = z.enum([
  'float64',
  'float32',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'uint8',
  'bool',
]);

const role = z
  .enum([
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
  ])
  .describe('What the tensor is for.');

const size = z.int().min(0);
const probability = z.number().gt(0).max(1);
const dottedName = z.string().min(1);

const segmentSchema = z
  .object({
    param: dottedName,
    offset: size.describe('First element inside the packed tensor.'),
    shape: z.array(size),
  })
  .describe('Part of a packed tensor that belongs to one parameter.');

const formulaSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('biasCorrection').describe('1 - base^t, t the step counted from 1.'),
      base: z.number(),
    }),
    z.object({ kind: z.literal('stepNumber').describe('t, the step counted from 1.') }),
  ])
  .describe('A number known from the index of the step alone.');

const tensorSchema = z
  .object({
    name: z.string().min(1),
    role,
    dtype,
    shape: z
      .array(z.union([size, z.string().regex(/^[0-9]*[A-Za-z_]+$/)]))
      .describe(
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
      .describe('On such an output: it may be written over that input.'),
    slot: z.string().optional().describe('On a state: its name.'),
    initial: z
      .union([z.enum(['zeros', 'ones', 'param']), z.number()])
      .optional()
      .describe(
        'On a state or ema: how it starts; param: as a copy of what it belongs to; a number: as that.',
      ),
    meaning: z.string().optional().describe('On a hyper: what it is, in words.'),
    default: z.number().optional().describe('On a hyper: its value where the user says nothing.'),
    formula: formulaSchema.optional(),
    site: z
      .int()
      .min(0)
      .max(0xffffffff)
      .optional()
      .describe('On a noise input: FNV-1a of siteName.'),
    siteName: z.string().optional().describe('On a noise input: the dotted name of its layer.'),
    kind: z.enum(['dropout', 'stochasticDepth']).optional().describe('On a noise input.'),
    survival: probability.optional().describe('A mask element is 1 with this probability, else 0.'),
    keep: probability.optional().describe('A mask element is 1 with this probability, else 0.'),
    segments: z.array(segmentSchema).optional(),
    mean: z
      .object({
        name: z.string().describe('What the mean is called, such as accuracy.'),
        over: z.string().describe('The output of this artifact that the sum is to be divided by.'),
      })
      .optional()
      .describe('On a weighted sum: its mean.'),
  })
  .describe('One input or output of an artifact.');

const artifactSchema = z.object({
  file: z.string().min(1).describe('File name, beside the manifest.'),
  inputs: z.array(tensorSchema),
  outputs: z.array(tensorSchema),
  steps: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Training steps of one run, at most; 1 where it is missing. What each is given is stacked in front.',
    ),
  leastBatch: z
    .int()
    .min(2)
    .optional()
    .describe('Images that a dynamic batch needs at least; 1 where it is missing.'),
});

const paramSchema = z.object({
  name: dottedName,
  kind: z.enum(['param', 'buffer']),
  shape: z.array(size),
  decay: z.boolean().describe('Whether weight decay applies.'),
  frozen: z
    .boolean()
    .optional()
    .describe('Whether the training artifacts leave it as it is; false where it is missing.'),
});

const level = z.int().min(0).max(255);

const viewSchema = z
  .object({
    interpolation: z.enum(interpolations).describe("Pillow's filter of the same name."),
    crop: z
      .enum(croppings)
      .describe(
        'centre: the short side is resized to size / cropPct, the middle taken; squash: all is resized; pad: all with its proportions, between bars.',
      ),
    cropPct: probability,
    pixels: z
      .enum(pixelReadings)
      .describe('seen: by EXIF and profile, on white; stored: none of that.'),
    fill: z.tuple([level, level, level]).describe('Colour of the bars.'),
  })
  .describe('How an image file becomes the image, apart from mean and std.');

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
      .describe('Of the model file as it was compiled.'),
    target: z.string(),
    block: z.int().positive().optional(),
    costs: z.string().optional(),
    opset: z.int().min(17),
    batch: z.union([z.int().min(1), z.literal('dynamic')]),
    classes: z.int().min(1),
    image: z.tuple([size, size, size]).describe('[C,H,W]'),
    imageFormat: z.enum(['float32-nchw', 'uint8-nhwc']),
    view: viewSchema.optional(),
    optimizer: z.string().nullable(),
    params: z.array(paramSchema),
    artifacts: z.object({
      infer: artifactSchema.optional(),
      forward: artifactSchema.optional(),
      grad: artifactSchema.optional(),
      update: artifactSchema.optional(),
      train: artifactSchema.optional(),
      init: artifactSchema.optional(),
      'training-info': artifactSchema.optional(),
    }),
  })
  .describe('Everything a program needs to train with the artifacts beside it.');

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
    hint: 'compile the model again: gradus compile MODEL --out DIR',
  });
}

interface Naming {
  readonly what: string;
  readonly hint: string;
}

/** Parses JSON text by a schema; an ArtifactError names the file and the keys that are wrong. */
export function checked<T>(
  schema: z.ZodType<T>,
  text: string,
  file: string,
  { what, hint }: Naming,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ArtifactError(`${file} is no ${what}: it is not JSON`, {
      code: `${what.replaceAll(' ', '-')}-invalid`,
      where: file,
      hint,
      cause,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `  ${path.map(String).join('.') || '(top level)'}: ${message}`);
  throw new ArtifactError(`${file} is no ${what}:\n${problems.join('\n')}`, {
    code: `${what.replaceAll(' ', '-')}-invalid`,
    where: file,
    hint,
  });
}
