import { z } from 'zod';
import type { SelfTrainingConfig, WrittenSelfTraining } from '../../../generated/config.js';
import {
  decodeSchema,
  durationIssues,
  networkKeys,
  runKeys,
  withPlainOptimizer,
  type ModelChoice,
} from '../../training/config/config.js';
import { labelKinds, classCaps, mixedLosses } from '../../contract/choices.js';
import { inferencePrecisions } from '../../contract/precisions.js';
import { isLinear } from '../../compiler/losses/index.js';
import { lossSchema } from '../../training/config/optionSchemas.js';
import { explainIssues } from '../../training/config/configProblems.js';
import { limits } from '../../support/limits.js';
import { isObject } from '../../support/objects.js';
import type { Optimizer } from '../../compiler/optim/index.js';
import type { KeyLocator } from '../../language/frontend/configKeys.js';

const upTo = (most: number) => z.int().min(1).max(most);

const labelsSchema = z
  .strictObject({
    kind: z
      .enum(labelKinds)
      .describe("Soft: the teacher's probabilities; hard: its most probable class alone.")
      .default('soft'),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .describe('Smallest confidence of a label to keep.')
      .default(0.3),
    perClass: upTo(limits.images)
      .optional()
      .describe('Images per class, copies included (default: no limit and no copies).'),
    cap: z
      .enum(classCaps)
      .describe(
        'How a class is cut to perClass: exact, as in the paper, or on a grid of thresholds, as in its code.',
      )
      .default('exact'),
    maxCopies: upTo(limits.copies)
      .optional()
      .describe('Maximum copies of an image (default: no limit).'),
    temperature: z
      .number()
      .gt(0)
      .max(limits.float32)
      .describe('Temperature of soft labels: p^(1/T), renormalised; below 1 they become sharper.')
      .default(1),
    topK: upTo(limits.classes)
      .optional()
      .describe('Number of the largest probabilities to store (default: all).'),
    corrections: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A CSV with the columns image and class: corrections of single labels by a person.',
      ),
    onTheFly: z
      .boolean()
      .describe("Label each image's clean copy while the student trains, and store no labels.")
      .default(false),
    strict: z.boolean().describe('Stop if the audit gives a warning.').default(false),
    allowEmpty: z.boolean().describe('Continue if no image of a class is kept.').default(false),
  })
  .describe('Selection of the pseudo-labels that this generation learns from.');

const studentKeys = {
  ratio: z
    .number()
    .gt(0)
    .max(limits.ratio)
    .describe('Pseudo-labelled images per labelled image in a step.')
    .default(1),
  labels: labelsSchema.prefault({}),
  init: z
    .string()
    .min(1)
    .describe(
      "Initial weights: 'scratch', the 'teacher' if the network is the same, or a checkpoint.",
    )
    .default('scratch'),
  loss: z
    .enum(mixedLosses)
    .describe(
      "Loss: the mean over all images, as in the paper, or the published code's sum of means.",
    )
    .default('mean'),
};

const teacherSchema = z.strictObject(networkKeys).describe('The first network.');
const studentSchema = z.strictObject({ ...networkKeys, ...studentKeys });

const selfTrainingSchema = z.strictObject({
  ...runKeys,
  data: z
    .strictObject({
      labelled: z
        .string()
        .min(1)
        .describe('Images with classes: a folder, a list or a packed set.'),
      unlabelled: z.string().min(1).describe('Images without classes.'),
      test: z.string().min(1).describe('Images with classes, read once, at the end.'),
      unreadable: z
        .int()
        .min(0)
        .max(limits.images)
        .describe('Maximum number of unreadable images; more stop the run.')
        .default(100),
      decode: decodeSchema,
    })
    .describe('The data sets.'),
  teacher: teacherSchema,
  students: z
    .array(studentSchema)
    .min(1)
    .describe('One student per generation; keys left out are taken from the previous one.'),
  control: z
    .boolean()
    .describe(
      'Also train the first student on labels alone, with the same number of steps and images.',
    )
    .default(false),
  labelling: z
    .strictObject({
      batch: upTo(limits.batch).describe('Images to label at a time.').default(100),
      precision: z
        .enum(inferencePrecisions)
        .describe('Number format of labelling: float16 on a GPU that supports it.')
        .default('float32'),
      shards: upTo(limits.shards)
        .optional()
        .describe('Number of label files (default: one per 20,000 images).'),
    })
    .describe('Labelling by a teacher.')
    .prefault({}),
});

export type { SelfTrainingConfig } from '../../../generated/config.js';
/** The training of one network of it. */
export type GenerationConfig = SelfTrainingConfig['teacher'];
export type StudentConfig = SelfTrainingConfig['students'][number];

/** A config as a user writes it: defaults left out, the optimizer as an object or a call. */
export type SelfTrainingConfigInput = WrittenSelfTraining<ModelChoice, Optimizer>;

/**
 * Types a config for `gradus selftrain`: `export default defineSelfTraining({ name: 'digits', ... })`.
 * The keys are checked when the config is loaded.
 */
export function defineSelfTraining(config: SelfTrainingConfigInput): SelfTrainingConfigInput {
  return config;
}

/**
 * Checks a config and fills in its defaults. Throws one ConfigError that lists every problem, with
 * key paths below `file`, and where `locate` finds them.
 */
export function parseSelfTrainingConfig(
  config: unknown,
  file: string,
  locate?: KeyLocator,
): SelfTrainingConfig {
  const whole = withInherited(config);
  const result = selfTrainingSchema.safeParse(whole);
  const issues = [...(result.error?.issues ?? []), ...relationIssues(whole)];
  if (result.success && issues.length === 0) return result.data;
  throw explainIssues(issues, whole, selfTrainingConfigSchema(), file, locate);
}

