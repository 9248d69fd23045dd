import { join, resolve } from 'node:path';
import type { Json } from '../artifacts/checkpointSchema.js';
import { cleanImages } from '../data/cleanImages.js';
import { ImageBatches } from '../data/imageBatches.js';
import { hardTargets, type LabelledImages } from '../data/images.js';
import type { ImageSource } from '../data/imageSource.js';
import { LoaderPool } from '../data/loaderPool.js';
import { UnreadableImages } from '../data/unreadable.js';
import { listCheckpoints, readCheckpointState } from '../runtime/checkpoint.js';
import { readRunInfo, RunFolder } from '../runtime/runFolder.js';
import { ArtifactError, ConfigError } from '../support/errors.js';
import { resolveDevice } from './device.js';
import { machine } from './machine.js';
import { configChanges } from './configChanges.js';
import { parseTrainingConfig, scheduleOf, type TrainingConfig } from './config.js';
import { evaluateClean } from './evaluateNetwork.js';
import { forgetTest, judgeRun, type EvaluationResult, type RunJudgement } from './judgeRun.js';
import { Labeller } from './labeller.js';
import { loadModel, modelPath } from './loadModel.js';
import { runTraining, type TrainingControl, type TrainingPlan } from './runTraining.js';
import { classesOf, openTrainingSets, preparationOf, unreadableOf } from './trainingData.js';
import type { StepEvent, TrainerOptions } from './trainer.js';

export interface TrainFromConfigOptions extends TrainingControl {
  /** Folder that relative paths of the config start from. */
  readonly configFolder: string;
  /** The run's folder; `runs/<name>` where it is missing. */
  readonly out?: string | undefined;
  /** Start over where the folder holds a run, which goes; refused unless told. */
  readonly overwrite?: boolean | undefined;
}

export interface TrainResult extends RunJudgement {
  readonly name: string;
  readonly folder: string;
  readonly epoch: number;
  readonly seconds: number;
  /** Share of the steps' time in which the network waited for images. */
  readonly waiting: number;
}

/** The images of a config as its training takes them. */
interface RunImages {
  readonly source: ImageBatches;
  readonly steps: number;
  readonly validation: ImageSource;
  readonly test: ImageSource | undefined;
  readonly classes: number;
}

/** Trains one network as a config says, in a run's folder that it locks. */
export async function trainFromConfig(
  config: TrainingConfig,
  options: TrainFromConfigOptions,
): Promise<TrainResult> {
  const start = performance.now();
  resolveDevice(config.device);
  const { configFolder, out = join('runs', config.name), resume = false } = options;
  const run = RunFolder.open(out);
  const pool = new LoaderPool();
  try {
    if (!resume && options.overwrite !== true) requireNoRun(out);
    requireSameConfig(run, config, resume);
    if (!resume) forgetTest(out);
    const images = await imagesOf(config, configFolder, pool, join(out, 'unreadable.jsonl'));
    run.writeInfo({
      config: toJson(config),
      configFolder,
      classes: [...(images.validation.classNames ?? [])],
      machine: machine(),
      node: process.version,
    });
    const waiting = new Waiting();
    const outcome = await runTraining(planOf(config, images, out, configFolder), {
      ...options,
      onEvent: (event) => {
        if (event.kind === 'step') waiting.add(event, config.batch);
        options.onEvent?.(event);
      },
    });
    try {
      const { test, validation } = images;
      const result = await judgeRun(outcome, {
        folder: out,
        validationImages: validation.count,
        ...(test && { evaluateTest: () => testRun(out, config, test) }),
      });
      const epoch = Math.floor(result.step / images.source.stepsPerEpoch);
      const seconds = (performance.now() - start) / 1000;
      const { share } = waiting;
      return { name: config.name, folder: out, ...result, waiting: share, epoch, seconds };
    } finally {
      await outcome.trainer.close();
    }
  } finally {
    await pool.close();
    run.close();
  }
}

/** Measures the weights that a run ends with as `gradus eval` does, to the last digit. */
async function testRun(
  folder: string,
  { batch, threads, device }: TrainingConfig,
  source: ImageSource,
): Promise<EvaluationResult> {
  const { classNames } = source;
  const labeller = await Labeller.create(folder, { batch, threads, device, classNames });
  try {
    const { accuracy, loss, images } = await evaluateClean(labeller, source);
    return { accuracy, loss, images };
  } finally {
    await labeller.close();
  }
}

/** Adds up how long steps took, and how long they waited for images. */
class Waiting {
  #waited = 0;
  #ran = 0;

  add({ waitMilliseconds, imagesPerSecond }: StepEvent, images: number): void {
    this.#waited += waitMilliseconds;
    this.#ran += (1000 * images) / imagesPerSecond;
  }

  get share(): number {
    const total = this.#waited + this.#ran;
    return total === 0 ? 0 : this.#waited / total;
  }
}

