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
  /** Where it went wrong: a source location, or an image path, config key or file name. */
  readonly where?: SourceLocation | string | undefined;
  /** How to fix it. */
  readonly hint?: string | undefined;
  /** Further facts, a line each, such as where another value was made. */
  readonly notes?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** Base of every error that Gradus raises on purpose; the CLI prints it without a stack trace. */
export class GradusError extends Error {
  readonly code: string;
  readonly where: SourceLocation | string | undefined;
  readonly hint: string | undefined;
  readonly notes: readonly string[];

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.where = details.where;
    this.hint = details.hint;
    this.notes = details.notes ?? [];
  }
}

/** The user's model is wrong: shapes, names, rates. */
export class ModelError extends GradusError {}

/** A config file, command line or library call is wrong; `where` names the key or flag. */
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
