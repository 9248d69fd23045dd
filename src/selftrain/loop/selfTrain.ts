import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Json } from '../../contract/checkpointSchema.js';
import { chooseDevice, requireLabelPrecision } from '../../runtime/machine/device.js';
import { deviceNote, type DeviceChoice } from '../../runtime/machine/deviceNames.js';
import { machine } from '../../runtime/machine/machine.js';
import { listening } from '../../training/listeners/tell.js';
import { resizer, resizerNote } from '../../training/record/resizer.js';
import type { MemoryOptions } from '../../data/memory/setMemory.js';
import { classesOfRun, configFolderEntry } from '../../training/record/runRecord.js';
import { currentCosts } from '../../training/build/target.js';
import { recordedRunCosts, recordRunCosts } from '../../training/build/costFile.js';
import { requireSameNumbers } from '../../data/sets/classes.js';
import type { OnSet } from '../../data/sets/describe.js';
import { LoaderPool } from '../../data/loader/loaderPool.js';
import { UnreadableImages } from '../../data/loader/unreadable.js';
import type { Model } from '../../compiler/trace/defineModel.js';
import { readRunInfo, RunFolder } from '../../runtime/storage/runFolder.js';
import { placesOf } from '../../runtime/storage/places.js';
import { GradusError } from '../../support/errors.js';
import type { SelfTrainingConfig } from './config.js';
import { readCorrections } from '../labels/corrections.js';
import { runGenerations } from './generations.js';
import { Stages } from './lineage.js';
import { openNetworks, requireTrainable } from './networks.js';
import { Pipeline } from './pipeline.js';
import { Interrupted, type PipelineControl, type StageControl } from './runStages.js';
import type { RememberedSets } from '../../training/record/rememberedSets.js';
import { openSets, sourcesOf, type SelfTrainingSets } from './sets.js';
import { summaryOf, writeSummary, type SelfTrainingSummary } from './summary.js';

export interface SelfTrainOptions extends PipelineControl {
  /** Folder that relative paths of the config start from. */
  readonly configFolder: string;
  /** The run's folder (default: `runs/<name>`). */
  readonly out?: string | undefined;
  /** Do again what the config says otherwise than before, and all that follows; refused unless told. */
  readonly overwrite?: boolean | undefined;
  /** Do again what is made of images or corrections that have changed; what was held out stays held out. */
  readonly acceptData?: boolean | undefined;
  /** Hash the contents of all files, however many. */
  readonly hashData?: boolean | undefined;
  /** Told of each set as it was opened. */
  readonly onSet?: OnSet | undefined;
  /** Images in place of those that the config names. */
  readonly sets?: SelfTrainingSets | undefined;
  /** Models by a name that the config uses, before files and shipped models. */
  readonly models?: Readonly<Record<string, Model>> | undefined;
}

type ListeningOptions = ReturnType<typeof listening<SelfTrainOptions>>;

/** A run that was told to stop, and in which stage. */
export interface Stopped {
  readonly interrupted: true;
  readonly folder: string;
  readonly stage: string;
}

export type SelfTrainResult = SelfTrainingSummary | Stopped;

/** Runs a config's self-training as runSelfTraining does, and writes summary.json and summary.svg. */
export async function selfTrain(
  config: SelfTrainingConfig,
  options: SelfTrainOptions,
): Promise<SelfTrainResult> {
  const result = await runSelfTraining(config, options);
  return 'networks' in result ? writeSummary(result) : result;
}

/**
 * Runs a config's self-training: a teacher, its labels, a student, and so on. What an earlier call
 * finished in the run's folder is not done again, so that a killed run continues where it was.
 */
export async function runSelfTraining(
  config: SelfTrainingConfig,
  options: SelfTrainOptions,
): Promise<SelfTrainResult> {
  return inRunFolder(config, options, async (pipeline) => {
    const { context, stages, sources } = pipeline.parts;
    const outcomes = await runGenerations(pipeline);
    const heldOut = sources.validation.count;
    return summaryOf(config, context.folder, outcomes, { stages, heldOut });
  });
}

/**
 * Opens the images and networks of a config and the run's folder, and lets `use` run stages there.
 * If it is interrupted, the result says so.
 */
