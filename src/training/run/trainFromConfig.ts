import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Json } from '../../contract/checkpointSchema.js';
import { cleanImages } from '../../data/loader/cleanImages.js';
import type { ImageBatches } from '../../data/loader/imageBatches.js';
import type { ImageSource } from '../../data/loader/imageSource.js';
import type { OnSet } from '../../data/sets/describe.js';
import { LoaderPool } from '../../data/loader/loaderPool.js';
import { UnreadableImages } from '../../data/loader/unreadable.js';
import { removeOwnFiles } from '../../runtime/storage/ownFiles.js';
import { listCheckpoints, readCheckpointState } from '../../runtime/storage/checkpoint.js';
import { RunFolder } from '../../runtime/storage/runFolder.js';
import { placesOf } from '../../runtime/storage/places.js';
import { ConfigError } from '../../support/errors.js';
import { option, phrase, type Prose } from '../../support/phrase.js';
import { isObject } from '../../support/objects.js';
import { chooseDevice } from '../../runtime/machine/device.js';
import { deviceNote, type DeviceChoice } from '../../runtime/machine/deviceNames.js';
import { machine } from '../../runtime/machine/machine.js';
import { configChanges } from '../config/configChanges.js';
import {
  parseTrainingConfig,
  withTrainingDefaults,
  type TrainingConfig,
} from '../config/config.js';
import { evaluateClean } from '../evaluation/evaluateNetwork.js';
import { classWeightsOf } from './balance.js';
import { fixResolution } from './fixResolution.js';
import {
  labelledBatches,
  planNetwork,
  secondPhase,
  stepsOf,
  traceNetwork,
  type NetworkToTrain,
  type PlanContext,
} from './planNetwork.js';
import { forgetTest, judgeRun, type EvaluationResult, type RunJudgement } from './judgeRun.js';
import { drawnAgainNote, recordedHeldOut, type HeldOut } from '../../data/memory/heldOutRecord.js';
import { openLabelledSet } from '../../data/datasets/openSets.js';
import { Labeller } from '../labelling/labeller.js';
import { loadModel, modelPath } from '../../language/frontend/loadModel.js';
import type { Network } from '../weights/modelWeights.js';
import { openRememberedSets, type RememberedOptions } from '../record/rememberedSets.js';
import {
  asRecorded,
  classesOfRun,
  configFolderEntry,
  dataOfRun,
  recordedClasses,
  requireRun,
} from '../record/runRecord.js';
import { resizer, resizerNote } from '../record/resizer.js';
import { requireStartingWeights } from '../weights/startingWeights.js';
import {
  runTraining,
  type TrainingControl,
  type TrainingOutcome,
  type TrainingPlan,
} from './runTraining.js';
import {
  classesOf,
  decodingOf,
  holdOut,
  namesPaths,
  openTrainingSets,
  unreadableOf,
} from '../record/trainingData.js';
import type { Happening } from '../../contract/events.js';
import { teller } from '../listeners/tell.js';

/** Options of trainFromConfig. */
export interface TrainFromConfigOptions extends TrainingControl {
  /** Folder that relative paths of the config start from. */
  readonly configFolder: string;
  /** The run's folder (default: `runs/<name>`). */
  readonly out?: string | undefined;
  /** Start over if the folder holds a run, which goes; refused unless told. */
  readonly overwrite?: boolean | undefined;
  /** Resumes with images that have changed since the run began; refused unless told. */
  readonly acceptData?: boolean | undefined;
  /** Hashes the contents of all files, however many; else a part of those of large sets. */
  readonly hashData?: boolean | undefined;
  /** Told of each set as it was opened. */
  readonly onSet?: OnSet | undefined;
}

/** Result of trainFromConfig. */
export interface TrainResult extends RunJudgement {
  readonly name: string;
  readonly folder: string;
  readonly epoch: number;
  readonly seconds: number;
  /** Share of the steps' time in which the network waited for images. */
  readonly waiting: number;
  /** The second phase, at a larger size; what was tested are its weights. */
  readonly fixed?: Omit<RunJudgement, 'test' | 'interrupted'>;
}

/** The network of a run with its images. */
interface OpenedRun {
  readonly network: NetworkToTrain;
  readonly context: PlanContext;
  readonly traced: Network;
  readonly source: ImageBatches;
  readonly test: ImageSource | undefined;
  /** Records what the run takes its images to be. */
  keepSets(): Promise<void>;
}

