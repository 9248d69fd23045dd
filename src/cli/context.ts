import type { Naming } from '../support/phrase.js';
import type { ExitCode } from './exitCodes.js';
import type { Progress } from './progress.js';
import type { Environment, Palette } from './terminal.js';

/** Resources of a command. */
export interface Context {
  readonly environment: Environment;
  /** Naming of the command's flags, for texts that name options. */
  readonly naming: Naming;
  readonly progress: Progress;
  /** Styles of standard output. */
  readonly paint: Palette;
  /** Runs what Ctrl-C stops at a step boundary by aborting the signal. */
  interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Result of a command: `json` for --json, `text` for people, both for standard output. */
export interface Report {
  readonly json: unknown;
  readonly text: string;
  /** Part of the text that --quiet leaves (default: all of it). */
  readonly quiet?: string;
  /** Default: 0. */
  readonly exitCode?: ExitCode;
}