const generationSchema = z.union([teacherSchema, studentSchema]);

/**
 * Settings that a run recorded for the training of a network, with defaults for keys added since;
 * unchanged if it is no longer such a config.
 */
export function withGenerationDefaults(recorded: unknown): unknown {
  return generationSchema.safeParse(recorded).data ?? recorded;
}

/** The keys of `labels` by which a teacher's labels are chosen; the others say how they are used. */
export type LabelRule = Omit<StudentConfig['labels'], 'kind' | 'temperature' | 'topK'>;

export function ruleOf(labels: StudentConfig['labels']): LabelRule {
  const { kind: _kind, temperature: _temperature, topK: _topK, ...rule } = labels;
  return rule;
}

/** Settings that a run recorded for such a rule; see withGenerationDefaults. */
export function withRuleDefaults(recorded: unknown): unknown {
  const { data } = labelsSchema.safeParse(recorded);
  return data ? ruleOf(data) : recorded;
}

/** A config as it is written, before students take keys from the generation before. */
export const writtenSelfTraining = selfTrainingSchema.extend({
  students: z
    .array(studentSchema.partial())
    .min(1)
    .describe('One student per generation; keys left out are taken from the previous one.'),
});

/** The JSON schema of a config as it is written; schemas/selftraining-config.schema.json holds it. */
export function selfTrainingConfigSchema(): Readonly<Record<string, unknown>> {
  return {
    title: 'A config of `gradus selftrain`',
    ...z.toJSONSchema(writtenSelfTraining, { io: 'input' }),
  };
}

/** Keys that belong to one generation alone, and are not inherited. */
const ownKeys: ReadonlySet<string> = new Set(['init', 'freeze']);
/** Keys whose own keys are handed on one by one. */
const mergedKeys = ['noise', 'labels', 'checkpoints'];

/** Gives each student what it leaves out from the generation before. */
function withInherited(config: unknown): unknown {
  if (!isObject(config) || !Array.isArray(config['students'])) return config;
  let before = withPlainOptimizer(config['teacher']);
  const students: unknown[] = [];
  for (const student of config['students'] as readonly unknown[]) {
    before = inherited(before, withPlainOptimizer(student));
    students.push(before);
  }
  return { ...config, teacher: withPlainOptimizer(config['teacher']), students };
}

function inherited(before: unknown, own: unknown): unknown {
  if (!isObject(before) || !isObject(own)) return own;
  // The length of training is one key in two forms.
  const length = own['epochs'] !== undefined || own['steps'] !== undefined;
  const handed = Object.entries(before).filter(
    ([key]) =>
      key in studentSchema.shape &&
      !ownKeys.has(key) &&
      !(length && (key === 'epochs' || key === 'steps')),
  );
  const merged: Record<string, unknown> = { ...Object.fromEntries(handed), ...own };
  for (const key of mergedKeys) {
    const [past, now] = [before[key], own[key]];
    if (isObject(past) && isObject(now)) merged[key] = { ...past, ...now };
  }
  return merged;
}

/** Rules between keys are checked apart from the schema, which skips them if a key is wrong. */
function relationIssues(config: unknown): z.core.$ZodIssue[] {
  if (!isObject(config)) return [];
  const { teacher, students } = config;
  const generations = [
    { path: ['teacher'], keys: teacher },
    ...(Array.isArray(students) ? (students as readonly unknown[]) : []).map((keys, i) => ({
      path: ['students', i],
      keys,
    })),
  ];
  return generations.flatMap(({ path, keys }) => [
    ...durationIssues(keys, path),
    ...ratioIssues(keys, path),
    ...onTheFlyIssues(keys, path),
    ...criterionIssues(keys, path),
  ]);
}

/** A sum of means counts the parts of a batch by factors on their targets. */
function criterionIssues(keys: unknown, path: readonly PropertyKey[]): z.core.$ZodIssue[] {
  if (!isObject(keys) || keys['loss'] !== 'sumOfMeans') return [];
  const { data: criterion } = lossSchema().safeParse(keys['criterion']);
  if (criterion === undefined || isLinear(criterion)) return [];
  const message = `sumOfMeans needs a loss that is linear in its target, which this criterion is not; give loss: 'mean'`;
  return [{ code: 'custom', path: [...path, 'loss'], message }];
}

function ratioIssues(keys: unknown, path: readonly PropertyKey[]): z.core.$ZodIssue[] {
  if (!isObject(keys)) return [];
  const { ratio = 1, batch = 64 } = keys;
  if (typeof ratio !== 'number' || typeof batch !== 'number') return [];
  if (Number.isInteger(ratio * batch)) return [];
  const message = `${ratio} times a batch of ${batch} is not a whole number of images`;
  return [{ code: 'custom', path: [...path, 'ratio'], message }];
}

/** Keys that need all labels at once, and so do not work with labels made batch by batch. */
const storedOnly = ['perClass', 'maxCopies', 'topK', 'corrections', 'strict'];

function onTheFlyIssues(keys: unknown, path: readonly PropertyKey[]): z.core.$ZodIssue[] {
  if (!isObject(keys) || !isObject(keys['labels'])) return [];
  const { labels } = keys;
  if (labels['onTheFly'] !== true) return [];
  return storedOnly
    .filter((key) => labels[key] !== undefined && labels[key] !== false)
    .map((key) => ({
      code: 'custom',
      path: [...path, 'labels', key],
      message: 'applies to stored labels only; leave it or onTheFly out',
    }));
}
