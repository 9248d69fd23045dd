import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../runtime/storage/atomic.js';
import { messageOf, readError } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';
import { subsetOf, type LabelledImages } from './images.js';
import { openPackedSet } from './packedSet.js';

/** A named part of a packed set. */
export interface Split {
  /** The packed file, in the split's folder. */
  readonly images: string;
  /** Numbers of its images, in order; all of them if they are missing. */
  readonly indices?: ArrayLike<number> | undefined;
}

const format = 'gradus-split';

/** Writes a split as JSON; `path` ends in `.json`. */
export function writeSplit(path: string, { images, indices }: Split): void {
  const content = { format, version: 1, images, ...(indices && { indices: Array.from(indices) }) };
  writeFileAtomic(path, `${JSON.stringify(content)}\n`);
}

/**
 * The images of a split, in its order; `id` is an image's number in the packed set. Throws a
 * DataError if the file is not a split, or names images that the set does not have.
 */
export function openSplit(path: string): LabelledImages {
  const { images, indices } = readSplit(path);
  const all = openPackedSet(join(dirname(path), images));
  if (indices === undefined) return { ...all, name: path };
  const wrong = indices.find((index) => index >= all.count);
  if (wrong !== undefined)
    throw broken(path, `${images} has ${all.count} images, so image ${wrong} does not exist`);
  if (indices.length === 0) throw broken(path, 'it names no images');
  return { ...subsetOf(all, Uint32Array.from(indices)), name: path };
}

function readSplit(path: string): { images: string; indices: readonly number[] | undefined } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw readError(cause, path);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw broken(path, messageOf(cause));
  }
  if (typeof content !== 'object' || content === null)
    throw broken(path, 'it is not a JSON object');
  const { format: found, images, indices } = content as Readonly<Record<string, unknown>>;
  if (found !== format) throw broken(path, `its format is not ${format}`);
  if (typeof images !== 'string' || /[\\/]/.test(images))
    throw broken(path, 'it does not name the file of its images');
  if (indices === undefined) return { images, indices };
  if (!Array.isArray(indices) || !indices.every(isIndex))
    throw broken(path, 'its indices are not a list of whole numbers');
  return { images, indices };
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function broken(path: string, problem: string): DataError {
  return new DataError(`${path} is not a split of a packed set: ${problem}`, {
    code: 'split-invalid',
    where: path,
    hint: 'write it again with gradus data',
  });
}
