import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Cache of facts about users' files, by key; a lost entry costs time, nothing else. */
export interface FrontendCache {
  /** The entry, or undefined if there is none or it cannot be read. */
  readonly read: (key: string) => unknown;
  /** Keeps a JSON value; a folder that cannot be written to is not an error. */
  readonly write: (key: string, value: unknown) => void;
}

const mostEntries = 1000;

/** Folder of all that may be lost but is dear to make: `$GRADUS_CACHE`, `$XDG_CACHE_HOME/gradus` or `~/.cache/gradus`. */
export function userCache(): string {
  const own = process.env['GRADUS_CACHE'] ?? '';
  if (own !== '' && own !== 'off') return own;
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  return join(base === '' ? join(homedir(), '.cache') : base, 'gradus');
}

/** The part of it that a subject has. */
export function userCacheFolder(name: string): string {
  return join(userCache(), name);
}

/** True if `GRADUS_CACHE=off`: nothing that can be made again is read or kept; tuned costs are. */
export function cacheIsOff(): boolean {
  return process.env['GRADUS_CACHE'] === 'off';
}

/** A cache of one JSON file an entry in `folder`; without a folder, one that keeps nothing. */
export function openCache(folder: string | undefined): FrontendCache {
  if (folder === undefined) return { read: () => undefined, write: () => undefined };
  return {
    read: (key) => attempt(() => JSON.parse(readFileSync(join(folder, `${key}.json`), 'utf8'))),
    write: (key, value) => {
      attempt(() => writeEntry(folder, key, value));
    },
  };
}

function writeEntry(folder: string, key: string, value: unknown): void {
  makeFolder(folder);
  const temporary = join(folder, `${key}.${process.pid}.tmp`);
  writeFileSync(temporary, JSON.stringify(value));
  // Renamed into place: a reader in another process sees a whole entry or none.
  renameSync(temporary, join(folder, `${key}.json`));
  prune(folder);
}

/** One folder at a time: Node's recursive mkdir never returns below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/** Keeps the newer half of a folder that has grown too full. */
function prune(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= mostEntries) return;
  const entries = names.map((name) => {
    const path = join(folder, name);
    return { path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  entries.sort((a, b) => a.time - b.time);
  for (const { path } of entries.slice(0, names.length / 2)) rmSync(path, { force: true });
}

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch {
    return undefined;
  }
}
