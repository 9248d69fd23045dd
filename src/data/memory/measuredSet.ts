/** Notes of an evaluation about its images, and the record of them that it keeps in the run's folder. */
import { dirname } from 'node:path';
import { statImages, type FileStats } from './fileStats.js';
import type { LabelledImages } from '../sets/images.js';
import { compareSet, countsOf, examplesOf } from './setChange.js';
import { digestOf, openSetRecord, writeSetRecord } from './setRecord.js';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { findRun } from '../../runtime/storage/runFolder.js';
import { GradusError } from '../../support/errors.js';
import { fingerprint } from '../../support/hash.js';
import { option, phrase } from '../../support/phrase.js';
import { recordPath, SetMemory } from './setMemory.js';

export interface MeasuredSet {
  /** Another one if an image changes. */
  readonly digest: string;
  /** Notes about the images. */
  readonly notes: readonly string[];
}

/** Treatment of changes in a measured set. */
export interface MeasuredOptions {
  /** Measures a test set that has changed since the training; refused unless told. */
  readonly acceptData?: boolean | undefined;
  readonly hashData?: boolean | undefined;
}

/**
 * The images that a checkpoint or an .onnx file is measured on: those that a person names (`given`), else the
 * test set of its run. Throws as requireTestOfThen.
 */
export async function measuredSet(
  path: string,
  images: LabelledImages,
  { given, ...options }: MeasuredOptions & { readonly given: boolean },
): Promise<MeasuredSet> {
  const run = path.endsWith('.onnx') ? undefined : findRun(path)?.path;
  return given || run === undefined
    ? rememberMeasured(run, images, options)
    : requireTestOfThen(run, images, options);
}

/** The test set of a run. Throws a DataError if it has changed since the training. */
export async function requireTestOfThen(
  run: string,
  images: LabelledImages,
  { acceptData, hashData }: MeasuredOptions,
): Promise<MeasuredSet> {
  const notes: string[] = [];
  const memory = new SetMemory({
    ...{ folder: run, resume: true, acceptData, hashData },
    hint: phrase`restore them; or ${option('acceptData', true)} measures on the images as they are now; ${option('data')} selects others ${option('data')}`,
    tell: (text) => notes.push(text),
  });
  const { stats } = await memory.recall('test', images);
  return { digest: digestOf(images, stats), notes };
}

/**
 * Images that a person names: whether they have changed since the run was last measured on them, and how
 * many of them it learned from. `run` is missing for a network outside of one.
 */
export async function rememberMeasured(
  run: string | undefined,
  images: LabelledImages,
  { hashData: hashAll }: MeasuredOptions,
): Promise<MeasuredSet> {
  const stats = await statImages(images, { hashAll });
  const digest = digestOf(images, stats);
  if (run === undefined) return { digest, notes: [] };
  const notes = [
    ...(await learnedNotes(run, images, stats)),
    ...(await changeNotes(run, images, stats)),
  ];
  return { digest, notes };
}

async function changeNotes(
  run: string,
  images: LabelledImages,
  stats: FileStats,
): Promise<string[]> {
  const path = recordPath(run, `eval-${fingerprint(images.name).slice(0, 12)}`);
  const before = await openSetRecord(path);
  const found = before && (await compareSet(before, images, stats));
  if (!found || found.change || found.touched > 0) await writeIfAllowed(path, images, stats);
  if (!found?.change) return [];
  const counts = countsOf(found.change);
  return [
    `${images.name} has changed since this run was last measured on it: ${counts} (${examplesOf(found.change).join('; ')})`,
  ];
}

/** A run may lie where nobody writes, and is measured all the same. */
async function writeIfAllowed(path: string, images: LabelledImages, stats: FileStats) {
  try {
    makeFolder(dirname(path));
    await writeSetRecord(path, images, stats, { identity: images.fingerprint });
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
  }
}

/** Counts the images that the run's record of its labelled images has too, by their contents. */
async function learnedNotes(
  run: string,
  { count, id }: LabelledImages,
  stats: FileStats,
): Promise<string[]> {
  const record = await openSetRecord(recordPath(run, 'labelled'));
  if (!record) return [];
  const places = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const hash = stats.hash(i);
    if (hash !== undefined) places.set(`${stats.bytes[i]} ${hash}`, i);
  }
  const learned = new Set<number>();
  for await (const rows of record.rows)
    for (const { part, bytes, hash } of rows) {
      const place = hash === undefined ? undefined : places.get(`${bytes} ${hash}`);
      if (place !== undefined && part === 'rest') learned.add(place);
    }
  if (learned.size === 0) return [];
  const some = [...learned].slice(0, 3).map((place) => id(place));
  const more = learned.size > some.length ? ', ...' : '';
  return [
    `warning: the network learned from ${learned.size} of these ${count} images (${some.join(', ')}${more})`,
  ];
}
