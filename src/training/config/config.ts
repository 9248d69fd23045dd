import { z } from 'zod';
import type { TrainingConfig, WrittenTraining } from '../../../generated/config.js';
import { decodings, checkpointChoices, samplers } from '../../contract/choices.js';
import { precisions } from '../../contract/precisions.js';
import type { KeyLocator } from '../../language/frontend/configKeys.js';
import type { ModelName } from '../../language/models/index.js';
import type { Optimizer } from '../../compiler/optim/index.js';
import type { Schedule } from '../../runtime/engine/schedules.js';
import { wholeSets, type WholeSet } from '../../data/datasets/index.js';
import { defaultUnreadable } from '../../data/loader/unreadable.js';
import { usualBeta } from '../../data/sets/classWeights.js';
import { mixModes } from '../../data/loader/mixing.js';
import { judgingMetrics } from '../../support/statistics/byClass.js';
import { limits } from '../../support/limits.js';
import { isObject } from '../../support/objects.js';
import { explainIssues } from './configProblems.js';
import { epochs, rate, scheduleSchema } from './scheduleSchema.js';
import { inputNoiseSchemas, lossSchema, optimizerSchema, pairSchema } from './optionSchemas.js';
import { autoDevice, deviceNames, usualStepsPerRun } from '../../runtime/machine/deviceNames.js';

/** A rate that drops something: 0 keeps all, 1 would drop everything. */
const dropRate = z.number().min(0).lt(1);
/** The weight of the past in an average. */
const average = z.number().min(0).lt(1);
const upTo = (most: number) => z.int().min(1).max(most);
const count = upTo(limits.images);

const optimizer = optimizerSchema().describe(
  'The optimizer; the schedule starts from its learningRate.',
);

const path = z.string().min(1);

/** Exactness of decoding files for training. */
export const decodeSchema = z
  .enum(decodings)
  .describe(
    'Decoding of files for training: fast lets large JPEG and WebP files shrink while decoding, exact decodes every pixel, as evaluation always does.',
  )
  .default('fast');

/** Keys of a config about sets of images: openLabelledSet says what a path may be. */
export const imageDataKeys = {
  labelled: path.describe(
    'Images with classes: a folder, a list or a split of `gradus data`; see above.',
  ),
  unlabelled: path.describe('Images without classes; `gradus train` ignores them.').optional(),
  test: path.describe('Images with classes, read once, at the end (default: no test).').optional(),
  unreadable: z
    .int()
    .min(0)
    .max(limits.images)
    .describe('Maximum number of unreadable images; more stop the run.')
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
        `Folder that \`gradus data ${name} DIR\` wrote (default: the installed package ${name}).`,
      ),
    labelled: count.optional().describe(`${images} to train on (default: all but the test set).`),
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
      area: range.describe('Smallest and largest fraction of the area.').default([0.08, 1]),
      aspect: range
        .describe('Smallest and largest ratio of width to height.')
        .default([3 / 4, 4 / 3]),
    }),
  ])
  .optional()
  .describe(
    'Part of the image to train on (default: whole for packed images and networks below 128 px, or as the model says; otherwise random).',
  );

const alpha = z.number().min(0).max(1000);
const share = z.number().min(0).max(1);

const mixSchema = z
  .strictObject({
    mixup: alpha.describe('Alpha of Mixup; 0 for none.').default(0),
    cutmix: alpha.describe('Alpha of CutMix; 0 for none.').default(0),
    prob: share
      .describe('Share of the batches, or of the images in mode elem, that are mixed.')
      .default(1),
    switchProb: share.describe('Share of CutMix where there are both.').default(0.5),
    mode: z
      .enum(mixModes)
      .describe('One draw for all images of a batch, or one for each.')
      .default('batch'),
    offEpoch: z
      .int()
      .min(0)
      .max(limits.epochs)
      .describe('Epoch, counted from 0, from which nothing is mixed any more; 0 for never.')
      .default(0),
  })
  .refine(({ mixup, cutmix }) => mixup > 0 || cutmix > 0, 'expected mixup or cutmix above 0')
  .optional()
  .describe('Mixup and CutMix: images of a batch are mixed with their labels (default: none).');

const noiseSchema = z
  .strictObject({
    dropout: dropRate
      .optional()
      .describe("Dropout rate before the classifier (default: the model's own)."),
    dropPath: dropRate
      .optional()
      .describe("Stochastic depth rate of the last block (default: the model's own)."),
    ...inputNoiseSchemas(),
    mix: mixSchema,
    crop: cropSchema,
  })
  .describe('Noise that makes training harder than inference.');

const checkpointsSchema = z
  .strictObject({
    keepLast: upTo(limits.checkpoints)
      .describe('Number of newest checkpoints to keep beside the best.')
      .default(3),
    every: epochs.describe('Epochs between two checkpoints.').default(1),
  })
  .describe('Checkpoints to save.');

const validationSchema = z
  .strictObject({
    share: z
      .number()
      .gt(0)
      .max(0.5)
      .describe('Fraction of the labelled images to hold out.')
      .default(0.1),
    every: epochs.describe('Epochs between two evaluations.').default(1),
    metric: z
      .enum(judgingMetrics)
      .optional()
      .describe('Figure that the best checkpoint and early stopping go by (default: accuracy).'),
  })
  .describe('Held-out images that select the best checkpoint; never the test set.');

