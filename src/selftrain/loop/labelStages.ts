/** The stages between a teacher and a student: labels for all images, and those that the student learns from. */
import { basename, relative, resolve } from 'node:path';
import { agreementWithFloat32 } from '../../training/labelling/agreement.js';
import { agreementNote } from '../../training/labelling/agreementNote.js';
import { Labeller } from '../../training/labelling/labeller.js';
import { listening } from '../../training/listeners/tell.js';
import { preparationOf } from '../../training/record/trainingData.js';
import { changedImages } from '../../data/loader/cleanImages.js';
import type { ImageSource } from '../../data/loader/imageSource.js';
import { recoverFolder } from '../../runtime/storage/atomic.js';
import { hashOfPath } from '../../runtime/storage/hashFile.js';
import { placesOf } from '../../runtime/storage/places.js';
import type { Interval } from '../../support/statistics/interval.js';
import { ConfigError, DataError } from '../../support/errors.js';
import { inWords, placed, type OptionPath } from '../../support/phrase.js';
import { auditPath, auditTeacher } from '../labels/audit.js';
import { ruleOf, withRuleDefaults, type StudentConfig } from './config.js';
import { besideKept, filterLabels, type FilterSummary } from '../choose/filter.js';
import type { TrainedNetwork } from './generation.js';
import { labelImages } from '../labels/label.js';
import { listShards } from '../labels/labelStore.js';
import type { SelfTrainingNetwork } from './networks.js';
import { calledSets, completed, plain, type PipelineParts, type RunStages } from './runStages.js';

/** Result for the labels of one generation; see FilterSummary. */
export type KeptLabels = {
  /** Path in the run's folder. */
  readonly path: string;
  readonly images: number;
  readonly kept: number;
  readonly copies: number;
  /** Rows for training of the class that has the fewest, and of the one that has the most. */
  readonly leastCopies: number;
  readonly mostCopies: number;
  /** Share of held-out images above the threshold that the teacher labels rightly. */
  readonly precision: number | null;
  /** Number of held-out images behind the precision, and its interval; missing in older runs. */
  readonly n?: number;
  readonly interval?: Interval | null;
  readonly calibrationError: number | null;
  readonly warnings: readonly string[];
};

/** Labels of one generation to select from. */
export interface LabelGeneration {
  /** Generation of the student, from 1. */
  readonly generation: number;
  /** Labels kept for the generation before. */
  readonly previous?: KeptLabels | undefined;
}

/** A network that labels. */
export interface LabellingNetwork extends Pick<SelfTrainingNetwork, 'name' | 'model' | 'shape'> {
  /** Whose weights it has, if its labels lie in a folder of their own. */
  readonly trainedAs?: string;
  /** Labels under the student's noise, of images and of the model: an ablation. */
  readonly noised?: boolean;
}

/** Labels all unlabelled images, and the held-out ones to audit the labels; paths of the shards. */
export async function labelStage(
  run: RunStages,
  labelling: LabellingNetwork,
  trained: TrainedNetwork,
  student: StudentConfig,
): Promise<readonly string[]> {
  const { config, sources, stages, context } = run.parts;
  const { name, model, trainedAs = name } = labelling;
  const control = listening(run.parts.control, { network: trainedAs });
  const { topK } = student.labels;
  const { batch, shards, precision } = config.labelling;
  const unlabelled = imagesToLabel(run.parts, labelling, student);
  const noise = labelling.noised === true ? modelNoise(run.parts.config.seed, student) : undefined;
  const { classNames = [] } = sources.validation;
  const folder = placesOf(name).labels;
  const { files } = await run.stage({
    name: `${name}/label`,
    inputs: {
      checkpoint: stages.hashOf(`${trainedAs}/train`, trained.checkpoint),
      unlabelled: unlabelled.fingerprint,
      validation: sources.validation.fingerprint,
      classes: [...classNames],
      batch,
      shards: shards ?? null,
      topK: topK ?? null,
      ...(precision !== 'float32' && { precision }),
      ...(noise && { noise }),
    },
    called: { ...calledSets, checkpoint: `the weights of ${trainedAs}` },
    outputs: (result) => result.files,
    run: async () => {
      control.onEvent({ kind: 'begin', title: `${name} labels` });
      // A killed run left half-written shards here; nobody else writes in its folder.
      recoverFolder(run.path(folder));
      const source = { checkpoint: run.path(trained.checkpoint), model };
      const { threads, device } = context;
      const options = { batch, threads, device, classNames, noise, precision };
      return withLabeller(await Labeller.create(source, options), async (labeller) => {
        const agreement = await agreementWithFloat32(labeller, source, options, unlabelled);
        if (agreement) control.onEvent({ kind: 'message', text: agreementNote(agreement) });
        const out = run.path(folder);
        const request = { ...control, out, shards, topK };
        const { interrupted } = await labelImages(labeller, unlabelled, request);
        if (interrupted) return undefined;
        await auditTeacher(labeller, sources.validation, out);
        const files = [...listShards(out), auditPath(out)];
        return { files: files.map((path) => relative(context.folder, path)) };
      });
    },
    clear: () => run.remove(folder),
  });
  return files;
}

