import { basename, dirname, resolve } from 'node:path';
import type { CheckpointState } from '../../contract/checkpointSchema.js';
import {
  checkpointPath,
  listCheckpoints,
  readCheckpointState,
  resolveCheckpoint,
} from '../../runtime/storage/checkpoint.js';
import { isWritten } from '../../runtime/storage/folderLock.js';
import { findRun, type FoundRun } from '../../runtime/storage/runFolder.js';
import { placeNames } from '../../runtime/storage/places.js';
import { isObject } from '../../support/objects.js';

/** A run whose training has not ended, and which of its checkpoints stands for it meanwhile. */
export interface UnfinishedRun {
  /** True if a process is training it now. */
  readonly running: boolean;
  /** Steps of the chosen checkpoint and of the newest. */
  readonly step: number;
  readonly newest: number;
  /** Steps that it is planned for; null if an older version did not record them. */
  readonly steps: number | null;
  /** The same in words. */
  readonly note: string;
}

/**
 * Tells whether a path stands for a run, or one network of a self-training, that is still being trained
 * or was stopped before its end; undefined if it has ended, and for a single checkpoint or a file.
 */
export function unfinishedRun(path: string): UnfinishedRun | undefined {
  if (path.endsWith('.onnx')) return undefined;
  const checkpoint = resolveCheckpoint(path);
  if (checkpoint === path) return undefined;
  const folder = dirname(checkpoint);
  const newest = listCheckpoints(folder).at(-1) ?? 0;
  const state = readCheckpointState(checkpointPath(folder, newest));
  const run = findRun(checkpoint);
  if (basename(folder) !== placeNames.checkpoints || run === undefined) return undefined;
  const running = isWritten(run.path);
  const steps = state.steps ?? field(state, 'steps');
  const ended =
    state.ended === true || (state.steps === undefined && !openInOldRun(state, newest, running));
  const network = dirname(folder);
  const between = ended && basename(network) !== placeNames.fixed && plansSecondPhase(run, network);
  if (ended && !between) return undefined;
  const { step } = readCheckpointState(checkpoint);
  const which = state.choose !== 'last' && state.best ? 'best' : 'newest';
  const of = steps === undefined ? '' : ` of ${steps}`;
  const first = `took step ${step}${of} of its first phase; the one at a larger size has no checkpoint yet`;
  if (between) {
    const state = running ? 'is still training' : 'was stopped between its two phases';
    return { running, step, newest, steps: steps ?? null, note: `${path} ${state}: ${first}` };
  }
  const note = running
    ? `${path} is still training: took step ${step}${of}, its ${which} so far`
    : `${path} was stopped at step ${newest}${of}: took step ${step}, its ${which} so far`;
  return { running, step, newest, steps: steps ?? null, note };
}

/** True if the config of a run has a second phase for the network in a folder. */
function plansSecondPhase({ path, info }: FoundRun, network: string): boolean {
  const config = isObject(info) ? info['config'] : undefined;
  if (!isObject(config)) return false;
  const own = resolve(network) === path ? config : generationIn(config, basename(network));
  return isObject(own) && own['fixResolution'] !== undefined;
}

/** The part of a self-training's config that a network was trained by; others than students are like the first. */
function generationIn(config: Readonly<Record<string, unknown>>, name: string): unknown {
  if (name === 'teacher') return config['teacher'];
  const index = /^student-(\d+)$/.exec(name)?.[1] ?? '1';
  return Array.isArray(config['students']) ? config['students'][Number(index) - 1] : undefined;
}

/** Recognises an unfinished run whose checkpoints do not record their end. */
function openInOldRun(state: CheckpointState, newest: number, running: boolean): boolean {
  const steps = field(state, 'steps');
  if (running || steps === undefined) return running;
  const early = isObject(state.config) && state.config['earlyStopping'] !== undefined;
  return newest < steps && !early;
}

/** A number of the config that a checkpoint keeps. */
function field({ config }: CheckpointState, key: string): number | undefined {
  const value = isObject(config) ? config[key] : undefined;
  return typeof value === 'number' ? value : undefined;
}
