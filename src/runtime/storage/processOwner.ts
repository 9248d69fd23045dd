/**
 * Identity of the process that made a file, and whether it still runs: for locks and half-written
 * files.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fnv1a32 } from '../../support/hash.js';
import { systemCode } from './fileErrors.js';

export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's ticks: tells it from a later one of the same number. */
  readonly started: string | null;
}

let own: Owner | undefined;

export function thisProcess(): Owner {
  own ??= { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  return own;
}

/** True unless the process has ended. One on another machine cannot be seen, so it counts as alive. */
export function isAlive({ pid, host, started }: Owner): boolean {
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

/** Spells an owner in a file name: process, start and a hash of the host. */
export function ownerTag({ pid, host, started }: Owner): string {
  return `${pid}-${started ?? 'x'}-${hostTag(host)}`;
}

/** Matches what ownerTag writes. */
export const ownerTagPattern = String.raw`\d+-(?:\d+|x)-[0-9a-f]{8}`;

/** The owner that a tag names; one on another machine has the tag's hash as its host. */
export function ownerOfTag(tag: string): Owner {
  const [pid = '0', started = 'x', host = ''] = tag.split('-');
  return {
    pid: Number(pid),
    host: host === hostTag(hostname()) ? hostname() : host,
    started: started === 'x' ? null : started,
  };
}

function hostTag(host: string): string {
  return fnv1a32(host).toString(16).padStart(8, '0');
}

/** Fields 3 (the state) and on of /proc/<pid>/stat, after the command's closing parenthesis. */
function statOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Field 22; null on systems without /proc. */
function startOf(pid: number): string | null {
  return statOf(pid)[19] ?? null;
}

/** True for a process that is listed only because its parent does not ask how it ended, as in containers. */
function hasEnded(pid: number): boolean {
  return ['Z', 'X'].includes(statOf(pid)[0] ?? '');
}
