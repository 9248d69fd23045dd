import type { Naming } from '../support/phrase.js';
import type { ExitCode } from './exitCodes.js';
import type { Progress } from './progress.js';
import type { Environment, Palette } from './terminal.js';

/** What a command has to work with. */
export interface Context {
  readonly environment: Environment;
  /** How the command's flags are called, for texts that name options. */
  readonly naming: Naming;
  readonly progress: Progress;
  /** Styles of standard output. */
  readonly paint: Palette;
  /** Runs what Ctrl-C stops at a step boundary by aborting the signal. */
  interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** What a command ends with: `json` for --json, `text` for people, both for standard output. */
export interface Report {
  readonly json: unknown;
  readonly text: string;
  /** What --quiet leaves of the text; all of it where it is missing. */
  readonly quiet?: string;
  /** 0 where it is missing. */
  readonly exitCode?: ExitCode;
}
