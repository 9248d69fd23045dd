/** A run's folder and the lock that keeps a second process out of it. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Json } from '../../contract/checkpointSchema.js';
import { makeFolder, recoverFolder, removeEmptyFolders, writeFileAtomic } from './atomic.js';
import { readError, systemCode } from './fileErrors.js';
import { lockFolder, unlockFolder } from './folderLock.js';
import { canonicalJson } from './json.js';
import { placesOf } from './places.js';

/** A folder under `runs/` that this process alone writes, until it is closed. */
export class RunFolder {
  private constructor(
    readonly path: string,
    /** Folders that were missing, outermost first. */
    private readonly made: readonly string[],
  ) {}

  /**
   * Makes the folder if it is missing, locks it and clears what a killed process left there.
   * Throws a ConfigError that names the process which holds it.
   */
  static open(path: string): RunFolder {
    const made = makeFolder(path);
    lockFolder(path);
    recoverFolder(path);
    return new RunFolder(path, made);
  }

  /** Writes run.json: config as resolved, versions, machine, seed, hashes. */
  writeInfo(info: Json): void {
    writeFileAtomic(placesOf(this.path).info, canonicalJson(info));
  }

  /** Contents of run.json, or undefined for a new run. */
  readInfo(): unknown {
    return readRunInfo(this.path);
  }

  /** Gives the folder free. One that was made for a run which was then refused, and is empty, goes. */
  close(): void {
    unlockFolder(this.path);
    removeEmptyFolders(this.made);
  }
}

/** Contents of run.json in a run's folder, or undefined if there is none; needs no lock. */
export function readRunInfo(path: string): unknown {
  const file = placesOf(path).info;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw readError(
      error,
      file,
      'choose another name for the run, or delete the folder: this file is not valid JSON',
    );
  }
}

/** The run that a checkpoint lies in, and what its run.json says. */
export interface FoundRun {
  /** Absolute. */
  readonly path: string;
  readonly info: unknown;
}

/**
 * The run that a checkpoint lies in; undefined if it lies in none. A generation has a folder of its
 * own below its run's, and so has a second phase.
 */
export function findRun(checkpoint: string): FoundRun | undefined {
  let path = dirname(dirname(resolve(checkpoint)));
  for (let level = 0; level < 3; level++, path = dirname(path)) {
    const info = readRunInfo(path);
    if (info !== undefined) return { path, info };
  }
  return undefined;
}

/** Contents of run.json of the run around a checkpoint; undefined outside a run. */
export function runInfoAbove(checkpoint: string): unknown {
  return findRun(checkpoint)?.info;
}