export async function inRunFolder<T>(
  config: SelfTrainingConfig,
  given: SelfTrainOptions,
  use: (pipeline: Pipeline) => Promise<T>,
): Promise<T | Stopped> {
  const { configFolder, models, out = join('runs', config.name) } = given;
  const options = listening(given, { run: out });
  const choice = await deviceOf(config);
  // All that can be wrong with the config and the data shows before anything is written.
  const recorded = classesOfRun(readRunInfo(out));
  const { sets, beside, keep } = await setsOf(config, options, out, recorded);
  const { classNames } = sets.labelled;
  const networks = await openNetworks(config, { configFolder, models, classNames });
  requireTrainable(networks, sets);
  requireCorrections(config, configFolder, classNames);
  const run = RunFolder.open(out);
  const before = run.readInfo();
  const pool = new LoaderPool();
  try {
    const costs = before === undefined ? await currentCosts(config.threads) : recordedRunCosts(out);
    recordRunCosts(out, costs);
    run.writeInfo({
      resizer,
      config: toJson(config),
      configFolder: configFolderEntry(out, configFolder),
      classes: [...classNames],
      machine: machine(),
      node: process.version,
    });
    await keep();
    const unreadable = unreadableOf(config, out, beside);
    const notes = networks.flatMap((network) => network.notes ?? []);
    const changed = sets.labelled.packed ? undefined : resizerNote(before);
    const stages = stagesIn(out, options, [deviceNote(choice), changed, ...notes]);
    const context = {
      folder: out,
      validationEvery: config.validation.every,
      threads: config.threads,
      costs,
      device: config.device,
      runsOn: choice.device,
      labelPrecision: config.labelling.precision,
      ...{ pool, unreadable },
      decode: config.data.decode,
    };
    const sources = sourcesOf(sets, { pool, unreadable });
    const parts = { config, configFolder, networks, sources, stages, context, control: options };
    const result = await use(new Pipeline({ ...parts, recorded }));
    tell(options, unreadable.note);
    return result;
  } catch (error) {
    if (error instanceof Interrupted)
      return { interrupted: true, folder: out, stage: error.message };
    if (error instanceof GradusError && error.code === 'config-differs' && before !== undefined)
      run.writeInfo(toJson(before));
    throw error;
  } finally {
    await pool.close();
    run.close();
  }
}

/** The images of a run that cannot be read, with the files that were left out from the start. */
function unreadableOf(
  { data }: SelfTrainingConfig,
  folder: string,
  beside: RememberedSets['beside'],
): UnreadableImages {
  const file = placesOf(folder).unreadable;
  const unreadable = new UnreadableImages({ file, limit: data.unreadable });
  for (const left of beside) unreadable.addBeside(left);
  return unreadable;
}

/**
 * Device on which a run's networks train and label; throws if it does not support what the config
 * asks for.
 */
async function deviceOf(config: SelfTrainingConfig): Promise<DeviceChoice> {
  const { device, teacher, students, labelling } = config;
  const wanted = [teacher, ...students, labelling].map(({ precision }) => precision);
  const half = wanted.find((precision) => precision === 'float16');
  const choice = await chooseDevice(device, half);
  requireLabelPrecision(choice.device, labelling.precision, ['labelling', 'precision']);
  return choice;
}

/**
 * The images of a run, whose classes have the numbers that it began with. Other classes are refused, unless
 * the run may be done again with those of today.
 */
async function setsOf(
  config: SelfTrainingConfig,
  options: ListeningOptions,
  out: string,
  recorded: readonly string[] | undefined,
): Promise<RememberedSets<SelfTrainingSets>> {
  const { configFolder, sets, overwrite = false } = options;
  if (sets) {
    const { classNames, name } = sets.labelled;
    if (recorded && !overwrite) requireSameNumbers(classNames, recorded, name);
    return { sets, beside: [], keep: () => Promise.resolve() };
  }
  const memory = memoryOf(out, options);
  try {
    return await openSets(config, configFolder, { ...memory, recorded });
  } catch (error) {
    const differ = error instanceof GradusError && error.code === 'classes-differ';
    if (!differ || !overwrite) throw error;
    return openSets(config, configFolder, memory);
  }
}

/** The stages of a run's folder; `notes` are told before the first that is not done yet. */
function stagesIn(
  folder: string,
  options: ListeningOptions,
  notes: readonly (string | undefined)[],
): Stages {
  let told = false;
  return new Stages(folder, {
    overwrite: options.overwrite,
    acceptData: options.acceptData,
    onSkip: (stage) => {
      tell(options, `${stage}: done before`);
    },
    onBegin: () => {
      if (!told) for (const note of notes) tell(options, note);
      told = true;
    },
  });
}

/** Rules by which the run's folder remembers its images: from the first stage on. */
function memoryOf(folder: string, options: ListeningOptions): MemoryOptions {
  const { acceptData, overwrite, hashData, onSet } = options;
  return {
    ...{ folder, acceptData, overwrite, hashData, onSet },
    resume: existsSync(placesOf(folder).lineage),
    tell: (text) => {
      tell(options, text);
    },
  };
}

function tell({ onEvent }: StageControl, text: string | undefined): void {
  if (text !== undefined) onEvent({ kind: 'message', text });
}

/** A person's corrections are read by the filter, long after the start; their mistakes show here. */
function requireCorrections(
  { students }: SelfTrainingConfig,
  folder: string,
  classes: readonly string[],
): void {
  for (const { labels } of students)
    if (labels.corrections !== undefined)
      readCorrections(resolve(folder, labels.corrections), classes);
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
