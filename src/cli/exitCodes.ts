import {
  ArtifactError,
  ConfigError,
  DataError,
  DeviceError,
  GradusError,
  ModelError,
  TrainingError,
} from '../support/errors.js';

/** Exit statuses of the process; docs/cli.md lists them. */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  model: 3,
  data: 4,
  device: 5,
  training: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Codes of an ArtifactError about a place that the user chose, not about what lies there. */
const unwritable: ReadonlySet<string> = new Set(['not-writable', 'not-a-folder', 'write-failed']);

/** The exit status for an error; what is not an error of a known class counts as our fault. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ConfigError) return exitCodes.usage;
  if (error instanceof ModelError) return exitCodes.model;
  if (error instanceof ArtifactError && unwritable.has(error.code)) return exitCodes.usage;
  // An artifact or checkpoint handed to a command is data like an image is.
  if (error instanceof DataError || error instanceof ArtifactError) return exitCodes.data;
  if (error instanceof DeviceError) return exitCodes.device;
  if (error instanceof TrainingError) return exitCodes.training;
  return exitCodes.bug;
}

const systemFaults: Readonly<Record<string, { reason: string; hint: string }>> = {
  ENOENT: { reason: 'no such file or folder', hint: 'check the spelling of the path' },
  EACCES: {
    reason: 'permission denied',
    hint: 'choose a folder that you may write to, or change its permissions',
  },
  EPERM: { reason: 'not permitted', hint: 'choose a folder that you may write to' },
  EROFS: { reason: 'the file system is read-only', hint: 'choose a folder on another file system' },
  ENOSPC: {
    reason: 'no space left on the device',
    hint: 'free some space, or choose another device',
  },
  EDQUOT: {
    reason: 'your disk quota is used up',
    hint: 'free some space, or choose another device',
  },
  ENOTDIR: { reason: 'a part of the path is a file, not a folder', hint: 'check the path' },
  EISDIR: { reason: 'it is a folder, not a file', hint: 'pass a file in it' },
  EEXIST: { reason: 'it already exists', hint: 'choose another name, or move it' },
  EIO: {
    reason: 'the device reports an error',
    hint: 'check the disk and the connection to it, or choose another',
  },
  ESTALE: { reason: 'the file server no longer knows the file', hint: 'mount the folder again' },
  EBUSY: { reason: 'it is in use', hint: 'stop the program that uses it, or choose another name' },
  ELOOP: { reason: 'its links form a loop', hint: 'repair the links' },
  ENAMETOOLONG: { reason: 'the name is too long', hint: 'choose a shorter one' },
  EMFILE: { reason: 'too many open files', hint: 'raise the limit with ulimit -n' },
};

const writing = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EEXIST']);

const cannotLoad = new Set(['ERR_DLOPEN_FAILED', 'MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND']);

/** onnxruntime's native half, which is missing or does not fit this machine. */
function explainMissingBinding(error: SystemError): DeviceError | undefined {
  if (!cannotLoad.has(error.code) || !/onnxruntime/.test(error.message)) return undefined;
  const [reason = ''] = error.message.split('\n');
  const place = `${process.platform} ${process.arch}, Node ${process.versions.node}`;
  return new DeviceError(`onnxruntime cannot be loaded on ${place}: ${reason}`, {
    code: 'onnxruntime-missing',
    where: 'onnxruntime-node',
    hint: 'install it again: ONNXRUNTIME_NODE_INSTALL=skip npm install (skip leaves out the download of CUDA); it runs on Windows, macOS and Linux with glibc, not on Alpine',
    cause: error,
  });
}

/**
 * Turns a file system's refusal and a native library that does not load, which are the user's to mend,
 * into an error with a hint.
 */
export function explainSystemError(error: unknown): unknown {
  if (error instanceof GradusError || !isSystemError(error)) return error;
  const missing = explainMissingBinding(error);
  if (missing) return missing;
  if (error.code === 'ERR_INVALID_ARG_VALUE' && /null bytes/.test(error.message))
    return new ConfigError('a path holds a NUL character', {
      code: 'path-nul',
      notes: [error.message],
      hint: 'check the paths in the config or the list: file names cannot contain it',
      cause: error,
    });
  const fault = systemFaults[error.code];
  if (fault === undefined) return error;
  const verb =
    writing.has(error.code) ||
    /^(?:mkdir|write|rename|copy|rm|unlink|fsync|ftruncate)/.test(error.syscall ?? '');
  const path = error.path ?? 'a file';
  return new ConfigError(`cannot ${verb ? 'write' : 'open'} ${path}: ${fault.reason}`, {
    code: 'file-system',
    where: error.path,
    hint: fault.hint,
    cause: error,
  });
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string;
  readonly path?: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
