/** A run's folder and the lock that keeps a second process out of it. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Json } from '../artifacts/checkpointSchema.js';
import { ConfigError } from '../support/errors.js';
import { makeFolder, recoverFolder, removeEmptyFolders, writeFileAtomic } from './atomic.js';
import { readError, systemCode, writeError } from './fileErrors.js';
import { canonicalJson } from './json.js';

/** The places of one network of a run: a generation's folder, or the run's own. */
export interface NetworkFolder {
  readonly path: string;
  readonly artifacts: string;
  readonly checkpoints: string;
  readonly metrics: string;
  readonly curves: string;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's ticks: tells it from a later one of the same number. */
  readonly started: string | null;
}

const lockName = 'run.lock';
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
    lock(path);
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
    const path = join(this.path, lockName);
    if (sameOwner(readOwner(path), thisProcess())) rmSync(path, { force: true });
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

function lock(folder: string): void {
  const path = join(folder, lockName);
  for (let attempt = 0; attempt < 3; attempt++) {
    if (tryLock(path)) return;
    const owner = readOwner(path);
    if (owner === undefined) continue;
    if (isAlive(owner)) throw locked(folder, owner);
    removeStale(path, owner);
  }
  throw locked(folder, readOwner(path));
}

/** Makes the lock with its content at once: a link to a finished file exists whole or not at all. */
function tryLock(path: string): boolean {
  const own = `${path}.${process.pid}`;
  try {
    writeFileSync(own, JSON.stringify(thisProcess()));
    linkSync(own, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw writeError(error, path);
  } finally {
    rmSync(own, { force: true });
  }
}

/** Moves a dead owner's lock away; another process may have taken it over in between. */
function removeStale(path: string, seen: Owner): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
    if (!sameOwner(readOwner(aside), seen)) linkSync(aside, path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'EEXIST')
      throw writeError(error, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Undefined where there is no lock; a damaged one belongs to nobody who lives. */
function readOwner(path: string): Owner | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isOwner(value)) return value;
  } catch {
    // Treated as the lock of a process that is gone, below.
  }
  return { pid: 0, host: hostname(), started: null };
}

function isOwner(value: unknown): value is Owner {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'host' in value &&
    typeof value.host === 'string' &&
    'started' in value
  );
}

function thisProcess(): Owner {
  return { pid: process.pid, host: hostname(), started: startOf(process.pid) };
}

function sameOwner(a: Owner | undefined, b: Owner): boolean {
  return a?.pid === b.pid && a.host === b.host && a.started === b.started;
}

/** Fields 3 (the state) and on of /proc/<pid>/stat, after the command's closing parenthesis; none elsewhere. */
function statOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Field 22; null where there is none. */
function startOf(pid: number): string | null {
  return statOf(pid)[19] ?? null;
}

/** Whether a process has ended, and is listed only because its parent does not ask how: in a container none may. */
function hasEnded(pid: number): boolean {
  return ['Z', 'X'].includes(statOf(pid)[0] ?? '');
}

/** A process of another machine cannot be seen, so it counts as alive. */
function isAlive({ pid, host, started }: Owner): boolean {
  if (host !== hostname()) return true;
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  if (hasEnded(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || now === started;
}

function locked(folder: string, owner: Owner | undefined): ConfigError {
  const who = owner
    ? `process ${owner.pid}${owner.host === hostname() ? '' : ` on ${owner.host}`}`
    : 'another process';
  return new ConfigError(`${folder} is being written by ${who}`, {
    code: 'run-locked',
    where: folder,
    hint:
      owner && owner.host !== hostname()
        ? `if that process is gone, delete ${join(folder, lockName)}`
        : 'wait for it, stop it, or choose another name for this run',
  });
}