/** Trains one network as a config says, in a run's folder that it locks. */
export async function trainFromConfig(
  config: TrainingConfig,
  options: TrainFromConfigOptions,
): Promise<TrainResult> {
  const start = performance.now();
  const choice = await chooseDevice(config.device, config.precision);
  const note = deviceNote(choice);
  const { configFolder, out = join('runs', config.name), resume = false } = options;
  const tell = teller(options, { run: out });
  const say = (text: string | undefined): void => {
    if (text !== undefined) tell({ kind: 'message', text });
  };
  const run = RunFolder.open(out);
  const pool = new LoaderPool();
  try {
    if (!resume && options.overwrite !== true) requireNoRun(out);
    if (resume) requireSameRun(run, config, choice);
    const recorded = resume ? classesOfRun(run.readInfo()) : undefined;
    if (!resume) forgetEnd(out);
    const { acceptData, hashData, onSet } = options;
    const opened = await openRun(config, configFolder, {
      ...{ pool, folder: out, resume, acceptData, hashData, onSet, tell: say, recorded },
      runsOn: choice.device,
    });
    const { network, context, source } = opened;
    const notes = !resume || lastStep(out) === 0 ? requireStart(opened) : [];
    await opened.keepSets();
    // No filter touches the images of a data set that is named whole.
    if (resume && namesPaths(config.data)) say(resizerNote(run.readInfo()));
    const classWeights = classWeightsOf(network);
    run.writeInfo({
      resizer,
      config: toJson(config),
      configFolder: configFolderEntry(out, configFolder),
      classes: [...network.labelled.classNames],
      ...(classWeights && { classWeights }),
      device: choice.device,
      machine: machine(),
      node: process.version,
    });
    for (const text of [note, ...notes]) say(text);
    const waiting = new Waiting();
    const plan = planNetwork(network, context, { source });
    const result = await trainPhases(config, plan, opened, {
      ...{ resume, signal: options.signal },
      listeners: [(event) => waiting.add(event, config.batch), tell],
    });
    say(context.unreadable.note);
    const epoch = Math.floor(result.step / source.stepsPerEpoch);
    const seconds = (performance.now() - start) / 1000;
    const { share } = waiting;
    return { name: config.name, folder: out, ...result, waiting: share, epoch, seconds };
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

/** The training itself and, if the config wants it, its second phase. */
async function trainPhases(
  config: TrainingConfig,
  plan: TrainingPlan,
  { network, context, test }: OpenedRun,
  control: TrainingControl,
): Promise<RunJudgement & Pick<TrainResult, 'fixed'>> {
  const judge = async (outcome: TrainingOutcome, folder: string, last: boolean) => {
    try {
      return await judgeRun(outcome, {
        folder,
        validationImages: network.validation.count,
        ...(last && test && { evaluateTest: () => testRun(folder, config, test) }),
      });
    } finally {
      await outcome.trainer.close();
    }
  };
  const isLast = config.fixResolution === undefined;
  const first = await judge(await runTraining(plan, control), plan.folder, isLast);
  if (first.interrupted) return first;
  const phase = secondPhase(network, context, { first: plan, checkpoint: first.chosen.path });
  if (phase === undefined) return first;
  const second = await fixResolution(phase, control);
  const judged = await judge(second, placesOf(plan.folder).fixed, true);
  const { test: tested, interrupted, ...fixed } = judged;
  const ended = { interrupted, checkpoint: fixed.checkpoint, fixed };
  return { ...first, ...ended, ...(tested && { test: tested }) };
}

/** Deletes the test result and the second phase of a run that is to start over. */
function forgetEnd(folder: string): void {
  forgetTest(folder);
  const { fixed } = placesOf(folder);
  if (existsSync(fixed)) removeOwnFiles(fixed);
}

/** Adds up how long steps took, and how long they waited for images. */
class Waiting {
  #waited = 0;
  #ran = 0;

  add(event: Happening, images: number): void {
    if (event.kind !== 'step') return;
    this.#waited += event.waitMilliseconds;
    this.#ran += (1000 * images) / event.imagesPerSecond;
  }

  get share(): number {
    const total = this.#waited + this.#ran;
    return total === 0 ? 0 : this.#waited / total;
  }
}

interface LoadOptions extends RememberedOptions, Pick<PlanContext, 'pool' | 'runsOn'> {}

/** Opens all that a config names, and traces its model, before anything is written. */
async function openRun(
  config: TrainingConfig,
  configFolder: string,
  { pool, runsOn, ...memory }: LoadOptions,
): Promise<OpenedRun> {
  const { folder } = memory;
  const model = modelPath(config.model, configFolder);
  // Threads look at the files while this one checks and traces the model.
  const [{ sets, beside, keep }, loaded] = await Promise.all([
    openRememberedSets(config, configFolder, memory),
    loadModel(model),
  ]);
  const { labelled, validation, test } = sets;
  const { network: traced, ...seen } = traceNetwork(loaded, config, classesOf(config, labelled));
  const unreadable = new UnreadableImages({
    file: placesOf(folder).unreadable,
    limit: unreadableOf(config),
  });
  for (const left of beside) unreadable.addBeside(left);
  const clean = { pool, unreadable };
  const network: NetworkToTrain = {
    ...{ config, title: config.name, folder, stream: 'train', seed: config.seed, model, ...seen },
    labelled,
    validation: cleanImages(validation, clean),
    initial: config.init && resolve(configFolder, config.init),
    record: toJson(config),
  };
  const { threads, device } = config;
  const context: PlanContext = {
    validationEvery: config.validation.every,
    metric: config.validation.metric,
    ...{ threads, device, runsOn, pool, unreadable },
    decode: decodingOf(config),
  };
  const until = stepsOf(config, Math.floor(labelled.count / config.batch));
  return {
    ...{ network, context, traced },
    source: labelledBatches(network, context, { name: network.stream, until }),
    test: test && cleanImages(test, clean),
    keepSets: keep,
  };
}

/**
 * Checks that a new run's starting weights fit its network and classes; returns notes about them.
 */
function requireStart({ network: { initial, labelled }, traced }: OpenedRun): string[] {
  if (initial === undefined) return [];
  return requireStartingWeights(initial, traced, labelled.classNames);
}

/**
 * The labelled images that the training of a checkpoint held out; undefined if it was not made
 * by `gradus train`. Throws a DataError with `hint` if they are gone.
 */
export async function heldOutOf(checkpoint: string, hint: Prose): Promise<HeldOut | undefined> {
  const { config: saved } = readCheckpointState(checkpoint);
  if (typeof saved !== 'object' || saved === null || !('data' in saved)) return undefined;
  const config = parseTrainingConfig(saved, checkpoint);
  const { data } = config;
  const run = requireRun(checkpoint, hint);
  if (!namesPaths(data)) {
    const sets = await openTrainingSets(config, dataOfRun(run, data.kind, hint).folder);
    return { images: sets.validation, notes: [] };
  }
  const { folder, note } = dataOfRun(run, data.labelled, hint);
  const notes = note === undefined ? [] : [note];
  const classes = asRecorded(recordedClasses(checkpoint));
  const all = await openLabelledSet(data.labelled, { folder, classes });
  const recorded = await recordedHeldOut(run.path, all);
  if (recorded) return 'lost' in recorded ? recorded : { ...recorded, notes };
  const drawn = { share: config.validation.share, seed: config.seed };
  const images = holdOut(all, drawn.share, drawn.seed).validation;
  return { images, notes: [...notes, drawnAgainNote(run.path, data.labelled, drawn)] };
}

/** The step of a run's newest checkpoint. */
function lastStep(folder: string): number {
  return listCheckpoints(placesOf(folder).checkpoints).at(-1) ?? 0;
}

/** Hours of training are not to be lost for want of `resume: true`. */
function requireNoRun(folder: string): void {
  const last = lastStep(folder);
  if (last === 0) return;
  throw new ConfigError(`${folder} already holds a run of ${last} steps`, {
    code: 'run-exists',
    where: folder,
    hint: phrase`${option('resume', true)} continues it, ${option('overwrite', true)} deletes it and starts over, ${option('out', 'DIR')} uses another folder`,
  });
}

/**
 * A folder belongs to one config, its length aside: another one would mix two runs in its metrics. Of the
 * device it matters which one the run took, not whether it was asked for by name or by `auto`.
 */
function requireSameRun(run: RunFolder, config: TrainingConfig, { device }: DeviceChoice): void {
  const info = run.readInfo();
  if (!isObject(info)) return;
  const begun = withTrainingDefaults(info['config']);
  const { device: taken } = info;
  // Older versions recorded no more than the word.
  const changes =
    taken === undefined || !isObject(begun)
      ? configChanges(begun, toJson(config))
      : configChanges({ ...begun, device: taken }, toJson({ ...config, device }));
  if (changes.length === 0) return;
  throw new ConfigError(`${run.path} holds a run with another config`, {
    code: 'config-differs',
    where: run.path,
    notes: changes,
    hint: phrase`resume with the config that the run began with, or choose another ${option('out')}`,
  });
}

function toJson(config: TrainingConfig): Json {
  return JSON.parse(JSON.stringify(config)) as Json;
}
