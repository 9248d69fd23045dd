import type { GradusError, SourceLocation } from './errors.js';
import { libraryNaming, type Naming } from './phrase.js';

export interface FormatOptions {
  /** The text of a source file, or undefined if it cannot be read; then the frame is left out. */
  readonly readSource?: ((file: string) => string | undefined) | undefined;
  /** Writes ANSI colours (default: false). */
  readonly colour?: boolean | undefined;
  /** Folder that absolute paths are shown relative to. */
  readonly cwd?: string | undefined;
  /** Naming of options in the text (default: as properties of a library call). */
  readonly naming?: Naming | undefined;
}

/** Longest part of a source line that a frame shows, in characters. */
const widestLine = 120;

const codes = { bold: 1, red: 31, green: 32, blue: 34 } as const;

type Paint = (colour: keyof typeof codes, text: string) => string;

/**
 * An error as the terminal shows it: its name and message, where it happened with the source line
 * and carets, notes and a hint. Ends without a line break.
 */
export function formatError(error: GradusError, options: FormatOptions = {}): string {
  const paint: Paint = (colour, text) =>
    options.colour === true ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text;
  const local = (text: string) => withoutFolder(text, options.cwd);
  const { naming = libraryNaming } = options;
  const { message, where, notes, hint } = error.textsFor(naming);
  const lines = [`${paint('red', 'error')} ${paint('bold', `${error.name}: ${local(message)}`)}`];
  if (where !== undefined) {
    const place = typeof where === 'string' ? where : formatPlace(where);
    const { option = [] } = error.where === undefined ? {} : error;
    const named = option.length === 0 ? '' : ` (${naming.option({ option })})`;
    lines.push(`  ${paint('blue', '-->')} ${local(place)}${named}`);
    if (typeof where !== 'string') lines.push(...frameOf(where, options, paint));
  }
  lines.push(...notes.map((note) => `  ${local(note)}`));
  if (hint !== undefined) lines.push(`  ${paint('green', 'hint:')} ${local(hint)}`);
  return lines.join('\n');
}

/** The marked line of `source` with its number, and carets below; empty if there is no such line. */
export function codeFrame(source: string, location: SourceLocation): string[] {
  return renderFrame(source, location, (_, text) => text);
}

function frameOf(location: SourceLocation, options: FormatOptions, paint: Paint): string[] {
  const source = options.readSource?.(location.file);
  return source === undefined ? [] : renderFrame(source, location, paint);
}

function renderFrame(source: string, location: SourceLocation, paint: Paint): string[] {
  const whole = source.split(/\r?\n/)[location.line - 1];
  if (whole === undefined) return [];
  const { text, column } = narrowed(whole, location.column);
  const gutter = String(location.line).padStart(5);
  // Tabs before the marked text stay tabs, so that the carets stand below it at any tab width.
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const length = Math.max(1, Math.min(location.length ?? 1, text.length - column + 1));
  const bar = paint('blue', '|');
  return [
    `${paint('blue', gutter)} ${bar} ${text}`,
    `${' '.repeat(gutter.length)} ${bar} ${indent}${paint('red', '^'.repeat(length))}`,
  ];
}

/** A window of a long line that starts shortly before the marked column. */
function narrowed(line: string, column: number): { text: string; column: number } {
  const start = line.length > widestLine ? Math.max(0, column - 1 - widestLine / 2) : 0;
  const head = start > 0 ? '…' : '';
  const tail = line.length > start + widestLine ? '…' : '';
  return {
    text: head + line.slice(start, start + widestLine) + tail,
    column: column - start + head.length,
  };
}

function formatPlace(location: SourceLocation): string {
  return `${location.file}:${location.line}:${location.column}`;
}

function withoutFolder(text: string, folder: string | undefined): string {
  if (folder === undefined || folder === '' || folder === '/') return text;
  const prefix = /[\\/]$/.test(folder) ? folder : `${folder}/`;
  return text.replaceAll(prefix, '');
}
