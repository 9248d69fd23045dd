import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { invariant } from '../../support/errors.js';

/** The folder of the running code: `dist/src` of an installation, `src` of a checkout. */
const ownFolder = fileURLToPath(new URL('../..', import.meta.url));

/** The version in the running installation's package.json. */
export function installedVersion(folder = ownFolder): string {
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest)) {
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown };
    return String(version);
  }
  const parent = dirname(folder);
  invariant(parent !== folder, `no package.json above ${ownFolder}`);
  return installedVersion(parent);
}

/** The modules that users' files import, by id: where each lies below the folder of the running code. */
export const publicModules: Readonly<Record<string, string>> = {
  gradus: 'index',
  'gradus/compiler': 'compiler/index',
  'gradus/models': 'language/models/index',
};

/** The file that declares the types of a public module in the running installation. */
export function installedDeclarations(id: string): string | undefined {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.d.ts';
  const path = join(ownFolder, `${publicModules[id] ?? id}${extension}`);
  return existsSync(path) ? path : undefined;
}

/**
 * The namespace objects of the running installation's public modules, by id: a user's file that imports
 * `gradus` gets the code that loads it, never a second copy.
 */
export async function installedModules(): Promise<Readonly<Record<string, object>>> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const entries = Object.entries(publicModules).map(async ([id, place]) => {
    const url = pathToFileURL(join(ownFolder, place + extension)).href;
    return [id, (await import(url)) as object] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

let ownFiles: string | undefined;

/**
 * Hash of the installation's version, size and time of its files, and of `declarations`: whatever
 * was checked or transformed under another one is stale.
 */
export function installationFingerprint(declarations: readonly string[]): string {
  ownFiles ??= [installedVersion(), ...filesBelow(ownFolder).map(stampOf)].join('\n');
  return hashOf([ownFiles, ...declarations.map(stampOf)]);
}

/** SHA-256 of `parts` in order, 32 hex digits. */
export function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .filter((path) => /\.(ts|js)$/.test(path))
    .sort();
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return `${path} ${stat?.size ?? 'missing'} ${stat?.mtimeMs ?? ''}`;
}
