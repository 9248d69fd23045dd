import { SourceMap, type SourceMapping } from 'node:module';
import { fileURLToPath } from 'node:url';
import { formatSite } from '../../compiler/ir/origin.js';
import { currentSite } from '../../compiler/trace/callSites.js';
import {
  ConfigError,
  GradusError,
  InternalError,
  ModelError,
  type ErrorDetails,
  type SourceLocation,
} from '../../support/errors.js';
import { linesBeforeCode, type TransformedFile } from './callSites.js';

/** Kind of a user's file: decides between ModelError and ConfigError. */
export type FileKind = 'model' | 'config';

/** A transformed file and the name that errors give it. */
export interface NamedFile {
  readonly name: string;
  readonly transformed: TransformedFile;
}

const mostCallers = 5;

/** An error about a user's file: ModelError for a model, ConfigError for a config. */
export function fileError(kind: FileKind, message: string, details: ErrorDetails): GradusError {
  return kind === 'model' ? new ModelError(message, details) : new ConfigError(message, details);
}

/**
 * Turns an error thrown by user code into one that points at the user's own line. A GradusError
 * stays as it is, except a ConfigError that only names an option; an error that no line of the
 * user's led to becomes an InternalError. `files` holds the transformed files by absolute path.
 */
export function explainThrown(
  thrown: unknown,
  kind: FileKind,
  files: ReadonlyMap<string, NamedFile>,
): GradusError {
  if (thrown instanceof GradusError && !namesOnlyKey(thrown, files)) return thrown;
  const [where = currentSite(), ...callers] = userFrames(thrown, files);
  // The call under way is what got it wrong; the frame only says where in the call V8 stood.
  if (thrown instanceof GradusError) return withPlace(thrown, currentSite() ?? where);
  // JavaScript that V8 cannot parse has no frame; any other error without one is not the user's.
  if (where === undefined && thrown instanceof Error && !(thrown instanceof SyntaxError))
    return new InternalError(describe(thrown), { code: 'internal', cause: thrown });
  return fileError(kind, describe(thrown), {
    code: 'user-code',
    where,
    notes: callers.slice(0, mostCallers).map((caller) => `called from ${formatSite(caller)}`),
    cause: thrown,
  });
}

/** An option that a call in the file got wrong, such as sgd({ momentum: 2 }). */
function namesOnlyKey(error: GradusError, files: ReadonlyMap<string, NamedFile>): boolean {
  const { where } = error;
  if (!(error instanceof ConfigError) || typeof where === 'object') return false;
  return ![...files.values()].some(({ name }) => name === where);
}

function withPlace(error: GradusError, where: SourceLocation | undefined): GradusError {
  return where === undefined ? error : error.with({ where, cause: error });
}

function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `the file threw ${String(thrown)}`;
  // Node lists below the first line who required a missing module: jiti's files, not the user's.
  const message = thrown.message.split('\nRequire stack:')[0] ?? '';
  return `${thrown.name}: ${message}`;
}

/** The stack frames in users' files, innermost first, where the user wrote them. */
function userFrames(thrown: unknown, files: ReadonlyMap<string, NamedFile>): SourceLocation[] {
  if (!(thrown instanceof Error)) return [];
  const frames = (thrown.stack ?? '').split('\n').flatMap((line) => {
    const [, path = '', row = '', column = ''] =
      /^\s+at (?:.*\()?(.+?):(\d+):(\d+)\)?$/.exec(line) ?? [];
    const file = files.get(path.startsWith('file://') ? fileURLToPath(path) : path);
    const position = file && originalPosition(file.transformed, Number(row), Number(column));
    return position ? [{ file, position }] : [];
  });
  return frames.map(({ file, position }, index) => ({
    file: file.name,
    // V8 reports a call in progress at a position somewhere inside it.
    ...(index === 0 ? position : callAround(file.transformed, position)),
  }));
}

type Position = Omit<SourceLocation, 'file'>;

function originalPosition(
  { map }: TransformedFile,
  row: number,
  column: number,
): Position | undefined {
  const sourceMap = new SourceMap(JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0]);
  const line = row - 1 - linesBeforeCode;
  const entry = sourceMap.findEntry(line, column - 1);
  // Another line's entry is the nearest one before our own code at the end.
  if (!isMapping(entry) || entry.generatedLine !== line) return undefined;
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

/** The shortest recorded call on that line which holds the position. */
function callAround({ sites }: TransformedFile, position: Position): Position {
  const [site] = sites
    .filter(
      ({ line, column, length }) =>
        line === position.line && column <= position.column && position.column < column + length,
    )
    .sort((a, b) => a.length - b.length);
  return site === undefined
    ? position
    : { line: site.line, column: site.column, length: site.length };
}

function isMapping(entry: SourceMapping | object): entry is SourceMapping {
  return 'originalLine' in entry;
}
