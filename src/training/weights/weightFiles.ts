import { readFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readError } from '../../runtime/storage/fileErrors.js';
import type { SafetensorsFile } from '../../runtime/storage/safetensors.js';
import { placeNames } from '../../runtime/storage/places.js';
import { ArtifactError, invariant } from '../../support/errors.js';
import { someOf } from '../../support/finite.js';
import type { TensorData } from '../../support/tensor.js';
import { openWeights } from './weightFile.js';

/** The named tensors of one safetensors file, or of the files that an index names, as one. */
export class WeightFiles {
  private constructor(
    /** The file or the index. */
    readonly path: string,
    private readonly files: readonly SafetensorsFile[],
    /** The file of each tensor. */
    private readonly fileOf: ReadonlyMap<string, SafetensorsFile>,
  ) {}

  /**
   * Opens a safetensors file, an index of several (`model.safetensors.index.json`), or a folder that
   * holds either. Throws an ArtifactError for what is none of these, cut short or inconsistent.
   */
  static open(path: string): WeightFiles {
    const file = inFolder(path);
    if (file.endsWith('.json')) return WeightFiles.#ofIndex(file);
    const opened = openWeights(file);
    return new WeightFiles(file, [opened], filesByName([opened]));
  }

  static #ofIndex(path: string): WeightFiles {
    const places = readIndex(path);
    requireShards(path, new Set(places.values()));
    const opened = new Map<string, SafetensorsFile>();
    try {
      for (const name of new Set(places.values()))
        opened.set(name, openWeights(join(dirname(path), name)));
      const files = [...opened.values()];
      const found = filesByName(files);
      const lost = [...places].filter(([tensor, name]) => found.get(tensor) !== opened.get(name));
      if (lost.length > 0)
        throw wrongIndex(
          path,
          `tensors are not in the files that it names: ${someOf(lost.map(([tensor]) => tensor))}`,
        );
      return new WeightFiles(path, files, found);
    } catch (error) {
      for (const file of opened.values()) file.close();
      throw error;
    }
  }

  /** Facts about the tensors that can be read. */
  names(): string[] {
    return this.files.flatMap((file) => file.names());
  }

  /** The type of each tensor that is of one which is not read here. */
  otherTypes(): Map<string, string> {
    return new Map(this.files.flatMap((file) => [...file.otherTypes()]));
  }

  /** Metadata of the headers, merged. */
  get metadata(): Record<string, string> {
    return Object.assign({}, ...this.files.map((file) => file.metadata)) as Record<string, string>;
  }

  info(name: string): Pick<TensorData, 'dtype' | 'shape'> | undefined {
    return this.fileOf.get(name)?.info(name);
  }

  read(name: string): TensorData {
    const file = this.fileOf.get(name);
    invariant(file, `no tensor ${name}`);
    return file.read(name);
  }

  close(): void {
    for (const file of this.files) file.close();
  }
}

function filesByName(files: readonly SafetensorsFile[]): Map<string, SafetensorsFile> {
  return new Map(
    files.flatMap((file) =>
      [...file.names(), ...file.otherTypes().keys()].map((name) => [name, file] as const),
    ),
  );
}

/** The file of weights that a folder means; a file is itself. */
function inFolder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  const usual = ['model.safetensors.index.json', 'model.safetensors']
    .map((name) => join(path, name))
    .find((file) => existsSync(file));
  if (usual !== undefined) return usual;
  const names = readdirSync(path);
  const [only, ...more] = names.filter((name) => name.endsWith('.safetensors'));
  const ours = names.includes(placeNames.state) || names.includes(placeNames.checkpoints);
  if (only !== undefined && more.length === 0 && !ours) return join(path, only);
  throw new ArtifactError(`${path} is a folder that does not contain exactly one weights file`, {
    code: 'weights-folder',
    where: path,
    notes: more.length > 0 ? [only ?? '', ...more].map((name) => join(path, name)) : [],
    hint: ours
      ? 'pass it to the command itself: a run of Gradus needs no import'
      : 'pass the .safetensors file, or the .safetensors.index.json of several',
  });
}

/** The file of each tensor, as an index tells it. */
function readIndex(path: string): Map<string, string> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw readError(error, path, 'it is not JSON');
  }
  const map =
    typeof content === 'object' && content !== null && 'weight_map' in content
      ? content.weight_map
      : undefined;
  if (typeof map !== 'object' || map === null)
    throw wrongIndex(path, 'it has no weight_map from tensors to files');
  const places = Object.entries(map).map(([tensor, file]): [string, string] => {
    // Beside the index, and nowhere else on this machine.
    if (typeof file === 'string' && file === basename(file) && file.endsWith('.safetensors'))
      return [tensor, file];
    throw wrongIndex(path, `${tensor} lies in ${String(file)}, not a .safetensors file beside it`);
  });
  if (places.length === 0) throw wrongIndex(path, 'it does not name any tensors');
  return new Map(places);
}

function requireShards(path: string, names: ReadonlySet<string>): void {
  const missing = [...names].filter((name) => !existsSync(join(dirname(path), name)));
  if (missing.length === 0) return;
  throw new ArtifactError(
    `${missing.length} of the ${names.size} files that ${path} names do not exist`,
    {
      code: 'weights-shard',
      where: path,
      notes: [`missing: ${someOf(missing)}`],
      hint: 'get them from the source of the index, and put them beside it',
    },
  );
}

function wrongIndex(path: string, problem: string): ArtifactError {
  return new ArtifactError(`${path} is not a valid index of safetensors files: ${problem}`, {
    code: 'weights-index',
    where: path,
    hint: 'get the index and all its files again, into one folder',
  });
}
