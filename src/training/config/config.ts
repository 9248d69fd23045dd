import { z } from 'zod';
import type { TrainingConfig, WrittenTraining } from '../../../generated/config.js';
import { decodings, checkpointChoices } from '../../contract/choices.js';
import { precisions } from '../../contract/precisions.js';
import type { KeyLocator } from '../../language/frontend/configKeys.js';
import type { ModelName } from '../../language/models/index.js';
import type { Optimizer } from '../../compiler/optim/index.js';
import type { Schedule } from '../../runtime/engine/schedules.js';
import { wholeSets, type WholeSet } from '../../data/datasets/index.js';
import { defaultUnreadable } from '../../data/loader/unreadable.js';
import { limits } from '../../support/limits.js';
import { isObject } from '../../support/objects.js';
import { explainIssues } from './configProblems.js';
import { inputNoiseSchemas, optimizerSchema, pairSchema } from './optionSchemas.js';
import { autoDevice, deviceNames, usualStepsPerRun } from '../../runtime/machine/deviceNames.js';

/** A rate that drops something: 0 keeps all, 1 would drop everything. */
const dropRate = z.number().min(0).lt(1);
/** The weight of the past in an average. */
const average = z.number().min(0).lt(1);
const upTo = (most: number) => z.int().min(1).max(most);
const count = upTo(limits.images);
const positive = z.number().gt(0);
/** A number above 0 that a graph holds as float32. */
const rate = positive.max(limits.float32);
const epochs = positive.max(limits.epochs);

const optimizer = optimizerSchema().describe(
  'The optimizer; its learningRate is what the schedule starts from.',
);

const warmup = z
  .number()
  .min(0)
  .max(limits.epochs)
  .describe('Epochs in which the rate rises linearly from 0.')
  .default(0);

const scheduleSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('constant').describe('The same learning rate throughout, after the warm-up.'),
      warmup,
    }),
    z.strictObject({
      kind: z.literal('cosine').describe('A learning rate that falls as half a cosine.'),
      warmup,
      final: z
        .number()
        .min(0)
        .max(1)
        .describe('The last learning rate, as a share of the first.')
        .default(0),
    }),
    z.strictObject({
      kind: z
        .literal('exponential')
        .describe('A learning rate that falls by a factor, again and again.'),
      warmup,
      decay: z.number().gt(0).max(1).describe('Factor of each fall.').default(0.97),
      every: epochs.describe('Epochs between two falls.').default(2.4),
      staircase: z.boolean().describe('Falls in steps, not smoothly.').default(true),
    }),
  ])
  .describe('How the learning rate changes.');

const path = z.string().min(1);

/** Exactness of decoding files for training. */
export const decodeSchema = z
  .enum(decodings)
  .describe(
    'How files are decoded for training: fast lets large JPEG and WebP shrink meanwhile, exact takes every pixel, as evaluation always does.',
  )
  .default('fast');

/** Keys of a config about sets of images: openLabelledSet says what a path may be. */
export const imageDataKeys = {
  labelled: path.describe(
    'Images with classes: a folder, a list or a split of `gradus data`; see above.',
  ),
  unlabelled: path.describe('Images without; `gradus train` does not look at them.').optional(),
  test: path.describe('Images with classes, read once, at the end; no test if missing.').optional(),
  unreadable: z
    .int()
    .min(0)
    .max(limits.images)
    .describe('Images that may be unreadable; more of them stop the run.')
    .default(defaultUnreadable),
  decode: decodeSchema,
};

/** Keys of a config about a data set that it names without a path. */
function wholeSchema<Name extends string>({ name, whole }: WholeSet & { readonly name: Name }) {
  const { noun, help, test } = whole;
  const images = noun.charAt(0).toUpperCase() + noun.slice(1);
  return z.strictObject({
    kind: z.literal<Name>(name).describe(help),
    folder: path
      .optional()
      .describe(
        `What \`gradus data ${name} DIR\` wrote; the installed package ${name} if missing.`,
      ),
    labelled: count.optional().describe(`${images} to train on; all but the test set if missing.`),
    test: count.describe(`${images} held out for the test.`).default(test),
  });
}

const dataSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('images').describe('Sets of images.').optional(),
      ...imageDataKeys,
    }),
    ...wholeSets.map(wholeSchema),
  ])
  .describe('The data set.');

const range = pairSchema(rate);

