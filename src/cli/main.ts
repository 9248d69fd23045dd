import '../runtime/executors/telemetry.js';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { installedVersion } from '../language/frontend/installation.js';
import { formatError } from '../support/codeFrame.js';
import { ConfigError, GradusError, InternalError } from '../support/errors.js';
import { field } from '../support/objects.js';
import { Phrase, type Naming } from '../support/phrase.js';
import type { Chosen } from './command.js';
import { commands } from './commands/index.js';
import type { Context, Report } from './context.js';
import { exitCodeOf, exitCodes, explainSystemError, type ExitCode } from './exitCodes.js';
import { inertStream } from './inertStream.js';
import { processSignals, withInterrupts } from './interrupts.js';
import { parseCommandLine } from './parser.js';
import { silentProgress, TerminalProgress } from './progress.js';
import { palette, wantsColour, type Environment } from './terminal.js';

/** Runs the command line of this process and sets its exit status. */
export async function main(): Promise<void> {
  surviveClosedStreams();
  const environment: Environment = {
    stdout: process.stdout,
    stderr: process.stderr,
    variables: process.env,
    cwd: currentFolder(),
    now: () => performance.now(),
  };
  process.exitCode = await runCommandLine(process.argv.slice(2), environment);
}

/** Parses a command line, runs its command and prints what comes of it; the exit status. */
export async function runCommandLine(
  argv: readonly string[],
  outer: Environment,
): Promise<ExitCode> {
  const { variables, cwd, now } = outer;
  const [stdout, stderr] = [inertStream(outer.stdout), inertStream(outer.stderr)];
  const environment: Environment = { stdout, stderr, variables, cwd, now };
  let json = argv.includes('--json');
  let naming: Naming | undefined;
  try {
    requireFolder(cwd);
    const columns = stdout.columns ?? 80;
    const chosen = parseCommandLine(argv, commands, { version: installedVersion(), columns });
    if (chosen === undefined) return exitCodes.done;
    json = chosen.common.json;
    ({ naming } = chosen);
    const report = await runChosen(chosen, environment);
    print(report, chosen, environment);
    return report.exitCode ?? exitCodes.done;
  } catch (thrown) {
    return printError(thrown, { json, naming }, environment);
  }
}

/** The current folder; empty if it was deleted. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}

function requireFolder(cwd: string): void {
  if (cwd !== '') return;
  throw new ConfigError('the current folder no longer exists', {
    code: 'no-current-folder',
    hint: 'change to another folder, or into this one again: it was deleted or replaced',
  });
}

async function runChosen(chosen: Chosen, environment: Environment): Promise<Report> {
  const { quiet } = chosen.common;
  const progress = quiet ? silentProgress : new TerminalProgress(environment);
  const context: Context = {
    environment,
    naming: chosen.naming,
    progress,
    paint: palette(wantsColour(environment.stdout, environment.variables)),
    interruptible: (body) =>
      withInterrupts(
        processSignals,
        () => {
          progress.note('stopping after this step; Ctrl-C again to exit at once');
        },
        body,
      ),
  };
  try {
    return await chosen.run(context);
  } finally {
    progress.end();
  }
}

function print(report: Report, { common, naming }: Chosen, { stdout }: Environment): void {
  const { text, quiet = text } = report;
  const plain = common.quiet ? quiet : text;
  // Phrases make strings of themselves, in a library's words, before a replacer sees them.
  const written = function (this: unknown, key: string, value: unknown): unknown {
    const own = field(this, key);
    return own instanceof Phrase ? own.toString(naming) : value;
  };
  const shown = common.json ? JSON.stringify(report.json, written, 2) : plain;
  if (shown !== '') stdout.write(`${shown}\n`);
}

interface ErrorStyle {
  readonly json: boolean;
  /** Naming of the command's flags, once it is known. */
  readonly naming: Naming | undefined;
}

function printError(
  thrown: unknown,
  { json, naming }: ErrorStyle,
  environment: Environment,
): ExitCode {
  const { stdout, stderr, variables, cwd } = environment;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    stderr.write('interrupted; run the same command again to continue\n');
    if (json) stdout.write('{ "interrupted": true }\n');
    return exitCodes.interrupted;
  }
  const error = asGradusError(explainSystemError(thrown));
  const exitCode = exitCodeOf(error);
  const colour = wantsColour(stderr, variables);
  const style = { colour, cwd, naming, readSource: (file: string) => readSource(file, cwd) };
  stderr.write(`${formatError(error, style)}\n`);
  if (exitCode === exitCodes.bug) stderr.write(`${reportRequest(thrown)}\n`);
  if (json) {
    const described = { ...describe(error, naming), exitCode };
    stdout.write(`${JSON.stringify({ error: described }, undefined, 2)}\n`);
  }
  return exitCode;
}

function asGradusError(error: unknown): GradusError {
  if (error instanceof GradusError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new InternalError(message, { code: 'internal', cause: error });
}

/** Request to report a fault of ours. */
function reportRequest(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  const versions = `gradus ${installedVersion()}, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  return [
    ...frames,
    `  ${versions}`,
    '  This is a bug in Gradus. Please report it with the text above and the command.',
  ].join('\n');
}

function describe(error: GradusError, naming: Naming | undefined): Record<string, unknown> {
  const { name, code, option } = error;
  const { message, where, notes, hint } = error.textsFor(naming);
  return { name, code, message, where, option, notes, hint };
}

function readSource(file: string, cwd: string): string | undefined {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Lets a command go on whose log cannot be written: a closed or full standard error ends nothing. A
 * reader that closes standard output early, as `gradus inspect model.ts | head` does, wants no more of
 * it; a result that cannot be written for another reason is an error.
 */
function surviveClosedStreams(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? exitCodes.done);
    process.stderr.write(`error: cannot write the result to standard output: ${error.message}\n`);
    process.exit(exitCodes.usage);
  });
}
