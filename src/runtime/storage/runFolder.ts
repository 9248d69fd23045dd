/** A run's folder and the lock that keeps a second process out of it. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Json } from '../../contract/checkpointSchema.js';
import { makeFolder, recoverFolder, removeEmptyFolders, writeFileAtomic } from './atomic.js';
import { readError, systemCode } from './fileErrors.js';
import { lockFolder, unlockFolder } from './folderLock.js';
import { canonicalJson } from './json.js';

/** The places of one network of a run: a generation's folder, or the run's own. */
export interface NetworkFolder {
  readonly path: string;
  readonly artifacts: string;
  readonly checkpoints: string;
  readonly metrics: string;
  readonly curves: string;
}

const infoName = 'run.json';

/** The places of a network below `path`; nothing is made. */
export function networkFolder(path: string): NetworkFolder {
  return {
    path,
    artifacts: join(path, 'artifacts'),
    checkpoints: join(path, 'checkpoints'),
    metrics: join(path, 'metrics.jsonl'),
    curves: join(path, 'curves.svg'),
  };
}

/** A folder under `runs/` that this process alone writes, until it is closed. */
export class RunFolder {
  private constructor(
    readonly path: string,
    /** Folders that were missing, outermost first. */
    private readonly made: readonly string[],
  ) {}

  /**
   * Makes the folder where it is missing, locks it and clears what a killed process left there.
   * Throws a ConfigError that names the process which holds it.
   */
  static open(path: string): RunFolder {
    const made = makeFolder(path);
    lockFolder(path);
    recoverFolder(path);
    return new RunFolder(path, made);
  }

  /** Makes the folders of a network: of generation `name`, or of the run itself where it has one only. */
  network(name?: string): NetworkFolder {
    const folder = networkFolder(name === undefined ? this.path : join(this.path, name));
    for (const place of [folder.artifacts, folder.checkpoints]) {
      makeFolder(place);
      recoverFolder(place);
    }
    if (name !== undefined) recoverFolder(folder.path);
    return folder;
  }

  /** Writes run.json: config as resolved, versions, machine, seed, hashes. */
  writeInfo(info: Json): void {
    writeFileAtomic(join(this.path, infoName), canonicalJson(info));
  }

  /** What run.json says, or undefined for a new run. */
  readInfo(): unknown {
    return readRunInfo(this.path);
  }

  /** Gives the folder free. One that was made for a run which was then refused, and is empty, goes. */
  close(): void {
    unlockFolder(this.path);
    removeEmptyFolders(this.made);
  }
}

/** What run.json in a run's folder says, or undefined where there is none; needs no lock. */
export function readRunInfo(path: string): unknown {
  const file = join(path, infoName);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw readError(
      error,
      file,
      'it is no JSON: choose another name for the run, or delete the folder',
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
 * The run that a checkpoint lies in; undefined where it lies in none. A generation has a folder of its
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

/** What the run.json of the run says that a checkpoint lies in; undefined where it lies in none. */
export function runInfoAbove(checkpoint: string): unknown {
  return findRun(checkpoint)?.info;
}
