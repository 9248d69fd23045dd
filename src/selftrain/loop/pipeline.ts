/**
 * The loop of arXiv 1911.04252, algorithm 1: a teacher learns from labelled images and labels others;
 * a student learns from both under noise; then the student is the teacher.
 */
import { Labeller } from '../../training/labelling/labeller.js';
import type { Json } from '../../contract/checkpointSchema.js';
import { resolveCheckpoint } from '../../runtime/storage/checkpoint.js';
import { hashOfPath } from '../../runtime/storage/hashFile.js';
import { placesOf } from '../../runtime/storage/places.js';
import { invariant } from '../../support/errors.js';
import { isObject } from '../../support/objects.js';
import { withGenerationDefaults, type StudentConfig } from './config.js';
import { trainGeneration, type Generation, type Quiet, type TrainedNetwork } from './generation.js';
import { loadKept } from '../choose/keptStore.js';
import {
  filterStage,
  imagesToLabel,
  labelStage,
  withLabeller,
  type KeptLabels,
  type LabelGeneration,
  type LabellingNetwork,
} from './labelStages.js';
import { initialPath, type SelfTrainingNetwork } from './networks.js';
import { pseudoImages } from './pseudoImages.js';
import { calledSets, completed, plain, RunStages, type PipelineParts } from './runStages.js';
import {
  readTestImages,
  TestImagesWriter,
  type TestImages,
  type TestImagesKey,
} from './testImages.js';
import { testNetwork, type TestResult } from './testNetwork.js';

/** One network of a finished run. */
export interface NetworkOutcome {
  readonly name: string;
  readonly trained: TrainedNetwork;
  /** Pseudo-labels that it learned from, beside labelled images. */
  readonly labels?: KeptLabels | undefined;
  readonly test: TestResult;
  /** Answers by image of the test set; runs of older versions have none. */
  readonly answers?: TestImages | undefined;
  /** Seconds of its training, and of labelling and filtering with it. */
  readonly seconds: number;
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

/** Result that a stage recorded, with the class names that older versions left to run.json. */
function withClasses(recorded: Json, names: readonly string[]): Json {
  return isObject(recorded) && !('classes' in recorded)
    ? plain({ ...recorded, classes: names })
    : recorded;
}

/** Runs the stages of a self-training, each of which is skipped if it was done. */
export class Pipeline {
  readonly #run: RunStages;

  constructor(readonly parts: PipelineParts) {
    this.#run = new RunStages(parts);
  }

