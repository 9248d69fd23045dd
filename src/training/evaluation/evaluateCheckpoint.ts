import type { Telling } from '../../contract/events.js';
import { listening, type Tell } from '../listeners/tell.js';
import { rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Severity } from '../../data/augment/corruptions/severities.js';
import { cleanImages } from '../../data/loader/cleanImages.js';
import { missingNotes, unrecordedNote } from '../../data/sets/classes.js';
import { describeSet, type OnSet } from '../../data/sets/describe.js';
import type { LabelledImages } from '../../data/sets/images.js';
import { LoaderPool } from '../../data/loader/loaderPool.js';
import { defaultUnreadable, UnreadableImages } from '../../data/loader/unreadable.js';
import { readCheckpointState, resolveCheckpoint } from '../../runtime/storage/checkpoint.js';
import { runInfoAbove } from '../../runtime/storage/runFolder.js';
import { placeNames, placesOf } from '../../runtime/storage/places.js';
import { ConfigError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';
import type { Interval } from '../../support/statistics/interval.js';
import { shareFacts, type ShareFacts } from '../../support/statistics/share.js';
import type { OnnxOptions, OnnxReading } from '../labelling/classifier/reading.js';
import { type ModelChoice, parseTrainingConfig, type TrainingConfig } from '../config/config.js';
import type { DeviceChoice, DeviceName } from '../../runtime/machine/deviceNames.js';
import { evaluateClean, type EvaluateOptions, type NetworkEvaluation } from './evaluateNetwork.js';
import { wholeNames } from '../../data/datasets/index.js';
import { openLabelledSet } from '../../data/datasets/openSets.js';
import { Labeller, type LabellerOptions } from '../labelling/labeller.js';
import { measuredSet, type MeasuredOptions } from '../../data/memory/measuredSet.js';
import { monteCarlo, type MonteCarloResult } from './monteCarlo.js';
import {
  corruptionErrors,
  flipRates,
  type CorruptionErrors,
  type FlipRates,
  type RobustnessOptions,
} from './robustness.js';
import { openSetOfOnnx } from '../labelling/onnxSets.js';
import { asRecorded, dataOfRun, recordedClasses, requireRun } from '../record/runRecord.js';
import { namesPaths, openTrainingSets, unreadableOf } from '../record/trainingData.js';
import { unfinishedRun, type UnfinishedRun } from '../record/unfinishedRun.js';
import { checkRanges } from '../../support/optionRanges.js';
import { field } from '../../support/objects.js';

export interface EvaluateCheckpointOptions extends EvaluateOptions, MeasuredOptions {
  /** A labelled set, as openLabelledSet names it; the test set of the checkpoint's config if missing. */
  readonly data?: string | undefined;
  /** Images of a run. */
  readonly batch?: number | undefined;
  readonly threads?: number | undefined;
  readonly device?: DeviceName | undefined;
  /** Seed for every random draw (default: 1). */
  readonly seed?: number | undefined;
  /** Number of images that may be unreadable. */
  readonly unreadable?: number | undefined;
  /** Measures the error under corruptions, at some severities or all. */
  readonly corruptions?: { readonly severities?: readonly Severity[] | undefined } | undefined;
  /** Measures how often classes flip under perturbations. */
  readonly perturbations?: boolean | undefined;
  /** Noised passes to average; none unless told. */
  readonly mcDropout?: number | undefined;
  /** The model file of a checkpoint, in place of the network that its run recorded. */
  readonly model?: ModelChoice | undefined;
  /** Runs the model file that a checkpoint names, also one that its training did not know (default: false). */
  readonly trust?: boolean | undefined;
  /** Facts that an .onnx file does not state about itself. */
  readonly onnx?: OnnxOptions | undefined;
  /** Told of the set as it was opened. */
  readonly onSet?: OnSet | undefined;
  /** Told, in a line each, what is noteworthy of the images. */
  readonly onNote?: ((text: string) => void) | undefined;
  /** Told where the network runs, and why there. */
  readonly onDevice?: ((choice: DeviceChoice) => void) | undefined;
  /** Told before the work begins that what is measured is a run that has not ended. */
  readonly onUnfinished?: ((run: UnfinishedRun) => void) | undefined;
  /** Told how an .onnx file is read. */
  readonly onReading?: LabellerOptions['onReading'];
}

/** All that was asked for; plain data. */
export interface EvaluationReport extends NetworkEvaluation, ShareFacts {
  /**
   * Interval of the share of images whose class is among the five likeliest; `interval` is the
   * accuracy's.
   */
  readonly top5Interval: Interval | null;
  /** The checkpoint that was taken, as a run's folder stands for its best; or the .onnx file. */
  readonly checkpoint: string;
  readonly name: string;
  /** Step of the checkpoint; null for an .onnx file. */
  readonly step: number | null;
  /** Reading of an .onnx file; missing for a checkpoint. */
  readonly reading?: OnnxReading;
  /** Name of the images. */
  readonly data: string;
  /** Another one if an image of the set changes. */
  readonly digest: string;
  /** Images of the whole set, of which `images` were measured. */
  readonly ofImages: number;
  /** A file that lists the images that could not be read, with the reason; null if all could. */
  readonly unreadableList: string | null;
  /** Seconds for the clean images. */
  readonly seconds: number;
  readonly corruptions: CorruptionErrors | null;
  readonly perturbations: FlipRates | null;
  readonly monteCarlo: MonteCarloResult | null;
  /** The run, if it has not ended. */
  readonly unfinished?: UnfinishedRun;
  /** Assumptions, and what the figures leave out. */
  readonly notes: readonly string[];
}

/** A network that is to be measured, and on what. */
interface Subject {
  readonly path: string;
  readonly step: number | null;
  readonly config: TrainingConfig | undefined;
  readonly images: LabelledImages;
  /** Number of them that may be unreadable. */
  readonly unreadable: number;
  readonly notes: readonly string[];
}

/**
 * Measures a checkpoint, a run's best or an .onnx classifier on a labelled set, by default the test set
 * of the config that it was trained with. Throws a ConfigError if there is none.
 */
export async function evaluateCheckpoint(
  path: string,
  options: EvaluateCheckpointOptions = {},
): Promise<EvaluationReport> {
  const call = 'evaluateCheckpoint';
  checkRanges(call, options, ['images', 'batch', 'threads', 'seed', 'unreadable', 'mcDropout']);
  checkRanges(call, options.corruptions ?? {}, ['severities']);
  const subject = await openSubject(path, options);
  const { acceptData, hashData, onNote } = options;
  const given = options.data !== undefined;
  const known = { acceptData, hashData, given };
  const { digest, notes } = await measuredSet(subject.path, subject.images, known);
  for (const note of notes) onNote?.(note);
  const { unreadable: limit = subject.unreadable, ...rest } = options;
  const unfinished = unfinishedRun(path);
  if (unfinished) options.onUnfinished?.(unfinished);
  const pool = new LoaderPool();
  const file = unreadableList(subject.path);
  try {
    // Files that an earlier evaluation listed may be repaired, or belong to other images.
    rmSync(file, { force: true });
    const unreadable = new UnreadableImages({ file, limit, allow: ['unreadable'] });
    options.onSet?.(describeSet('test', subject.images));
    unreadable.addBeside(subject.images.leftOut);
    const report = await measure(subject, { ...listening(rest), pool, unreadable });
    return { ...report, digest, ...(unfinished && { unfinished }) };
  } finally {
    await pool.close();
  }
}

type MeasureOptions = Omit<EvaluateCheckpointOptions, 'unreadable' | keyof Telling> &
  Omit<RobustnessOptions, keyof Telling> & { readonly onEvent: Tell };

async function measure(
  subject: Subject,
  options: MeasureOptions,
): Promise<Omit<EvaluationReport, 'digest'>> {
  const { path, step, config, images, notes } = subject;
  const { corruptions, perturbations = false, mcDropout, onEvent } = options;
  const network = {
    batch: options.batch ?? config?.batch,
    threads: options.threads ?? config?.threads,
    device: options.device ?? config?.device,
    classNames: images.classNames,
    onnx: options.onnx,
    model: options.model,
    trust: options.trust,
    onReading: options.onReading,
  };
  const begin = (title: string): void => onEvent({ kind: 'begin', title });
  const labeller = await Labeller.create(path, network);
  options.onDevice?.(labeller.device);
  try {
    const start = performance.now();
    const source = cleanImages(images, options);
    const clean = await evaluateClean(labeller, source, options);
    const seconds = (performance.now() - start) / 1000;
    if (corruptions) begin('corruptions');
    const errors = corruptions
      ? await corruptionErrors(labeller, images, { ...options, ...corruptions })
      : null;
    if (perturbations) begin('perturbations');
    const flips = perturbations ? await flipRates(labeller, images, options) : null;
    if (mcDropout !== undefined) begin(`${mcDropout} noised passes`);
    const ensemble =
      mcDropout === undefined
        ? null
        : await monteCarlo(path, source, {
            ...options,
            ...network,
            passes: mcDropout,
            single: clean,
          });
    const found = { corruptions: errors, perturbations: flips, monteCarlo: ensemble };
    const { name } = labeller.teacher;
    const { reading } = labeller;
    const facts = {
      ...{ checkpoint: path, name: config?.name ?? name, step, data: images.name },
      ...(reading && { reading }),
    };
    const whole = { ofImages: images.count, unreadableList: options.unreadable.list ?? null };
    const stated = {
      ...shareFacts(clean.accuracy, clean.images),
      top5Interval: shareFacts(clean.top5, clean.images).interval,
    };
    return { ...clean, ...stated, ...facts, ...whole, seconds, ...found, notes };
  } finally {
    await labeller.close();
  }
}

/**
 * Path of the list: in the folder of a trained network, beside training's own list; otherwise
 * beside the measured file.
 */
function unreadableList(path: string): string {
  const parent = dirname(path);
  if (basename(parent) === placeNames.checkpoints)
    return placesOf(dirname(parent)).evaluationUnreadable;
  return `${path.replace(/\.onnx$/, '')}.${placeNames.unreadable}`;
}

async function openSubject(
  given: string,
  { data, onnx }: EvaluateCheckpointOptions,
): Promise<Subject> {
  const unreadable = defaultUnreadable;
  if (given.endsWith('.onnx')) {
    if (data === undefined) throw noTestSet(given, `no data is given to evaluate ${given} on`);
    const images = await openSetOfOnnx(data, given, onnx);
    // Notes about its class names are part of how it is read.
    const opened = { path: given, step: null, config: undefined, unreadable };
    return { ...opened, images, notes: missingNotes(images) };
  }
  const path = resolveCheckpoint(given);
  const classes = recordedClasses(path);
  const { config: saved, step } = readCheckpointState(path);
  const config = field(saved, 'data') === undefined ? undefined : parseTrainingConfig(saved, path);
  const found = { path, step, config, unreadable: config ? unreadableOf(config) : unreadable };
  if (data !== undefined) return withImages(found, await openData(data, '.', classes), classes);
  if (config && !namesPaths(config.data)) {
    const { folder } = dataOfRun(requireRun(path, otherData), config.data.kind, otherData);
    const { test } = await openTrainingSets(config, folder);
    if (test) return withImages(found, test, classes);
  }
  const test = testOf(path, config);
  const place = dataOfRun(requireRun(path, otherData), test, otherData);
  return withImages(found, await openData(test, place.folder, classes), classes, place.note);
}

/** The test set of the training, or of the self-training, that a checkpoint is of. */
function testOf(path: string, config: TrainingConfig | undefined): string {
  const above = field(field(runInfoAbove(path), 'config'), 'data');
  const test = field(config ? config.data : above, 'test');
  if (typeof test === 'string') return test;
  const message = config ? `the config of ${path} names no test set` : undefined;
  throw noTestSet(path, message ?? `no data is given to evaluate ${path} on`);
}

const otherData = phrase`pass labelled images with ${option('data', 'DIR')}: a folder, a list, a split of gradus data, or ${wholeNames}`;

function openData(
  spec: string,
  folder: string,
  classes: readonly string[] | undefined,
): Promise<LabelledImages> {
  return openLabelledSet(spec, { folder, classes: asRecorded(classes, true) });
}

function withImages(
  subject: Omit<Subject, 'images' | 'notes'>,
  images: LabelledImages,
  classes: readonly string[] | undefined,
  note?: string,
): Subject {
  const notes = [
    ...(note === undefined ? [] : [note]),
    ...(classes ? [] : [unrecordedNote(subject.path, images.classNames)]),
    ...missingNotes(images),
  ];
  return { ...subject, images, notes };
}

function noTestSet(path: string, message: string): ConfigError {
  return new ConfigError(message, { code: 'no-test-set', where: path, hint: otherData });
}
