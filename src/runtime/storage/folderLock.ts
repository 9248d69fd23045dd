/**
 * A lock that keeps a second process out of a folder.
 *
 * Each process that wants the folder first announces itself with a file whose name says which process it
 * is, made exclusively, and then looks for others. Whoever sees a live announcement of another withdraws
 * its own and tries again, so two can never hold the folder: the later of two announcements sees the
 * earlier one. Nothing that another process may have made anew is ever renamed or deleted: a dead
 * process's announcement has a name that no later one can have. The winner then writes run.lock, which
 * tells people, other commands and older versions who holds the folder. No hard links are needed, which
 * FAT and many network file systems lack.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../support/errors.js';
import { writeFileAtomic } from './atomic.js';
import { systemCode, writeError } from './fileErrors.js';
import {
  isAlive,
  ownerOfTag,
  ownerTag,
  ownerTagPattern,
  thisProcess,
  type Owner,
} from './processOwner.js';

const lockName = 'run.lock';
const announced = new RegExp(String.raw`^\.run\.lock\.(?<tag>${ownerTagPattern})$`);
/** Left by killed processes of versions that linked a finished file into place. */
const oldLeftover = /^run\.lock\.(?:stale-)?(?<pid>\d+)$/;

/** Processes that begin at once withdraw and try again; 50 tries take about a second. */
const attempts = 50;

/** Folders that this process holds, absolute. */
const held = new Set<string>();

/** Locks a folder for this process. Throws a ConfigError that names the process which holds it. */
export function lockFolder(folder: string): void {
  const place = resolve(folder);
  if (held.has(place)) throw locked(folder, thisProcess());
  for (let attempt = 0; attempt < attempts; attempt++) {
    const holder = lockHolder(folder);
    if (holder) throw locked(folder, holder);
    const own = announce(folder);
    const other = liveAnnouncement(folder, own);
    if (other === undefined) {
      writeLock(folder, own);
      held.add(place);
      return;
    }
    rmSync(own, { force: true });
    if (attempt === attempts - 1) throw locked(folder, other);
    pause(5 + Math.random() * 30);
  }
}

/** True if a living process, this one included, holds a folder. */
export function isWritten(folder: string): boolean {
  return held.has(resolve(folder)) || lockHolder(folder) !== undefined;
}

/** Frees a folder that this process holds. */
export function unlockFolder(folder: string): void {
  if (!held.delete(resolve(folder))) return;
  rmSync(join(folder, lockName), { force: true });
  rmSync(announcementOf(folder), { force: true });
}

/** The live process that holds a folder by its run.lock; undefined if it is free. */
export function lockHolder(folder: string): Owner | undefined {
  const owner = readLock(join(folder, lockName));
  return owner && isAlive(owner) ? owner : undefined;
}

function announcementOf(folder: string): string {
  return join(folder, `.${lockName}.${ownerTag(thisProcess())}`);
}

function announce(folder: string): string {
  const path = announcementOf(folder);
  const write = (): void => writeFileSync(path, JSON.stringify(thisProcess()), { flag: 'wx' });
  try {
    try {
      write();
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      // Without start times, a dead process may have had this one's number: the file is not of this one.
      rmSync(path, { force: true });
      write();
    }
    return path;
  } catch (error) {
    throw writeError(error, join(folder, lockName));
  }
}

/** Another live process that wants the folder. Removes what dead ones left. */
function liveAnnouncement(folder: string, own: string): Owner | undefined {
  let found: Owner | undefined;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const tag = announced.exec(name)?.groups?.['tag'];
    const pid = oldLeftover.exec(name)?.groups?.['pid'];
    if (path === own || (tag === undefined && pid === undefined)) continue;
    const owner =
      tag === undefined
        ? { pid: Number(pid), host: hostname(), started: null }
        : (readLock(path, ownerOfTag(tag)) ?? ownerOfTag(tag));
    if (!isAlive(owner)) rmSync(path, { force: true });
    else if (tag !== undefined) found = owner;
  }
  return found;
}

/** Replaces the lock of a dead process; on failure the folder is free again. */
function writeLock(folder: string, own: string): void {
  try {
    writeFileAtomic(join(folder, lockName), JSON.stringify(thisProcess()));
  } catch (error) {
    rmSync(own, { force: true });
    throw error;
  }
}

const nobody: Owner = { pid: 0, host: hostname(), started: null };

/** Undefined if there is no lock; a damaged one belongs to `damaged`, by default to nobody who lives. */
function readLock(path: string, damaged = nobody): Owner | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isOwner(value) ? value : damaged;
  } catch {
    return damaged;
  }
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

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function locked(folder: string, { pid, host }: Owner): ConfigError {
  const here = host === hostname();
  return new ConfigError(`${folder} is in use by process ${pid}${here ? '' : ` on ${host}`}`, {
    code: 'run-locked',
    where: folder,
    hint: here
      ? 'wait for it, stop it, or choose another name for this run'
      : `if that process is gone, delete ${join(folder, lockName)} and the hidden files .${lockName}.* beside it`,
  });
}