const cropSchema = z
  .union([
    z.enum(['random', 'middle', 'whole', 'pad']),
    z.strictObject({
      kind: z.literal('random').describe('A random part of the image.'),
      area: range.describe('Smallest and largest share of the area.').default([0.08, 1]),
      aspect: range.describe('Smallest and largest width over height.').default([3 / 4, 4 / 3]),
    }),
  ])
  .optional()
  .describe(
    'What is taken of an image; whole for packed images and networks below 128 px (or as the model says), else random, if missing.',
  );

const noiseSchema = z
  .strictObject({
    dropout: dropRate.optional().describe("Before the classifier; the model's own if missing."),
    dropPath: dropRate
      .optional()
      .describe("Stochastic depth of the last block; the model's own if missing."),
    ...inputNoiseSchemas(),
    crop: cropSchema,
  })
  .describe('What makes training harder than inference.');

const checkpointsSchema = z
  .strictObject({
    keepLast: upTo(limits.checkpoints)
      .describe('Newest checkpoints kept beside the best.')
      .default(3),
    every: epochs.describe('Epochs between two checkpoints.').default(1),
  })
  .describe('When states are saved.');

const validationSchema = z
  .strictObject({
    share: z
      .number()
      .gt(0)
      .max(0.5)
      .describe('Part of the labelled images, held out.')
      .default(0.1),
    every: epochs.describe('Epochs between two evaluations.').default(1),
  })
  .describe('What the best checkpoint is judged on; never the test set.');

/**
 * Keys of a config about the training of one network; a generation of a self-training has the same.
 */
export const networkKeys = {
  model: z.string().min(1).describe('A model file, or the name of a shipped model.'),
  init: z
    .string()
    .min(1)
    .optional()
    .describe('A checkpoint or run whose weights to start from; from scratch if missing.'),
  freeze: z
    .array(z.string().min(1))
    .optional()
    .describe('Layers or parameters that are not trained, with all below them; none if missing.'),
  size: upTo(limits.size)
    .optional()
    .describe("Height and width of the images, in pixels; the model's own if missing."),
  epochs: epochs.optional().describe('Passes over the training images; give this or steps.'),
  steps: upTo(limits.steps).optional().describe('Optimizer steps; give this or epochs.'),
  batch: upTo(limits.batch).describe('Labelled images a step.').default(64),
  optimizer,
  schedule: scheduleSchema.default({ kind: 'constant', warmup: 0 }),
  ema: average
    .optional()
    .describe('Decay of a moving average of the weights; no average if missing.'),
  labelSmoothing: dropRate
    .describe('Share of each label that is spread evenly over all classes.')
    .default(0),
  clipNorm: rate
    .optional()
    .describe('Largest global norm of the gradients; no clipping if missing.'),
  checkpointing: z
    .boolean()
    .describe('Computes blocks again in the backward pass: less memory, more time.')
    .default(false),
  precision: z
    .enum(precisions)
    .describe('What training computes in; 16 bits on a GPU only, weights stay in float32.')
    .default('float32'),
  stepsPerRun: upTo(limits.stepsPerRun)
    .optional()
    .describe(`Steps that a device does in one run; ${usualStepsPerRun}, if missing.`),
  noise: noiseSchema.prefault({}),
  earlyStopping: z
    .strictObject({
      patience: count.describe('Evaluations in a row without a better one that end the training.'),
    })
    .optional()
    .describe('Ends the training before its last step; never if missing.'),
  choose: z
    .enum(checkpointChoices)
    .describe('Which weights it ends with: the best by validation, or the last.')
    .default('best'),
  checkpoints: checkpointsSchema.prefault({}),
  fixResolution: z
    .strictObject({
      size: upTo(limits.size).describe(
        'Height and width of the images, in pixels; larger than before.',
      ),
      epochs: epochs.describe('Passes over the labelled images, un-augmented.').default(1.5),
      learningRate: rate.optional().describe("A hundredth of the optimizer's if missing."),
      freeze: z
        .array(z.string().min(1))
        .optional()
        .describe('What is not trained, as `freeze`; the first half of the blocks if missing.'),
    })
    .optional()
    .describe(
      'A second phase at a larger size, in which deep layers alone learn; none if missing.',
    ),
};