  /** Trains a network; each stage throws Interrupted if it was stopped. */
  async train(
    own: SelfTrainingNetwork,
    more: Partial<Generation>,
    inputs: Readonly<Record<string, Json>> = {},
  ): Promise<TrainedNetwork> {
    const { context, sources, control } = this.parts;
    const { name, config, seed, model, shape, viewAt, architectureHash } = own;
    const { labelled, validation } = sources;
    const initial = more.initial ?? initialPath(config.init, this.parts.configFolder);
    return this.#run.stage({
      name: `${name}/train`,
      inputs: {
        config: plain(config),
        seed,
        architecture: architectureHash,
        classes: [...labelled.classNames],
        labelled: labelled.fingerprint,
        validation: validation.fingerprint,
        ...(initial !== undefined && { initial: hashOfPath(resolveCheckpoint(initial)) }),
        ...(more.like && { like: lengthOf(more.like) }),
        ...(more.quiet && { quiet: more.quiet }),
        ...inputs,
      },
      complete: (recorded) =>
        withClasses(
          withLength(completed(recorded, 'config', withGenerationDefaults)),
          this.parts.recorded ?? labelled.classNames,
        ),
      called: {
        ...calledSets,
        architecture: `the model (${config.model})`,
        ...(initial !== undefined && { initial: `what it starts from (${initial})` }),
        teacher: 'the teacher',
        labels: 'the pseudo-labels',
      },
      outputs: ({ checkpoint }) => [checkpoint],
      run: () =>
        trainGeneration(
          { name, config, seed, model, shape, viewAt, labelled, validation, ...more, initial },
          context,
          control,
        ),
      clear: () => this.#run.remove(name),
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
    const source = { checkpoint: this.#run.path(teacher.checkpoint), model: of.model };
    return this.train(
      own,
      { pseudo: { images, teacher: source, student }, initial: this.initialOf(student, teacher) },
      {
        unlabelled: images.fingerprint,
        teacher: stages.hashOf(`${of.name}/train`, teacher.checkpoint),
      },
    );
  }

  /** Checkpoint that a student starts from, if it starts from its teacher. */
  initialOf({ init }: StudentConfig, { checkpoint }: TrainedNetwork): string | undefined {
    return init === 'teacher' ? this.#run.path(checkpoint) : undefined;
  }

  async student(
    own: SelfTrainingNetwork,
    student: StudentConfig,
    labels: KeptLabels,
    { teacher, of, quiet }: StudentLessons,
  ): Promise<TrainedNetwork> {
    const { sources, stages } = this.parts;
    const { kind, temperature } = student.labels;
    const path = this.#run.path(labels.path);
    const kept = await loadKept(path, { kind, temperature });
    const { images } = sources.unlabelled;
    const { fingerprint } = imagesToLabel(this.parts, of, student);
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
  label(
    of: LabellingNetwork,
    trained: TrainedNetwork,
    student: StudentConfig,
  ): Promise<readonly string[]> {
    return labelStage(this.#run, of, trained, student);
  }

  /** Chooses what a student learns from among the labels of a network. */
  filter(
    of: Pick<SelfTrainingNetwork, 'name'>,
    shards: readonly string[],
    student: StudentConfig,
    generation: LabelGeneration,
  ): Promise<KeptLabels> {
    return filterStage(this.#run, of, shards, student, generation);
  }

  /** Reads the test set, once, with every network of the run. */
  async test(trained: readonly TrainedOne[], stage = 'test'): Promise<NetworkOutcome[]> {
    const { networks, sources, stages, context, config, control } = this.parts;
    const hashes = trained.map(({ name, network }): [string, string] => [
      name,
      stages.hashOf(`${name}/train`, network.checkpoint),
    ]);
    const results = await this.#run.stage({
      name: stage,
      inputs: { networks: Object.fromEntries(hashes), test: sources.test.fingerprint },
      called: {
        ...calledSets,
        ...Object.fromEntries(
          hashes.map(([name]) => [`networks.${name}`, `the weights of ${name}`]),
        ),
        networks: 'a network',
      },
      outputs: () => [],
      run: async () => {
        const found: Record<string, TestResult> = {};
        for (const { name, network } of trained) {
          if (control.signal?.aborted === true) return undefined;
          const { model } = networks.find((own) => own.name === name) ?? networks[1] ?? {};
          invariant(model, `no model of ${name}`);
          const source = { checkpoint: this.#run.path(network.checkpoint), model };
          const { batch } = config.labelling;
          const { threads, device } = context;
          const labeller = await Labeller.create(source, { batch, threads, device });
          const answers = new TestImagesWriter(sources.test.count);
          found[name] = await withLabeller(labeller, () =>
            testNetwork(labeller, sources.test, {
              onImage: (image, right) => {
                answers.add(image, right);
              },
            }),
          );
          answers.write(this.#answersOf(name), this.#answersKey(name, network));
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
      const answers = readTestImages(this.#answersOf(name), this.#answersKey(name, network));
      return { name, trained: network, labels, test, answers, seconds };
    });
  }

  #answersOf(name: string): string {
    return this.#run.path(placesOf(name).testImages);
  }

  #answersKey(name: string, { checkpoint }: TrainedNetwork): TestImagesKey {
    const { sources, stages } = this.parts;
    return { test: sources.test.fingerprint, weights: stages.hashOf(`${name}/train`, checkpoint) };
  }
}

/** Settings of the student beside a control that decide the control's training. */
function lengthOf({
  steps,
  stepImages,
  stepsPerEpoch,
}: NonNullable<Generation['like']>): NonNullable<Generation['like']> {
  return { steps, stepImages, stepsPerEpoch };
}

/** Older versions recorded all of the student, so that a control seemed to depend on its weights. */
function withLength(recorded: Json): Json {
  if (!isObject(recorded) || !isObject(recorded['like'])) return recorded;
  const { steps, stepImages, stepsPerEpoch } = recorded['like'];
  return plain({ ...recorded, like: { steps, stepImages, stepsPerEpoch } });
}
