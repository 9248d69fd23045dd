import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, relative } from 'node:path';
import { formatSite } from '../../compiler/ir/origin.js';
import type { SourceLocation } from '../../support/errors.js';
import type { FrontendCache } from './cache.js';
import {
  transformFile,
  type SyntaxProblem,
  type TransformedFile,
  type TransformResult,
} from './callSites.js';
import {
  hashOf,
  installationFingerprint,
  installedDeclarations,
  installedVersion,
} from './installation.js';
import { localFiles, type LocalFile } from './localFiles.js';
import { checkSources, type Sources } from './sourceChecker.js';
import type { TypeProblem } from './typecheck.js';
import { fileError, type FileKind } from './userErrors.js';

/** Context of one load of a user's file; the same for all files that it imports. */
export interface LoadContext {
  readonly kind: FileKind;
  /** The name of an absolute path in messages. */
  readonly nameOf: (path: string) => string;
  readonly modules: Readonly<Record<string, object>>;
  readonly declarations: Readonly<Record<string, string>>;
  readonly cache: FrontendCache;
  readonly typeCheck: boolean;
}

/** A user's file that can run. */
export interface PreparedFile {
  readonly files: readonly string[];
  readonly contentHash: string;
  readonly typeChecked: boolean;
  /** Settled once the types are checked; rejected with an error that names what is wrong with them. */
  readonly checked: Promise<void>;
  /** JavaScript of a file, from the cache if its text is known there. */
  readonly transform: (path: string, source: string) => TransformedFile;
}

/** Remembers that these files, with these contents, had no type error. */
interface CheckRecord {
  readonly files: readonly { readonly path: string; readonly hash: string }[];
}

const mostNotes = 10;

/**
 * Reads `root` and its local imports, and has their types checked, unless the files are as they were at
 * their last good check.
 */
export async function prepare(root: string, context: LoadContext): Promise<PreparedFile> {
  const declarations = declarationsOf(context);
  const fingerprint = installationFingerprint(Object.values(declarations));
  const key = `check-${hashOf([fingerprint, root])}`;
  const known = knownFiles(context.cache.read(key));
  const typeChecked = known === undefined && context.typeCheck;
  const check = typeChecked ? checkSources(root, declarations) : undefined;
  const { files, transformed } = (await check?.sources) ?? readHere(known ?? localFiles(root));
  const checked = Promise.resolve(check?.problems).then((problems) => {
    if (problems === undefined) return;
    refuseTypeErrors(problems, context);
    const record: CheckRecord = {
      files: files.map(({ path, text }) => ({ path, hash: hashOf([text]) })),
    };
    context.cache.write(key, record);
  });
  // It is for whoever waits for it.
  checked.catch(() => undefined);
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return {
    files: files.map(({ path }) => path),
    contentHash: contentHashOf(root, files),
    typeChecked,
    checked,
    transform: (path, source) => {
      const made = texts.get(path) === source ? transformed.get(path) : undefined;
      return transformCached(path, source, fingerprint, context, made);
    },
  };
}

function readHere(files: readonly LocalFile[]): Sources {
  return { files, transformed: new Map() };
}

function declarationsOf({ modules, declarations }: LoadContext): Record<string, string> {
  const all: Record<string, string> = {};
  for (const id of Object.keys(modules)) {
    const file = declarations[id] ?? installedDeclarations(id);
    if (file !== undefined) all[id] = file;
  }
  return all;
}

/** The files of a record with their texts, or undefined if one of them has changed since. */
function knownFiles(record: unknown): LocalFile[] | undefined {
  const { files } = (record ?? {}) as Partial<CheckRecord>;
  if (!Array.isArray(files)) return undefined;
  const found: LocalFile[] = [];
  for (const { path, hash } of files as CheckRecord['files']) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    if (text === undefined || hashOf([text]) !== hash) return undefined;
    found.push({ path, text });
  }
  return found;
}

function contentHashOf(root: string, files: readonly LocalFile[]): string {
  const folder = dirname(root);
  const parts = files.flatMap(({ path, text }) => [relative(folder, path), text]);
  return hashOf([installedVersion(), ...parts]);
}

function refuseTypeErrors(found: readonly TypeProblem[], { kind, nameOf }: LoadContext): void {
  const problems = found.map((problem) => ({
    ...problem,
    where: { ...problem.where, file: nameOf(problem.where.file) },
  }));
  const [first, ...others] = problems;
  if (first === undefined) return;
  const notes = others
    .slice(0, mostNotes)
    .map(({ where, message }) => `also ${formatSite(where)}: ${message}`);
  const unnamed = others.length - notes.length;
  if (unnamed > 0) notes.push(`and ${unnamed} more`);
  throw fileError(kind, first.message, { code: first.code, where: first.where, notes });
}

function transformCached(
  path: string,
  source: string,
  fingerprint: string,
  context: LoadContext,
  made: TransformResult | undefined,
): TransformedFile {
  const key = `code-${hashOf([fingerprint, extname(path), source])}`;
  const cached = context.cache.read(key) as TransformedFile | undefined;
  if (cached !== undefined) return cached;
  const { file, problems } = made ?? transformFile(source, path);
  const [first] = problems;
  if (first !== undefined)
    throw fileError(context.kind, first.message, {
      code: 'syntax-error',
      where: { file: context.nameOf(path), ...positionOf(source, first) },
    });
  context.cache.write(key, file);
  return file;
}

/** Line, column and length on that line of a range of `source`. */
export function positionOf(
  source: string,
  { start, length }: Pick<SyntaxProblem, 'start' | 'length'>,
): Omit<SourceLocation, 'file'> {
  const before = source.slice(0, start).split('\n');
  const marked = source.slice(start, start + length).split(/\r?\n/)[0] ?? '';
  return {
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    length: Math.max(1, marked.length),
  };
}
