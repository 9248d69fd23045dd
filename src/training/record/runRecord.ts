/**
 * Facts that a network's makers recorded beside its weights: the class names, and where its run's
 * data lie.
 */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { CheckpointState } from '../../contract/checkpointSchema.js';
import { isNames, type WantedClasses } from '../../data/sets/classes.js';
import { readCheckpointState, resolveCheckpoint } from '../../runtime/storage/checkpoint.js';
import { findRun, type FoundRun } from '../../runtime/storage/runFolder.js';
import { ArtifactError, DataError } from '../../support/errors.js';
import type { Prose } from '../../support/phrase.js';
import { field } from '../../support/objects.js';
import { hasSet } from '../../data/datasets/openSets.js';

/**
 * Names of the classes that a checkpoint's network was trained with, by their numbers: in the checkpoint, or
 * in the run that it lies in; undefined if they are not recorded.
 */
export function recordedClasses(path: string): readonly string[] | undefined {
  const checkpoint = resolveCheckpoint(path);
  return classesOfCheckpoint(checkpoint, readCheckpointState(checkpoint));
}

/** As recordedClasses, of a checkpoint whose state.json was read. */
export function classesOfCheckpoint(
  path: string,
  { classes, config }: Pick<CheckpointState, 'classes' | 'config'>,
): readonly string[] | undefined {
  if (classes !== undefined) return classes;
  // An import may lie in the folder of a run, whose classes it does not have.
  return field(config, 'imported') === undefined ? classesOfRun(findRun(path)?.info) : undefined;
}

/** Names of the classes in what run.json says. */
export function classesOfRun(info: unknown): readonly string[] | undefined {
  const classes = field(info, 'classes');
  return isNames(classes) && classes.length > 0 ? classes : undefined;
}

/** The recorded classes as those that a set must have; `partial` takes a set that lacks some. */
export function asRecorded(
  names: readonly string[] | undefined,
  partial = false,
): WantedClasses | undefined {
  return names && { names, source: 'the training', partial };
}

/**
 * Entry of run.json for the folder that its config's paths start from: its path from the run's, so
 * that both may move.
 */
export function configFolderEntry(run: string, configFolder: string): string {
  const path = relative(resolve(run), resolve(configFolder));
  // From one drive of Windows to another there is no such path.
  return isAbsolute(path) ? path : path.split(sep).join('/') || '.';
}

/** Folders above a run's in which its data are looked for. */
const foldersAbove = 3;

/**
 * Folders that the paths of a run's config may start from, the recorded one first; then, if it has gone,
 * those above the run. Empty if run.json does not tell.
 */
export function configFolders({ path, info }: FoundRun): readonly string[] {
  const recorded = field(info, 'configFolder');
  if (typeof recorded !== 'string') return [];
  const above: string[] = [];
  for (let folder = dirname(path); above.length < foldersAbove; folder = dirname(folder)) {
    if (folder === dirname(folder)) break;
    above.push(folder);
  }
  return [...new Set([resolve(path, recorded), ...above])];
}

/** A set of a run's config, and what is to be said of where it lies. */
export interface RunData {
  /** Folder that its path starts from. */
  readonly folder: string;
  readonly note?: string;
}

/**
 * The folder that the path of a set in a run's config starts from. Throws a DataError that names all places
 * where the set is not, with `hint`.
 */
export function dataOfRun(run: FoundRun, spec: string, hint: Prose): RunData {
  const folders = configFolders(run);
  const [recorded] = folders;
  if (recorded === undefined)
    throw new ArtifactError(`${run.path} does not record the path of its data`, {
      code: 'no-run',
      where: run.path,
      hint,
    });
  const folder = folders.find((place) => hasSet(spec, place));
  if (folder === undefined)
    throw new DataError(`the images of ${run.path} are missing: ${spec} does not exist`, {
      code: 'data-gone',
      where: spec,
      notes: [
        `looked for: ${[...new Set(folders.map((place) => resolve(place, spec)))].join(', ')}`,
      ],
      hint,
    });
  if (folder !== recorded)
    return { folder, note: `${spec} is no longer in ${recorded}; using the one in ${folder}` };
  const other = copyBeside(run, spec);
  return {
    folder,
    ...(other !== undefined && {
      note: `${run.path} was made in ${recorded}; using its ${spec}, although ${other} has one, too`,
    }),
  };
}

/** A folder above the run with data of the same name, if an older run.json has an absolute path to elsewhere. */
function copyBeside(run: FoundRun, spec: string): string | undefined {
  const recorded = field(run.info, 'configFolder');
  if (typeof recorded !== 'string' || !isAbsolute(recorded) || isAbsolute(spec)) return undefined;
  const [, ...above] = configFolders(run);
  const inside = !relative(recorded, run.path).startsWith('..');
  return inside ? undefined : above.find((place) => existsSync(join(place, spec)));
}

/** The run that a checkpoint lies in. Throws an ArtifactError if it lies in none, with `hint`. */
export function requireRun(checkpoint: string, hint: Prose): FoundRun {
  const run = findRun(checkpoint);
  if (run) return run;
  throw new ArtifactError(`${checkpoint} is not in the folder of a run`, {
    code: 'no-run',
    where: checkpoint,
    hint,
  });
}