/** The images as a network labels them: clean, or under the student's input noise. */
export function imagesToLabel(
  { sources, context, config }: PipelineParts,
  { noised, shape }: LabellingNetwork,
  { noise }: StudentConfig,
): ImageSource {
  const { images, clean } = sources.unlabelled;
  if (noised !== true) return clean;
  const { pool, unreadable } = context;
  const input = preparationOf(noise, images, shape).noise;
  return changedImages(images, { pool, unreadable, seed: config.seed, noise: input });
}

function modelNoise(seed: number, { noise: { dropout: drop, dropPath } }: StudentConfig) {
  return {
    seed,
    ...(drop !== undefined && { drop }),
    ...(dropPath !== undefined && { dropPath }),
  };
}

/** Chooses what a student learns from among the labels of a network. */
export async function filterStage(
  run: RunStages,
  { name }: Pick<SelfTrainingNetwork, 'name'>,
  shards: readonly string[],
  { labels: wanted }: StudentConfig,
  { generation, previous }: LabelGeneration,
): Promise<KeptLabels> {
  const { config, configFolder, stages } = run.parts;
  const { onEvent: tell } = listening(run.parts.control, { network: name });
  const rule = ruleOf(wanted);
  const corrections =
    rule.corrections === undefined ? undefined : resolve(configFolder, rule.corrections);
  const out = placesOf(placesOf(name).labels).kept;
  return run.stage({
    name: `${name}/filter`,
    inputs: {
      labels: shards.map((path) => stages.hashOf(`${name}/label`, path)),
      rule: plain(rule),
      seed: config.seed,
      generation,
      corrections: corrections === undefined ? null : hashOfPath(corrections),
      previous: previous?.precision ?? null,
    },
    complete: (recorded) => completed(recorded, 'rule', withRuleDefaults),
    called: {
      labels: `the labels of ${name}`,
      previous: 'the labels of the generation before',
      corrections: corrections === undefined ? 'the corrections' : basename(corrections),
    },
    short: true,
    outputs: ({ path }) => [path, ...Object.values(besideKept(path))],
    run: async () => {
      tell({ kind: 'begin', title: `${name} filter` });
      const labels = run.path(placesOf(name).labels);
      recoverFolder(labels);
      const keys = ['students', String(generation - 1), 'labels'];
      const summary = await inTermsOfConfig(keys, () =>
        filterLabels(labels, {
          ...rule,
          corrections,
          out: run.path(out),
          seed: config.seed,
          generation,
          previous: previous && run.path(previous.path),
          onEvent: tell,
        }),
      );
      const warnings = summary.warnings.map((text) => inWords(placed(text, keys)));
      for (const text of warnings) tell({ kind: 'message', text: `warning: ${text}` });
      const { kept, images, corrected, rejected } = summary;
      const said =
        corrected + rejected === 0 ? '' : `; a person corrected ${corrected}, dropped ${rejected}`;
      const text = `${name}: kept ${kept} of ${images} pseudo-labels${said}`;
      tell({ kind: 'message', text });
      return keptLabels({ ...summary, warnings }, out);
    },
    clear: () => run.remove(out),
  });
}

/** Runs `use` with a labeller that ends afterwards. */
export async function withLabeller<T>(
  labeller: Labeller,
  use: (labeller: Labeller) => Promise<T>,
): Promise<T> {
  try {
    return await use(labeller);
  } finally {
    await labeller.close();
  }
}

function keptLabels(
  summary: FilterSummary & Pick<KeptLabels, 'warnings'>,
  path: string,
): KeptLabels {
  const { images, kept, copies, classes, audit, warnings } = summary;
  const all = classes.map((own) => own.copies);
  return {
    path,
    images,
    kept,
    copies,
    leastCopies: Math.min(...all),
    mostCopies: Math.max(...all),
    precision: audit?.precision ?? null,
    n: audit?.n ?? 0,
    interval: audit?.interval ?? null,
    calibrationError: audit?.calibrationError ?? null,
    warnings: [...warnings],
  };
}

/** Runs the filter of a student's labels; its errors name keys of the config. */
async function inTermsOfConfig<T>(key: OptionPath, filter: () => Promise<T>): Promise<T> {
  try {
    return await filter();
  } catch (error) {
    if (!(error instanceof DataError || error instanceof ConfigError)) throw error;
    throw error.with({ option: error.option ?? [] }).under(key);
  }
}
