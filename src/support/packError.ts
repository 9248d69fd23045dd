/** Errors as they cross threads and processes, where classes are lost. */
import {
  ArtifactError,
  ConfigError,
  DataError,
  DeviceError,
  GradusError,
  InternalError,
  ModelError,
  TrainingError,
  type ErrorDetails,
} from './errors.js';
import { inWords, Phrase, type Piece, type Prose } from './phrase.js';

/** Every class by its name, which an error keeps as it crosses. */
const classes: Readonly<Record<string, typeof GradusError>> = {
  ...{ GradusError, ModelError, ConfigError, DataError },
  ...{ ArtifactError, DeviceError, TrainingError, InternalError },
};

type PackedProse = string | readonly Piece[];

/** An error as plain data. */
export interface PackedError extends Omit<ErrorDetails, 'code' | 'hint' | 'notes' | 'cause'> {
  readonly name: string;
  readonly message: PackedProse;
  /** Missing from errors that are not ours and have none. */
  readonly code?: string | undefined;
  readonly hint?: PackedProse | undefined;
  readonly notes?: readonly PackedProse[] | undefined;
  readonly stack?: string | undefined;
  readonly cause?: PackedError | undefined;
}

/** An error as a message; `thread` names the thread in one that nobody expected. */
export function packError(error: unknown, thread: string): PackedError {
  if (error instanceof GradusError) return packOwn(error);
  const cause = packForeign(error);
  return {
    ...{ name: InternalError.name, code: 'internal' },
    message: `the ${thread} thread failed: ${cause.message}`,
    ...{ stack: cause.stack, cause },
  };
}

/** The error of a message, of its class and with its cause. */
export function unpackError(packed: PackedError): GradusError {
  const { [packed.name]: Class = InternalError } = classes;
  const { code = 'internal', where, option, hint, notes, cause } = packed;
  const error = new Class(proseOf(packed.message), {
    ...{ code, where, option },
    hint: hint === undefined ? undefined : proseOf(hint),
    notes: notes?.map(proseOf),
    cause: cause && unpackCause(cause),
  });
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}

function packOwn(error: GradusError): PackedError {
  const { code, where, option, hint, notes, message, cause } = error.parts;
  return {
    ...{ name: error.name, code, where, option, stack: error.stack, cause: packCause(cause) },
    message: plain(message),
    hint: hint === undefined ? undefined : plain(hint),
    notes: notes?.map(plain),
  };
}

function packForeign(error: unknown): PackedError & { readonly message: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { name, message, code, stack, cause: packCause(cause) };
}

function packCause(cause: unknown): PackedError | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof GradusError ? packOwn(cause) : packForeign(cause);
}

function unpackCause(packed: PackedError): Error {
  if (Object.hasOwn(classes, packed.name)) return unpackError(packed);
  const { name, message, code, stack, cause } = packed;
  const error = new Error(inWords(proseOf(message)), cause && { cause: unpackCause(cause) });
  Object.assign(error, { name, stack }, code === undefined ? {} : { code });
  return error;
}

function plain(text: Prose): PackedProse {
  return text instanceof Phrase ? text.pieces : text;
}

function proseOf(text: PackedProse): Prose {
  return typeof text === 'string' ? text : new Phrase(text);
}
