/**
 * The loop of arXiv 1911.04252, algorithm 1: a teacher learns from labelled images and labels others;
 * a student learns from both under noise; then the student is the teacher.
 */
import { existsSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Json } from '../artifacts/checkpointSchema.js';
import { agreementWithFloat32 } from '../api/agreement.js';
import { agreementNote } from '../api/agreementNote.js';
import { isObject } from '../api/config.js';
import { Labeller } from '../api/labeller.js';
import type { TrainingEvent } from '../api/runTraining.js';
import { recoverFolder } from '../runtime/atomic.js';
import { preparationOf } from '../api/trainingData.js';
import { changedImages } from '../data/cleanImages.js';
import type { ImageSource } from '../data/imageSource.js';
import { hashOfPath } from '../runtime/hashFile.js';
import { DataError, invariant } from '../support/errors.js';
import { auditPath, auditTeacher } from './audit.js';
import {
  ruleOf,
  withGenerationDefaults,
  withRuleDefaults,
  type SelfTrainingConfig,
  type StudentConfig,
} from './config.js';
import { besideKept, filterLabels, type FilterProgress, type FilterSummary } from './filter.js';
import {
  trainGeneration,
  type Generation,
  type GenerationContext,
  type Quiet,
  type TrainedNetwork,
} from './generation.js';
import { loadKept } from './keptStore.js';
import { labelImages, type LabelProgress } from './label.js';
import { listShards } from './labelStore.js';
import type { Stage, Stages } from './lineage.js';
import { initialPath, type SelfTrainingNetwork } from './networks.js';
import { pseudoImages } from './pseudoImages.js';
import type { SelfTrainingSources } from './sets.js';
import { testNetwork, type TestResult } from './testNetwork.js';

/** What a self-training tells while it goes on. */
export type SelfTrainingEvent =
  | TrainingEvent
  | { readonly kind: 'begin'; readonly title: string; readonly steps?: undefined }
  | LabelProgress
  | FilterProgress;

export interface PipelineControl {
  /** Aborted: stops at the next step or batch; what is done stays. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: SelfTrainingEvent) => void) | undefined;
}

/** What the labels of one generation became; see FilterSummary. */
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
  readonly calibrationError: number | null;
  readonly warnings: readonly string[];
};

/** One network of a finished run. */
export interface NetworkOutcome {
  readonly name: string;
  readonly trained: TrainedNetwork;
  /** Of what it learned from, beside labelled images. */
  readonly labels?: KeptLabels | undefined;
  readonly test: TestResult;
  /** Of its training, and of labelling and filtering with it. */
  readonly seconds: number;
}

/** Thrown to leave a run that was told to stop. */
export class Interrupted extends Error {}

/** What a run works with: all of it checked before anything long begins. */
export interface PipelineParts {
  readonly config: SelfTrainingConfig;
  /** Where the config's paths start. */
  readonly configFolder: string;
  /** The teacher and the students, in order. */
  readonly networks: readonly SelfTrainingNetwork[];
  readonly sources: SelfTrainingSources;
  readonly stages: Stages;
  readonly context: GenerationContext;
  readonly control: PipelineControl;
}

/** A network that labels. */
export interface LabellingNetwork extends Pick<SelfTrainingNetwork, 'name' | 'model' | 'shape'> {
  /** Whose weights it has, where its labels lie in a folder of their own. */
  readonly trainedAs?: string;
  /** Whether it labels under the student's noise, of images and of the model: an ablation. */
  readonly noised?: boolean;
}

interface StudentLessons {
  readonly teacher: TrainedNetwork;
  /** Whose labels they are. */
  readonly of: LabellingNetwork;
  readonly quiet?: Quiet | undefined;
}

/** A trained network with what it learned from. */
export interface TrainedOne {
  readonly name: string;
  readonly network: TrainedNetwork;
  readonly labels?: KeptLabels | undefined;
}

/** Runs the stages of a self-training, each of which is skipped where it was done. */
export class Pipeline {
  constructor(readonly parts: PipelineParts) {}