/** Keys of a config about a whole run, of one network or of many. */
export const runKeys = {
  $schema: z.string().optional().describe('For editors.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .describe('Names the folder runs/<name>: letters, digits, dots, dashes and underscores.'),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .describe('Seed of initial values, order and noise.')
    .default(1),
  validation: validationSchema.prefault({}),
  threads: upTo(limits.threads)
    .optional()
    .describe("Threads of one operator; onnxruntime's choice if missing."),
  device: z.enum(deviceNames).describe('Where the network runs.').default(autoDevice),
};

/** Checks a config whose optimizer is an object. */
export const trainingSchema = z.strictObject({
  ...runKeys,
  ...networkKeys,
  data: dataSchema,
  classes: z
    .int()
    .min(2)
    .max(limits.classes)
    .optional()
    .describe("Number of classes; the data set's if missing."),
});

export type { TrainingConfig } from '../../../generated/config.js';

/** Settings of a config about the training of one network. */
export type NetworkConfig = Pick<TrainingConfig, keyof typeof networkKeys>;

/** The name of a shipped model, which an editor completes, or a model file. */
export type ModelChoice = ModelName | (string & {});

/** A config as a user writes it: defaults left out, the optimizer as an object or a call. */
export type TrainingConfigInput = WrittenTraining<ModelChoice, Optimizer>;

/**
 * Types a config for `gradus train`: `export default defineTraining({ name: 'digits', ... })`.
 * The keys are checked when the config is loaded.
 */
export function defineTraining(config: TrainingConfigInput): TrainingConfigInput {
  return config;
}

/**
 * Checks a config and fills in its defaults. Throws one ConfigError that lists every problem, with
 * key paths below `file`, and where `locate` finds them.
 */
export function parseTrainingConfig(
  config: unknown,
  file: string,
  locate?: KeyLocator,
): TrainingConfig {
  const plain = withPlainOptimizer(config);
  const result = trainingSchema.safeParse(plain);
  const issues = [...(result.error?.issues ?? []), ...durationIssues(plain)];
  if (result.success && issues.length === 0) return result.data;
  throw explainIssues(issues, plain, trainingConfigSchema(), file, locate);
}

/**
 * A config that a run recorded, with the keys that have come since at their defaults, so that a newer
 * version goes on with it; unchanged where it is no config any more.
 */
export function withTrainingDefaults(recorded: unknown): unknown {
  return trainingSchema.safeParse(recorded).data ?? recorded;
}

/** A rule between keys is checked apart from the schema, which skips it where a key is wrong. */
export function durationIssues(
  config: unknown,
  path: readonly PropertyKey[] = [],
): z.core.$ZodIssue[] {
  if (!isObject(config)) return [];
  const given = ['epochs', 'steps'].filter((key) => config[key] !== undefined);
  if (given.length === 1) return [];
  const message =
    given.length === 0
      ? 'missing; say how long to train, with epochs or with steps'
      : 'give epochs or steps, not both';
  return [{ code: 'custom', path: [...path, 'epochs'], message }];
}

/** A config whose optimizer, if a function made it, is what it was made from. */
export function withPlainOptimizer(config: unknown): unknown {
  if (!isObject(config) || !isObject(config['optimizer'])) return config;
  return { ...config, optimizer: plainOptimizer(config['optimizer']) };
}

/** Returns what an optimizer was made from; anything else as it is. */
export function plainOptimizer(value: unknown): unknown {
  return isObject(value) && isObject(value['config']) ? value['config'] : value;
}

/** The schedule of a config as the step loop takes it: its rate is the optimizer's. */
export function scheduleOf({
  schedule,
  optimizer,
}: Pick<TrainingConfig, 'schedule' | 'optimizer'>): Schedule {
  const then = withoutWarmup(schedule, optimizer.learningRate);
  const { warmup } = schedule;
  return warmup === 0 ? then : { kind: 'warmup', length: { epochs: warmup }, then };
}

function withoutWarmup(schedule: TrainingConfig['schedule'], rate: number): Schedule {
  switch (schedule.kind) {
    case 'constant':
      return { kind: 'constant', rate };
    case 'cosine':
      return { kind: 'cosine', rate, final: schedule.final };
    case 'exponential': {
      const { decay, every, staircase } = schedule;
      return { kind: 'exponential', rate, decay, every: { epochs: every }, staircase };
    }
  }
}

/** The JSON schema of a config as it is written; schemas/training-config.schema.json holds it. */
export function trainingConfigSchema(): Readonly<Record<string, unknown>> {
  return {
    title: 'A config of `gradus train`',
    ...z.toJSONSchema(trainingSchema, { io: 'input' }),
  };
}