/**
 * Keys of a config about the training of one network; a generation of a self-training has the same.
 */
export const networkKeys = {
  model: z.string().min(1).describe('A model file, or the name of a shipped model.'),
  init: z
    .string()
    .min(1)
    .optional()
    .describe('Checkpoint or run with the initial weights (default: from scratch).'),
  freeze: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Layers or parameters that are not trained, with everything below them (default: none).',
    ),
  size: upTo(limits.size)
    .optional()
    .describe("Height and width of the images, in pixels (default: the model's own)."),
  epochs: epochs.optional().describe('Epochs, passes over the training images; set this or steps.'),
  steps: upTo(limits.steps).optional().describe('Optimizer steps; set this or epochs.'),
  batch: upTo(limits.batch).describe('Labelled images per step.').default(64),
  optimizer,
  schedule: scheduleSchema.default({ kind: 'constant', warmup: 0 }),
  ema: average
    .optional()
    .describe('Decay of a moving average of the weights (default: no average).'),
  labelSmoothing: dropRate
    .describe('Fraction of each label that is spread evenly over all classes.')
    .default(0),
  criterion: lossSchema()
    .optional()
    .describe('Loss of each image, by its name or with options (default: crossEntropy).'),
  classWeights: z
    .union([
      z.enum(['balanced', 'effectiveNumber']),
      z.strictObject({
        kind: z.literal('effectiveNumber').describe('By effective numbers of images.'),
        beta: z
          .number()
          .gt(0)
          .lt(1)
          .describe('Share of a new image that is new; near 1 is near balanced.')
          .default(usualBeta),
      }),
      z.record(z.string(), rate),
    ])
    .optional()
    .describe('Weight of each labelled image in the loss, by its class (default: all weigh 1).'),
  sampler: z
    .enum(samplers)
    .optional()
    .describe(
      'Order of the labelled images: shuffled epochs, or each class equally often (default: shuffled).',
    ),
  clipNorm: rate
    .optional()
    .describe('Largest global norm of the gradients (default: no clipping).'),
  checkpointing: z
    .boolean()
    .describe('Recompute blocks in the backward pass: less memory, more time.')
    .default(false),
  precision: z
    .enum(precisions)
    .describe('Number format of training; 16 bits on a GPU only, weights stay in float32.')
    .default('float32'),
  stepsPerRun: upTo(limits.stepsPerRun)
    .optional()
    .describe(`Steps that a device does in one run (default: ${usualStepsPerRun}).`),
  noise: noiseSchema.prefault({}),
  earlyStopping: z
    .strictObject({
      patience: count.describe(
        'Consecutive evaluations without improvement after which training stops.',
      ),
    })
    .optional()
    .describe('Early stopping (default: none).'),
  choose: z
    .enum(checkpointChoices)
    .describe('Weights to end with: the best by validation, or the last.')
    .default('best'),
  checkpoints: checkpointsSchema.prefault({}),
  fixResolution: z
    .strictObject({
      size: upTo(limits.size).describe(
        'Height and width of the images, in pixels; larger than in the first phase.',
      ),
      epochs: epochs
        .describe('Epochs, passes over the labelled images, without augmentation.')
        .default(1.5),
      learningRate: rate
        .optional()
        .describe("Learning rate (default: a hundredth of the optimizer's)."),
      freeze: z
        .array(z.string().min(1))
        .optional()
        .describe(
          'Layers or parameters that are not trained, as in `freeze` (default: the first half of the blocks).',
        ),
    })
    .optional()
    .describe(
      'A second phase at a larger size, in which only deep layers are trained (default: none).',
    ),
};

/** Keys of a config about a whole run, of one network or of many. */
export const runKeys = {
  $schema: z.string().optional().describe('Schema, for editors.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
    .describe('Name of the folder runs/<name>: letters, digits, dots, dashes and underscores.'),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff)
    .describe('Seed of initial values, order and noise.')
    .default(1),
  validation: validationSchema.prefault({}),
  threads: upTo(limits.threads)
    .optional()
    .describe("Threads per operator (default: onnxruntime's choice)."),
  device: z.enum(deviceNames).describe('Device that the network runs on.').default(autoDevice),
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
    .describe("Number of classes (default: the data set's)."),
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
 * version goes on with it; unchanged if it is not a config any more.
 */
export function withTrainingDefaults(recorded: unknown): unknown {
  return trainingSchema.safeParse(recorded).data ?? recorded;
}

/** A rule between keys is checked apart from the schema, which skips it if a key is wrong. */
export function durationIssues(
  config: unknown,
  path: readonly PropertyKey[] = [],
): z.core.$ZodIssue[] {
  if (!isObject(config)) return [];
  const given = ['epochs', 'steps'].filter((key) => config[key] !== undefined);
  if (given.length === 1) return [];
  const message =
    given.length === 0
      ? 'missing; set the length of training with epochs or with steps'
      : 'set epochs or steps, not both';
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
  const warmup = 'warmup' in schedule ? schedule.warmup : 0;
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
    case 'polynomial':
      return { kind: 'polynomial', rate, power: schedule.power };
    case 'oneCycle':
      return { ...schedule, rate };
    case 'cosineRestarts': {
      const { period, factor, final } = schedule;
      return { kind: 'cosineRestarts', rate, period: { epochs: period }, factor, final };
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
