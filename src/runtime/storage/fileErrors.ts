import { ArtifactError, type GradusError, TrainingError } from '../../support/errors.js';

/** The code of a failed system call, such as `ENOSPC`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** Explains a failed write of `path`, which takes `bytes` bytes if that is known. */
export function writeError(cause: unknown, path: string, bytes?: number): GradusError {
  const code = systemCode(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new TrainingError(
      `no space left to write ${path}${bytes === undefined ? '' : ` (${formatBytes(bytes)} needed)`}`,
      {
        code: 'disk-full',
        where: path,
        hint: 'free some space and run the command again; existing files are untouched',
        cause,
      },
    );
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new ArtifactError(
      code === 'EROFS' ? `${path} is on a read-only file system` : `no permission to write ${path}`,
      {
        code: 'not-writable',
        where: path,
        hint:
          code === 'EROFS'
            ? 'choose a folder on another disk'
            : 'choose another folder, or change the permissions of this one',
        cause,
      },
    );
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new ArtifactError(`cannot create ${path}: a file is in the place of a folder`, {
      code: 'not-a-folder',
      where: path,
      hint: 'move that file, or choose another folder',
      cause,
    });
  if (code === 'ENOENT')
    return new ArtifactError(
      `cannot write ${path}: its folder no longer exists or is not writable`,
      {
        code: 'not-writable',
        where: path,
        hint: 'choose another folder',
        cause,
      },
    );
  return new ArtifactError(`cannot write ${path}: ${messageOf(cause)}`, {
    code: 'write-failed',
    where: path,
    cause,
  });
}

/** Explains a failed read of `path`. */
export function readError(cause: unknown, path: string, hint?: string): GradusError {
  const missing = systemCode(cause) === 'ENOENT';
  const reason =
    systemCode(cause) === 'ENOTDIR' ? 'a file is in the place of a folder' : messageOf(cause);
  return new ArtifactError(missing ? `${path} does not exist` : `cannot read ${path}: ${reason}`, {
    code: missing ? 'missing-file' : 'read-failed',
    where: path,
    hint,
    cause,
  });
}

/** `1.2 GB` */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