  /** Trains a network; each stage throws Interrupted where it was stopped. */
  async train(
    own: SelfTrainingNetwork,
    more: Partial<Generation>,
    inputs: Readonly<Record<string, Json>> = {},
  ): Promise<TrainedNetwork> {
    const { context, sources, control } = this.parts;
    const { name, config, seed, model, shape, architectureHash } = own;
    const { labelled, validation } = sources;
    const initial = more.initial ?? initialPath(config.init, this.parts.configFolder);
    return this.#stage({
      name: `${name}/train`,
      inputs: {
        config: plain(config),
        seed,
        architecture: architectureHash,
        labelled: labelled.fingerprint,
        validation: validation.fingerprint,
        ...(initial !== undefined && { initial: hashOfPath(initial) }),
        ...(more.like && { like: more.like }),
        ...(more.quiet && { quiet: more.quiet }),
        ...inputs,
      },
      complete: (recorded) => completed(recorded, 'config', withGenerationDefaults),
      outputs: ({ checkpoint }) => [checkpoint],
      run: () =>
        trainGeneration(
          { name, config, seed, model, shape, labelled, validation, ...more, initial },
          context,
          control,
        ),
      clear: () => this.#remove(name),
    });
  }

  /** Trains a student whose teacher labels the clean copy of each image meanwhile. */
  async studentOnTheFly(
    own: SelfTrainingNetwork,
    student: StudentConfig,
    { teacher, of }: StudentLessons,
  ): Promise<TrainedNetwork> {
    const { sources, stages } = this.parts;
    const { images } = sources.unlabelled;
    const source = { checkpoint: this.#path(teacher.checkpoint), model: of.model };
    return this.train(
      own,
      { pseudo: { images, teacher: source, student }, initial: this.initialOf(student, teacher) },
      {
        unlabelled: images.fingerprint,
        teacher: stages.hashOf(`${of.name}/train`, teacher.checkpoint),
      },
    );
  }

  /** Where a student starts, if it starts from its teacher. */
  initialOf({ init }: StudentConfig, { checkpoint }: TrainedNetwork): string | undefined {
    return init === 'teacher' ? this.#path(checkpoint) : undefined;
  }

  async student(
    own: SelfTrainingNetwork,
    student: StudentConfig,
    labels: KeptLabels,
    { teacher, of, quiet }: StudentLessons,
  ): Promise<TrainedNetwork> {
    const { sources, stages } = this.parts;
    const { kind, temperature } = student.labels;
    const path = this.#path(labels.path);
    const kept = await loadKept(path, { kind, temperature });
    const { images } = sources.unlabelled;
    const { fingerprint } = this.#labelled(of, student);
    const pseudo = { ...pseudoImages(images, kept, { path, fingerprint }), student };
    const initial = this.initialOf(student, teacher);
    return this.train(
      own,
      { pseudo, initial, quiet },
      {
        unlabelled: images.fingerprint,
        labels: stages.hashOf(`${of.name}/filter`, labels.path),
      },
    );
  }

  /** Labels all unlabelled images, and the held-out ones to audit the labels; paths of the shards. */
  async label(
    labelling: LabellingNetwork,
    trained: TrainedNetwork,
    student: StudentConfig,
  ): Promise<readonly string[]> {
    const { config, sources, stages, context, control } = this.parts;
    const { name, model, trainedAs = name } = labelling;
    const { topK } = student.labels;
    const { batch, shards, precision } = config.labelling;
    const unlabelled = this.#labelled(labelling, student);
    const noise = labelling.noised === true ? this.#modelNoise(student) : undefined;
    const { classNames = [] } = sources.validation;
    const folder = join(name, 'labels');
    const { files } = await this.#stage({
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
      outputs: (result) => result.files,
      run: async () => {
        control.onEvent?.({ kind: 'begin', title: `${name} labels` });
        // Where a run was killed it left half-written shards; nobody else writes in its folder.
        recoverFolder(this.#path(folder));
        const source = { checkpoint: this.#path(trained.checkpoint), model };
        const { threads, device } = context;
        const options = { batch, threads, device, classNames, noise, precision };
        return withLabeller(await Labeller.create(source, options), async (labeller) => {
          const agreement = await agreementWithFloat32(labeller, source, options, unlabelled);
          if (agreement) control.onEvent?.({ kind: 'message', text: agreementNote(agreement) });
          const out = this.#path(folder);
          const request = { ...control, out, shards, topK };
          const { interrupted } = await labelImages(labeller, unlabelled, request);
          if (interrupted) return undefined;
          await auditTeacher(labeller, sources.validation, out);
          const files = [...listShards(out), auditPath(out)];
          return { files: files.map((path) => relative(context.folder, path)) };
        });
      },
      clear: () => this.#remove(folder),
    });
    return files;
  }

  /** The images as a network labels them: clean, or under the student's input noise. */
  #labelled({ noised, shape }: LabellingNetwork, { noise }: StudentConfig): ImageSource {
    const { sources, context, config } = this.parts;
    const { images, clean } = sources.unlabelled;
    if (noised !== true) return clean;
    const { pool, unreadable } = context;
    const input = preparationOf(noise, images, shape).noise;
    return changedImages(images, { pool, unreadable, seed: config.seed, noise: input });
  }

  #modelNoise({ noise: { dropout: drop, dropPath } }: StudentConfig) {
    const { seed } = this.parts.config;
    return {
      seed,
      ...(drop !== undefined && { drop }),
      ...(dropPath !== undefined && { dropPath }),
    };
  }

  async filter(
    { name }: Pick<SelfTrainingNetwork, 'name'>,
    shards: readonly string[],
    { labels: wanted }: StudentConfig,
    {
      generation,
      previous,
    }: { readonly generation: number; readonly previous?: KeptLabels | undefined },
  ): Promise<KeptLabels> {
    const { config, configFolder, stages, control } = this.parts;
    const rule = ruleOf(wanted);
    const corrections =
      rule.corrections === undefined ? undefined : resolve(configFolder, rule.corrections);
    const out = join(name, 'labels', 'kept.parquet');
    return this.#stage({
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
      short: true,
      outputs: ({ path }) => [path, ...Object.values(besideKept(path))],
      run: async () => {
        control.onEvent?.({ kind: 'begin', title: `${name} filter` });
        const labels = this.#path(join(name, 'labels'));
        recoverFolder(labels);
        const summary = await inTermsOfConfig(generation, () =>
          filterLabels(labels, {
            ...rule,
            corrections,
            out: this.#path(out),
            seed: config.seed,
            generation,
            previous: previous && this.#path(previous.path),
            onEvent: control.onEvent,
          }),
        );
        for (const text of summary.warnings)
          control.onEvent?.({ kind: 'message', text: `warning: ${text}` });
        const { kept, images, corrected, rejected } = summary;
        const said =
          corrected + rejected === 0
            ? ''
            : `; a person corrected ${corrected}, dropped ${rejected}`;
        const text = `${name}: kept ${kept} of ${images} pseudo-labels${said}`;
        control.onEvent?.({ kind: 'message', text });
        return keptLabels(summary, out);
      },
      clear: () => this.#remove(out),
    });
  }

  /** Reads the test set, once, with every network of the run. */
  async test(trained: readonly TrainedOne[], stage = 'test'): Promise<NetworkOutcome[]> {
    const { networks, sources, stages, context, config, control } = this.parts;
    const hashes = trained.map(({ name, network }): [string, string] => [
      name,
      stages.hashOf(`${name}/train`, network.checkpoint),
    ]);
    const results = await this.#stage({
      name: stage,
      inputs: { networks: Object.fromEntries(hashes), test: sources.test.fingerprint },
      outputs: () => [],
      run: async () => {
        const found: Record<string, TestResult> = {};
        for (const { name, network } of trained) {
          if (control.signal?.aborted === true) return undefined;
          const { model } = networks.find((own) => own.name === name) ?? networks[1] ?? {};
          invariant(model, `no model of ${name}`);
          const source = { checkpoint: this.#path(network.checkpoint), model };
          const { batch } = config.labelling;
          const { threads, device } = context;
          const labeller = await Labeller.create(source, { batch, threads, device });
          found[name] = await withLabeller(labeller, () => testNetwork(labeller, sources.test));
        }
        return found;
      },
      clear: () => undefined,
    });
    return trained.map(({ name, network, labels }) => {
      const test = results[name];
      invariant(test, `no test of ${name}`);
      const stagesOf = ['train', 'label', 'filter'].map((stage) => `${name}/${stage}`);
      const seconds = stagesOf.reduce((sum, stage) => sum + stages.secondsOf(stage), 0);
      return { name, trained: network, labels, test, seconds };
    });
  }

  async #stage<T extends Json>(stage: Stage<T>): Promise<T> {
    const { stages, control } = this.parts;
    const result = control.signal?.aborted === true ? undefined : await stages.run(stage);
    if (result === undefined) throw new Interrupted(stage.name);
    return result;
  }

  #path(path: string): string {
    return join(this.parts.context.folder, path);
  }

  #remove(path: string): void {
    const place = this.#path(path);
    if (existsSync(place)) rmSync(place, { recursive: true });
  }
}

