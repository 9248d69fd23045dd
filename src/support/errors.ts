import {
  inWords,
  libraryNaming,
  placed,
  type Naming,
  type OptionPath,
  type Prose,
} from './phrase.js';

/** A place in a source file; `line` and `column` count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Length of the marked text on that line, for the carets of a code frame. */
  readonly length?: number;
}

export interface ErrorDetails {
  /** Stable machine-readable name, for example `shape-mismatch`. */
  readonly code: string;
  /** Place of the fault: a source location, or the name of an image, a tensor or a file. */
  readonly where?: SourceLocation | string | undefined;
  /** The option that is wrong, of a call or in a config: `['labels', 'threshold']`. */
  readonly option?: OptionPath | undefined;
  /** Advice on how to fix it. */
  readonly hint?: Prose | undefined;
  /** Further facts, a line each, such as where another value was made. */
  readonly notes?: readonly Prose[] | undefined;
  readonly cause?: unknown;
}

/** An error's texts as a reader sees them. */
export interface ErrorTexts {
  readonly message: string;
  /** Place of the fault; the option's name if no better place is known. */
  readonly where: SourceLocation | string | undefined;
  readonly notes: readonly string[];
  readonly hint: string | undefined;
}

/**
 * Base of every error that Gradus raises on purpose; the CLI prints it without a stack trace. Its texts
 * name options as a library call does; `textsFor` gives them in other words.
 */
export class GradusError extends Error {
  readonly code: string;
  readonly where: SourceLocation | string | undefined;
  readonly option: OptionPath | undefined;
  readonly hint: string | undefined;
  readonly notes: readonly string[];
  readonly #message: Prose;
  readonly #details: ErrorDetails;

  constructor(message: Prose, details: ErrorDetails) {
    super(inWords(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.where = details.where;
    this.option = details.option;
    this.hint = details.hint === undefined ? undefined : inWords(details.hint);
    this.notes = (details.notes ?? []).map((note) => inWords(note));
    this.#message = message;
    this.#details = details;
  }

  /** Parts that the error was made of, with the options still separate. */
  get parts(): ErrorDetails & { readonly message: Prose } {
    return { ...this.#details, message: this.#message };
  }

  /** Its texts with options named as a kind of reader writes them. */
  textsFor(naming: Naming = libraryNaming): ErrorTexts {
    const { notes = [], hint } = this.#details;
    return {
      message: inWords(this.#message, naming),
      where: this.where ?? (this.option && naming.option({ option: this.option })),
      notes: notes.map((note) => inWords(note, naming)),
      hint: hint === undefined ? undefined : inWords(hint, naming),
    };
  }

  /** The same error with other details, of the same class and stack. */
  with(changes: Partial<ErrorDetails>, message: Prose = this.#message): GradusError {
    const Own = this.constructor as typeof GradusError;
    const error = new Own(message, { ...this.#details, ...changes });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }

  /** The same error of options that stand below others, as those of a call do in a config. */
  under(path: OptionPath): GradusError {
    const below = (text: Prose): Prose => placed(text, path);
    const { option, hint, notes } = this.#details;
    return this.with(
      {
        option: option && [...path, ...option],
        hint: hint === undefined ? undefined : below(hint),
        notes: notes?.map(below),
      },
      below(this.#message),
    );
  }
}

/** Runs `body`, whose errors then name their options below `path`, if a config has them. */
export function underOption<T>(path: OptionPath, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw error instanceof GradusError ? error.under(path) : error;
  }
}

/** The user's model is wrong: shapes, names, rates. */
export class ModelError extends GradusError {}

/** A config file, command line or library call is wrong; `option` names the key, flag or property. */
export class ConfigError extends GradusError {}

/** Images, labels or lists are wrong; `where` names the file. */
export class DataError extends GradusError {}

/** A compiled artifact, checkpoint or ONNX file is wrong; `where` names the file. */
export class ArtifactError extends GradusError {}

/** An execution provider or device cannot be used. */
export class DeviceError extends GradusError {}

/** Training cannot go on: NaN, no space for a checkpoint. */
export class TrainingError extends GradusError {}

/** A fault of our own; the CLI asks for a report. */
export class InternalError extends GradusError {}

/** Throws an InternalError unless `condition` holds. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InternalError(message, { code: 'internal' });
}
