import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { ReadExternal } from '../../compiler/onnx/tensorReader.js';
import { formatBytes, readError } from '../../runtime/storage/fileErrors.js';
import { ArtifactError } from '../../support/errors.js';

/** The bytes of an .onnx file. Throws an ArtifactError unless it is a plain file that can be read. */
export function readOnnxBytes(path: string): Uint8Array {
  const { file } = openPlain(path, path);
  try {
    return readFileSync(file);
  } catch (error) {
    throw readError(error, path);
  } finally {
    closeSync(file);
  }
}

/** Told of each part that is read, in the order of the tensors. */
type OnPart = (part: Uint8Array) => void;

/**
 * Reads the external data of a model: plain files in its folder, or below it, which hold at least
 * what is asked for. A part that several tensors share is held once. What the readers throw is an
 * ArtifactError that names the side file.
 */
export function externalReader(model: string, onPart: OnPart = () => undefined): ReadExternal {
  const side = new SideFiles(model);
  return (location, offset, length, tensor) => {
    const part = side.read({ location, offset, length, tensor });
    onPart(part);
    return part;
  };
}

/** Bytes of a side file that a tensor names. */
interface Place {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  readonly tensor: string;
}

/** Bytes that one call of the system reads at most. */
const mostRead = 2 ** 30;

class SideFiles {
  readonly #parts = new Map<string, Uint8Array>();
  /** Bytes of the files that were opened, and how many of them were read. */
  readonly #sizes = new Map<string, number>();
  #read = 0;

  constructor(private readonly model: string) {}

  read(place: Place): Uint8Array {
    const { location, offset, length, tensor } = place;
    const key = `${offset} ${length} ${location}`;
    const known = this.#parts.get(key);
    if (known) return known;
    const path = this.#pathOf(place);
    const { file, size } = openPlain(path, this.model);
    try {
      if (offset + length > size)
        throw this.#fault(
          `${path} holds ${formatBytes(size)}, and ${tensor} of ${this.model} lies at ${formatBytes(offset)} to ${formatBytes(offset + length)}`,
          'copy it again: it may have been cut short',
          path,
        );
      this.#count(path, size, length);
      const part = readFrom(file, allocated(length, path), offset);
      this.#parts.set(key, part);
      return part;
    } catch (error) {
      throw error instanceof ArtifactError ? error : readError(error, path);
    } finally {
      closeSync(file);
    }
  }

  /** Throws if tensors ask for more bytes than the files have, as overlapping ones do. */
  #count(path: string, size: number, length: number): void {
    this.#sizes.set(path, size);
    this.#read += length;
    const whole = [...this.#sizes.values()].reduce((a, b) => a + b, 0);
    if (this.#read <= whole) return;
    throw this.#fault(
      `tensors of ${this.model} overlap in ${path}: they need more bytes than it has`,
      'export the model again with the program that made it',
      path,
    );
  }

  /** The real path of a side file, which lies in the model's folder: as it is named, or as it really is. */
  #pathOf({ location, tensor }: Place): string {
    const wanted = resolve(dirname(this.model), location);
    const outside = (): ArtifactError =>
      this.#fault(
        `${tensor} of ${this.model} lies outside the model's folder: ${JSON.stringify(location)}`,
        'put the side file beside the model, and name it without a folder',
        this.model,
      );
    if (location === '' || location.includes('\0') || isAbsolute(location)) throw outside();
    if (!isInside(dirname(resolve(this.model)), wanted)) throw outside();
    try {
      const real = realpathSync(wanted);
      // The folder of a cache of downloads holds links to files that lie together elsewhere.
      const folders = [realpathSync(dirname(this.model)), dirname(realpathSync(this.model))];
      if (!folders.some((folder) => isInside(folder, real))) throw outside();
      return real;
    } catch (error) {
      if (error instanceof ArtifactError) throw error;
      const hint = `it holds ${tensor} of ${basename(this.model)}: copy it beside the model`;
      throw readError(error, wanted, hint);
    }
  }

  #fault(message: string, hint: string, where: string): ArtifactError {
    return new ArtifactError(message, { code: 'external-data', where, hint });
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Opens a file for reading, without waiting if it is a pipe. */
function openPlain(path: string, model: string): { readonly file: number; readonly size: number } {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw readError(error, path);
  }
  const found = fstatSync(file);
  if (found.isFile()) return { file, size: found.size };
  closeSync(file);
  const kind = found.isDirectory() ? 'a folder' : 'a pipe or a device';
  throw new ArtifactError(`${path} is ${kind}, not a file`, {
    code: 'not-a-file',
    where: model,
    hint: path === model ? 'pass an .onnx file' : 'put the side file of the model in its place',
  });
}

function allocated(length: number, path: string): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new ArtifactError(`not enough memory for ${formatBytes(length)} of ${path}`, {
      code: 'out-of-memory',
      where: path,
      hint: 'use a machine with more memory, or a smaller network',
      cause,
    });
  }
}

/** Fills `bytes` from a place of a file; only as far as the file goes, should it shrink meanwhile. */
function readFrom(file: number, bytes: Uint8Array, offset: number): Uint8Array {
  for (let done = 0; done < bytes.length;) {
    const most = Math.min(mostRead, bytes.length - done);
    const read = readSync(file, bytes, done, most, offset + done);
    if (read === 0) return bytes.subarray(0, done);
    done += read;
  }
  return bytes;
}