/** Inputs that a stage recorded, whose part `key` gets the defaults of keys that have come since. */
function completed(recorded: Json, key: string, withDefaults: (part: unknown) => unknown): Json {
  if (!isObject(recorded) || !(key in recorded)) return recorded;
  return plain({ ...recorded, [key]: withDefaults(recorded[key]) });
}

/** A config's part as plain JSON, without keys that are undefined. */
function plain(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

async function withLabeller<T>(
  labeller: Labeller,
  use: (labeller: Labeller) => Promise<T>,
): Promise<T> {
  try {
    return await use(labeller);
  } finally {
    await labeller.close();
  }
}

function keptLabels(summary: FilterSummary, path: string): KeptLabels {
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
    calibrationError: audit?.calibrationError ?? null,
    warnings: [...warnings],
  };
}

/** What a person changes in a config in place of the flags of `gradus filter`. */
const keyOfFlag: Readonly<Record<string, string>> = {
  '--threshold': 'labels.threshold of',
  '--allow-empty': 'labels.allowEmpty',
  '--max-copies': 'labels.maxCopies',
  '--strict': 'labels.strict',
};

/** Runs the filter of a student's labels; what it advises names keys of the config. */
async function inTermsOfConfig<T>(student: number, filter: () => Promise<T>): Promise<T> {
  try {
    return await filter();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const hint = error.hint?.replace(/--[a-z-]+/g, (flag) => keyOfFlag[flag] ?? flag);
    const { message, code, notes, where } = error;
    const key = `students.${student - 1}.labels`;
    throw new DataError(message, {
      code,
      where: typeof where === 'string' ? `${where} (${key})` : key,
      notes,
      hint,
      cause: error,
    });
  }
}
