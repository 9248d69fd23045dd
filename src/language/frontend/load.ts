import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { resetSites } from '../../compiler/trace/callSites.js';
import type { GradusError } from '../../support/errors.js';
import { nearest } from '../../support/nearest.js';
import { cacheIsOff, openCache, userCacheFolder } from './cache.js';
import { keyLocator, type KeyLocator } from './configKeys.js';
import { evaluate } from './evaluate.js';
import { hashOf, installedVersion } from './installation.js';
import { readJson } from './json.js';
import { prepare, type LoadContext } from './prepare.js';
import { explainThrown, fileError, type FileKind, type NamedFile } from './userErrors.js';

export interface LoadOptions {
  /**
   * The running installation's namespace objects by module id: `gradus`, `gradus/models`. A user's
   * import of that id gets this very object, wherever the file lies.
   */
  readonly modules: Readonly<Record<string, object>>;
  /** Files that declare the types of `modules` (default: the running installation's own). */
  readonly declarations?: Readonly<Record<string, string>>;
  /** Class of the file's errors, ModelError or ConfigError (default: model). */
  readonly kind?: FileKind;
  /** Folder that paths are relative to, in `path` and in messages; the process's unless told. */
  readonly cwd?: string;
  /** Folder of the cache, or false for none; that of the user unless told. */
  readonly cacheDir?: string | false;
  /** Checks types (default: true). */
  readonly typeCheck?: boolean;
  /**
   * Lets the file run while its types are still being checked; `checked` of the result tells when
   * they are. Otherwise no code of a file with a type error runs.
   */
  readonly typesBeside?: boolean;
}

export interface LoadedModule {
  /** Exports of the file; for a JSON file, its value as `default`. */
  readonly module: Readonly<Record<string, unknown>>;
  /** Absolute paths of the file and of all local files that it imports, itself first. */
  readonly files: readonly string[];
  /** Hash of those files' contents and of Gradus' version; the same in any folder. */
  readonly contentHash: string;
  /** True if this load checked types; false if an unchanged file had passed before. */
  readonly typeChecked: boolean;
  /**
   * Settled once the types are checked; rejected with the error that they make. Whatever goes wrong with
   * the file before, that error is the better one.
   */
  readonly checked: Promise<void>;
  /**
   * Turns an error that code of the file threw later, such as a model's `build`, into one at the
   * user's line.
   */
  readonly explain: (thrown: unknown) => GradusError;
  /** Finds where a key of the exported object is written. */
  readonly locate: KeyLocator;
}

/** Most files that a hint lists. */
const mostNames = 5;

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'];

/**
 * Loads a user's model or config file: checks its types, records its call sites, and evaluates it.
 * Throws a ModelError or ConfigError for a missing file, an error of syntax or type (all of them
 * as notes), or what the file itself throws, each with the user's file, line and column.
 */
export async function loadModule(path: string, options: LoadOptions): Promise<LoadedModule> {
  const cwd = realpathSync(options.cwd ?? process.cwd());
  const cacheDir = options.cacheDir ?? (cacheIsOff() ? false : userCacheFolder('frontend'));
  const context: LoadContext = {
    kind: options.kind ?? 'model',
    nameOf: (absolute) => displayName(absolute, cwd),
    modules: options.modules,
    declarations: options.declarations ?? {},
    cache: openCache(cacheDir === false ? undefined : cacheDir),
    typeCheck: options.typeCheck ?? true,
  };
  const file = findFile(path, cwd, context.kind);
  if (extname(file) === '.json') return loadJson(file, context);
  return loadCode(file, context, options.typesBeside === true);
}

async function loadCode(
  file: string,
  context: LoadContext,
  typesBeside: boolean,
): Promise<LoadedModule> {
  const prepared = await prepare(file, context);
  const { files, contentHash, typeChecked, checked, transform } = prepared;
  if (!typesBeside) await checked;
  const named = new Map<string, NamedFile>();
  const explain = (thrown: unknown) => explainThrown(thrown, context.kind, named);
  forgetJson(files);
  resetSites();
  try {
    const module = await evaluate(file, transform, named, context);
    const locate = keyLocator(file, context.nameOf(file));
    return { module, files, contentHash, typeChecked, checked, explain, locate };
  } catch (error) {
    const explained = explain(error);
    await checked;
    throw explained;
  } finally {
    resetSites();
  }
}

function loadJson(file: string, context: LoadContext): LoadedModule {
  const { text, value } = readJson(file, context);
  return {
    module: { default: value },
    files: [file],
    contentHash: hashOf([installedVersion(), basename(file), text]),
    typeChecked: false,
    checked: Promise.resolve(),
    explain: (thrown) => explainThrown(thrown, context.kind, new Map()),
    locate: keyLocator(file, context.nameOf(file)),
  };
}

/** Node keeps each JSON file that was required; an edited one is to be read again. */
function forgetJson(files: readonly string[]): void {
  const { cache } = createRequire(import.meta.url);
  for (const file of files) if (file.endsWith('.json')) Reflect.deleteProperty(cache, file);
}

function displayName(path: string, cwd: string): string {
  const name = relative(cwd, path);
  return name.startsWith('..') || isAbsolute(name) ? path : name;
}

/** The absolute path, without links, of the file that a user means by `path`. */
function findFile(path: string, cwd: string, kind: FileKind): string {
  const absolute = resolve(cwd, path);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (stat === undefined)
    throw fileError(kind, `${path} does not exist`, {
      code: 'missing-file',
      where: path,
      hint: similarFiles(absolute, path, kind),
    });
  if (!stat.isFile() || !extensions.includes(extname(absolute)))
    throw fileError(
      kind,
      `${path} is ${stat.isFile() ? 'not a' : 'a folder, not a'} ${kind} file`,
      {
        code: 'wrong-file',
        where: path,
        hint: `a ${kind} file is a TypeScript module, such as my.${kind}.ts`,
      },
    );
  return realpathSync(absolute);
}

function similarFiles(absolute: string, path: string, kind: FileKind): string {
  const folder = dirname(absolute);
  if (!existsSync(folder)) return `the folder ${dirname(path)} does not exist either`;
  const names = readdirSync(folder).filter((name) => extensions.includes(extname(name)));
  const wanted = basename(absolute);
  const found = nearest(wanted, names) ?? names.find((name) => stemOf(name) === stemOf(wanted));
  if (found !== undefined) return `did you mean ${join(dirname(path), found)}?`;
  const those = names.filter((name) => name.includes(`.${kind}.`)).slice(0, mostNames);
  const place = dirname(path) === '.' ? 'this folder' : dirname(path);
  return those.length > 0
    ? `${place} has ${those.join(', ')}`
    : `${place} has no ${kind} file; \`gradus init\` writes one to start from`;
}

/** `my` of `my.model.ts`, which users leave out or mistype the rest of. */
function stemOf(name: string): string {
  return name.split('.')[0] ?? name;
}