/** Opens all that a config names before anything is written. */
async function imagesOf(
  config: TrainingConfig,
  configFolder: string,
  pool: LoaderPool,
  unreadableFile: string,
): Promise<RunImages> {
  const { batch, seed, noise } = config;
  const { training, validation, test } = await openTrainingSets(config, configFolder);
  const classes = classesOf(config, training);
  const { model } = await loadModel(modelPath(config.model, configFolder));
  const preparation = preparationOf(noise, training, model.input.shape);
  const steps =
    config.steps ?? Math.ceil((config.epochs ?? 1) * Math.floor(training.count / batch));
  const unreadable = new UnreadableImages({ file: unreadableFile, limit: unreadableOf(config) });
  const clean = { pool, unreadable };
  return {
    source: new ImageBatches(training, hardTargets(training), {
      ...{ batch, seed, preparation, until: steps, name: 'train' },
      ...clean,
    }),
    steps,
    validation: cleanImages(validation, clean),
    test: test && cleanImages(test, clean),
    classes,
  };
}

/** Epochs of the config become steps. */
function planOf(
  config: TrainingConfig,
  { source, steps, validation, classes }: RunImages,
  folder: string,
  configFolder: string,
): TrainingPlan {
  const { stepsPerEpoch } = source;
  const every = (epochs: number): number => Math.max(1, Math.round(epochs * stepsPerEpoch));
  return {
    title: config.name,
    folder,
    model: modelPath(config.model, configFolder),
    trainer: trainerOptions(config, classes),
    initial: config.init && resolve(configFolder, config.init),
    source,
    steps,
    schedule: scheduleOf(config),
    validation,
    evaluateEvery: every(config.validation.every),
    earlyStopping: config.earlyStopping,
    choose: config.choose,
    checkpointEvery: every(config.checkpoints.every),
    keepLast: config.checkpoints.keepLast,
    config: toJson(config),
  };
}

/**
 * The labelled images that the training of a checkpoint held out; undefined where it was not made
 * by `gradus train`.
 */
export async function heldOutOf(checkpoint: string): Promise<LabelledImages | undefined> {
  const { config: saved } = readCheckpointState(checkpoint);
  if (typeof saved !== 'object' || saved === null || !('data' in saved)) return undefined;
  const config = parseTrainingConfig(saved, checkpoint);
  return (await openTrainingSets(config, folderOfRun(checkpoint))).validation;
}

/** Where relative paths of a run's config start: its run.json says. */
export function folderOfRun(checkpoint: string): string {
  const info = readRunInfo(resolve(checkpoint, '..', '..'));
  if (typeof info === 'object' && info !== null && 'configFolder' in info)
    return String(info.configFolder);
  throw new ArtifactError(`${checkpoint} does not lie in a run's folder`, {
    code: 'no-run',
    where: checkpoint,
    hint: 'give a checkpoint that gradus train made, where it made it',
  });
}

/** What a config says to the trainer; `classes` is the number of those of its images. */
export function trainerOptions(config: TrainingConfig, classes: number): TrainerOptions {
  const { batch, seed, optimizer, noise } = config;
  return {
    batch,
    seed,
    optimizer,
    emaDecay: config.ema,
    maxNorm: config.clipNorm,
    checkpointing: config.checkpointing,
    labelSmoothing: config.labelSmoothing,
    drop: noise.dropout,
    dropPath: noise.dropPath,
    freeze: config.freeze,
    classes,
    // A quarter of the bytes of floats to prepare and to copy between threads; the graph normalises
    // them by the model's mean and std, so that they are the same wherever the network runs.
    imageFormat: 'uint8-nhwc',
    threads: config.threads,
    device: config.device,
  };
}

/** Hours of training are not to be lost for want of a --resume. */
function requireNoRun(folder: string): void {
  const last = listCheckpoints(join(folder, 'checkpoints')).at(-1) ?? 0;
  if (last === 0) return;
  throw new ConfigError(`${folder} holds a run of ${last} steps`, {
    code: 'run-exists',
    where: folder,
    hint: '--resume goes on from there, --overwrite deletes it and starts over, --out DIR takes another folder',
  });
}

/** A folder belongs to one config, its length aside: another one would mix two runs in its metrics. */
function requireSameConfig(run: RunFolder, config: TrainingConfig, resume: boolean): void {
  const info = run.readInfo();
  if (!resume || info === undefined || typeof info !== 'object' || info === null) return;
  const before = 'config' in info ? info.config : undefined;
  const changes = configChanges(before, toJson(config));
  if (changes.length === 0) return;
  throw new ConfigError(`${run.path} holds a run of another config`, {
    code: 'config-differs',
    where: run.path,
    notes: changes,
    hint: 'resume with the config that the run began with, or give another --out',
  });
}

function toJson(config: TrainingConfig): Json {
  return JSON.parse(JSON.stringify(config)) as Json;
}
