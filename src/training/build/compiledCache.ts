/**
 * Compiled graphs of networks that were compiled before, in the user's cache: a file for each network, its
 * options, its target and this version. A file begins with the hash of the rest of it: one that was
 * damaged or cut short counts as none.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Reusable } from '../../compiler/compile/compile.js';
import { WrittenModel } from '../../compiler/onnx/writer.js';
import type { ArtifactKind } from '../../contract/artifactKinds.js';
import type { Manifest } from '../../contract/manifest.js';
import { cacheIsOff, userCacheFolder } from '../../language/frontend/cache.js';
import { installationFingerprint } from '../../language/frontend/installation.js';
import { makeFolder, writeFileAtomic } from '../../runtime/storage/atomic.js';
import { messageOf } from '../../runtime/storage/fileErrors.js';

/** Bytes of all entries together; the ones that were not used for longest go. */
const mostBytes = 2 ** 29;
/** An entry that nobody used for so long goes, too. */
const mostDays = 60;

const extension = '.compiled';

interface Contents {
  readonly manifest: Manifest;
  /** In the order of their bytes. */
  readonly artifacts: readonly {
    readonly kind: ArtifactKind;
    readonly file: string;
    readonly bytes: number;
  }[];
}

/** What the cache holds. */
export interface CompiledCache {
  readonly folder: string;
  readonly entries: number;
  readonly bytes: number;
  readonly mostBytes: number;
  /** True if `GRADUS_CACHE=off`. */
  readonly off: boolean;
}

const folderOf = (): string => userCacheFolder('compiled');

/** The graphs of an identity from the cache, or else as `make` makes them, which are then kept. */
export function reuseCompiled(identity: string, make: () => Reusable): Reusable {
  if (cacheIsOff()) return make();
  const key = sha256([installationFingerprint([]), identity].map((text) => Buffer.from(text)));
  const path = join(folderOf(), `${key}${extension}`);
  const known = read(path);
  if (known) return known;
  const made = make();
  keep(path, made);
  return made;
}

/** Where the cache is, and how full. */
export function describeCompiledCache(): CompiledCache {
  const entries = entriesIn(folderOf());
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return { folder: folderOf(), entries: entries.length, bytes, mostBytes, off: cacheIsOff() };
}

function read(path: string): Reusable | undefined {
  try {
    const file = readFileSync(path);
    const [end, begin] = [file.indexOf('\n'), file.indexOf('\n') + 1];
    const body = file.subarray(begin);
    if (file.toString('latin1', 0, end) !== sha256([body])) throw new Error('it is damaged');
    const now = new Date();
    attempt(() => utimesSync(path, now, now));
    return decoded(body);
  } catch {
    // Without it the network is compiled, and the file written anew.
    return undefined;
  }
}

function decoded(body: Buffer): Reusable {
  let at = body.indexOf('\n') + 1;
  const { manifest, artifacts } = JSON.parse(body.toString('utf8', 0, at)) as Contents;
  const entries = artifacts.map(({ kind, file, bytes }) => {
    const onnx = WrittenModel.of(new Uint8Array(body.subarray(at, (at += bytes))));
    return [kind, { file, onnx }] as const;
  });
  return { manifest, artifacts: Object.fromEntries(entries) };
}

function keep(path: string, { manifest, artifacts }: Reusable): void {
  const made = Object.entries(artifacts).map(([kind, { file, onnx }]) => ({ kind, file, onnx }));
  if (made.some(({ onnx }) => onnx.external !== undefined)) return;
  const models = made.map(({ onnx }) => onnx.bytes);
  const contents = {
    manifest,
    artifacts: made.map(({ kind, file }, i) => ({ kind, file, bytes: models[i]?.length ?? 0 })),
  };
  const parts = [Buffer.from(`${JSON.stringify(contents)}\n`), ...models];
  if (parts.reduce((sum, { length }) => sum + length, 0) > mostBytes / 4) return;
  try {
    makeFolder(folderOf());
    writeFileAtomic(path, [Buffer.from(`${sha256(parts)}\n`), ...parts]);
    prune();
  } catch (error) {
    sayOnce(messageOf(error));
  }
}

let said = false;

function sayOnce(reason: string): void {
  if (said) return;
  said = true;
  process.emitWarning(
    `compiled networks are not kept, so the next start takes as long: ${reason}. GRADUS_CACHE names another folder for them, or \`off\`.`,
    { code: 'GRADUS_CACHE' },
  );
}

interface Entry {
  readonly path: string;
  readonly bytes: number;
  /** When it was last used, in milliseconds. */
  readonly used: number;
}

function entriesIn(folder: string): Entry[] {
  const names = attempt(() => readdirSync(folder)) ?? [];
  return names.flatMap((name) => {
    const path = join(folder, name);
    const stat = name.endsWith(extension) ? statSync(path, { throwIfNoEntry: false }) : undefined;
    return stat ? [{ path, bytes: stat.size, used: stat.mtimeMs }] : [];
  });
}

/** Removes what is old, and of the rest what does not fit. */
function prune(): void {
  const oldest = Date.now() - mostDays * 24 * 3600 * 1000;
  let bytes = 0;
  for (const entry of entriesIn(folderOf()).toSorted((a, b) => b.used - a.used)) {
    bytes += entry.bytes;
    if (bytes > mostBytes || entry.used < oldest) rmSync(entry.path, { force: true });
  }
}

function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
