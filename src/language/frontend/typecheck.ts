import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type * as tsMorph from 'ts-morph';
import type { SourceLocation } from '../../support/errors.js';
import { ambientDeclarations } from './ambient.js';
import { resolutionOptions, type LocalFile } from './localFiles.js';
import { loadTsMorph } from './tsMorph.js';

/** One error of the TypeScript compiler in a user's file; `where.file` is absolute. */
export interface TypeProblem {
  readonly code: 'syntax-error' | 'type-error';
  readonly message: string;
  readonly where: SourceLocation;
}

/**
 * The syntax and type errors of `files` (a user's file and its local imports), in their order.
 * `declarations` tells for each module id, such as `gradus`, the file that declares its types.
 * The user's own tsconfig.json has no part in it, so that a model means the same everywhere.
 */
export function typeProblems(
  files: readonly LocalFile[],
  declarations: Readonly<Record<string, string>>,
): TypeProblem[] {
  const { Project } = loadTsMorph();
  const project = new Project({
    skipAddingFilesFromTsConfig: true,
    compilerOptions: checkOptions(files, declarations),
  });
  const sources = files
    .filter(({ path }) => /\.[mc]?ts$/.test(path) && !/\.d\.[mc]?ts$/.test(path))
    .map(({ path, text }) => project.createSourceFile(path, text, { overwrite: true }));
  if (project.getCompilerOptions().types?.length === 0)
    project.createSourceFile('/gradus-ambient.d.ts', ambientDeclarations);
  const program = project.getProgram().compilerObject;
  const syntactic = sources.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file.compilerNode),
  ]);
  if (syntactic.length > 0) return problemsOf(syntactic, 'syntax-error');
  const semantic = sources.flatMap((file) => [
    ...program.getSemanticDiagnostics(file.compilerNode),
  ]);
  return problemsOf(semantic, 'type-error');
}

function checkOptions(
  files: readonly LocalFile[],
  declarations: Readonly<Record<string, string>>,
): tsMorph.ts.CompilerOptions {
  const { ts } = loadTsMorph();
  const usesNode = files.some(({ text }) => /['"]node:|\bBuffer\b/.test(text));
  const typeRoot = usesNode ? nodeTypes(dirname(files[0]?.path ?? '.')) : undefined;
  return {
    ...resolutionOptions(),
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    types: typeRoot === undefined ? [] : ['node'],
    typeRoots: typeRoot === undefined ? [] : [typeRoot],
    strict: true,
    // An untyped node module is any; callbacks passed to it would be errors.
    noImplicitAny: !usesNode || typeRoot !== undefined,
    skipLibCheck: true,
    // A file without imports is a module too: its names are not those of the other files.
    moduleDetection: ts.ModuleDetectionKind.Force,
    paths: Object.fromEntries(Object.entries(declarations).map(([id, file]) => [id, [file]])),
  };
}

/** The node_modules/@types folder that holds Node's types, seen from `folder`. */
function nodeTypes(folder: string): string | undefined {
  const types = join(folder, 'node_modules/@types');
  if (existsSync(join(types, 'node'))) return types;
  const parent = dirname(folder);
  return parent === folder ? undefined : nodeTypes(parent);
}

function problemsOf(
  diagnostics: readonly tsMorph.ts.Diagnostic[],
  code: TypeProblem['code'],
): TypeProblem[] {
  return diagnostics.flatMap(({ file, start, length, messageText, code: number }) => {
    if (file === undefined || start === undefined) return [];
    const { line, character } = file.getLineAndCharacterOfPosition(start);
    const rest = file.text.slice(start, start + (length ?? 1)).split(/\r?\n/)[0] ?? '';
    return {
      code,
      message: `${readable(messageText)} (TS${number})`,
      where: {
        file: file.fileName,
        line: line + 1,
        column: character + 1,
        length: Math.max(1, rest.length),
      },
    };
  });
}

/** The outermost message of a chain and its innermost reason. */
function readable(message: string | tsMorph.ts.DiagnosticMessageChain): string {
  if (typeof message === 'string') return withoutStop(message);
  let reason = message.next?.[0];
  while (reason?.next?.[0] !== undefined) reason = reason.next[0];
  const outer = withoutStop(message.messageText);
  return reason === undefined ? outer : `${outer}: ${withoutStop(reason.messageText)}`;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}
