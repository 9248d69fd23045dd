import { readdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { matchClasses, type WantedClasses } from '../sets/classes.js';
import { openFlatFolder, openImageFolder } from '../sets/folder.js';
import type { Images, LabelledImages } from '../sets/images.js';
import { openImageList, openUnlabelledList } from '../sets/list.js';
import { findWholeSet, wholeSets, type WholeSet } from './index.js';
import { openWholeDataSet } from './packDataSet.js';
import { doubtOfClasses, requireClasses, requireClassFolders } from '../sets/likelySet.js';
import { openSplit } from '../sets/split.js';
import { DataError } from '../../support/errors.js';
import { nearest } from '../../support/nearest.js';

/** Places to look for a set of images. */
export interface OpenSetOptions {
  /** Folder that a relative path starts from; default the current one. */
  readonly folder?: string | undefined;
}

/** Options of openLabelledSet. */
export interface OpenLabelledSetOptions extends OpenSetOptions {
  /**
   * The classes that the set must have, in the order that gives them their numbers; its own, sorted, if
   * missing.
   */
  readonly classes?: readonly string[] | WantedClasses | undefined;
}

const listName = /\.(?:csv|jsonl|ndjson)$/i;

/**
 * Labelled images by the path of a folder with a subfolder for each class, of a .csv or .jsonl list,
 * or of a split that `gradus data` wrote (with or without its .json); or a data set by name, `NAME` or
 * `NAME:DIR`. Throws
 * a DataError if there is none, if it is broken, and if its classes are not those wanted.
 */
export async function openLabelledSet(
  spec: string,
  { folder = '.', classes }: OpenLabelledSetOptions = {},
): Promise<LabelledImages> {
  const place = placeOf(spec, folder);
  const wanted = wantedOf(classes);
  if (place.kind === 'folder') requireClassFolders(place.path, spec, wanted?.names);
  const images = await openPlace(place, spec, wanted);
  // Where the classes are given, a set may have any of them.
  if (classes !== undefined) return images;
  requireClasses(images.classNames, place.path);
  const doubt = place.kind === 'folder' ? doubtOfClasses(place.path, spec, images) : undefined;
  return doubt === undefined ? images : { ...images, doubt };
}

function openPlace(
  place: Place,
  spec: string,
  wanted: WantedClasses | undefined,
): LabelledImages | Promise<LabelledImages> {
  switch (place.kind) {
    case 'folder':
      return openImageFolder(place.path, wanted);
    case 'list':
      return openImageList(place.path, { wanted });
    case 'split':
      return inOrder(openSplit(place.path), wanted);
    case 'whole':
      return openWholeDataSet(place.set, place.path).then((images) =>
        inOrder({ ...images, name: spec }, wanted),
      );
  }
}

function wantedOf(classes: OpenLabelledSetOptions['classes']): WantedClasses | undefined {
  if (classes === undefined || 'names' in classes) return classes;
  return { names: classes, source: 'the labelled images' };
}

/**
 * Images whose classes nobody asks for: as openLabelledSet, or any folder, whose subfolders then
 * mean nothing.
 */
export async function openUnlabelledSet(
  spec: string,
  { folder = '.' }: OpenSetOptions = {},
): Promise<Images> {
  const place = placeOf(spec, folder);
  switch (place.kind) {
    case 'folder':
      return openFlatFolder(place.path);
    case 'list':
      return openUnlabelledList(place.path);
    case 'split':
      return openSplit(place.path);
    case 'whole':
      return { ...(await openWholeDataSet(place.set, place.path)), name: spec };
  }
}

type Place =
  | { readonly kind: 'folder' | 'list' | 'split'; readonly path: string }
  | { readonly kind: 'whole'; readonly path: string; readonly set: WholeSet };

function placeOf(spec: string, folder: string): Place {
  const set = findWholeSet(spec);
  if (set) return { kind: 'whole', set, path: wholeFolder(set, spec, folder) };
  const path = resolve(folder, spec);
  const found = statOf(path);
  if (found?.isDirectory()) {
    requireNoSplits(spec, path);
    return { kind: 'folder', path };
  }
  if (found && listName.test(path)) return { kind: 'list', path };
  if (found && /\.json$/i.test(path)) return { kind: 'split', path };
  if (found)
    throw new DataError(`${path} is not a set of images`, {
      code: 'data-set',
      where: spec,
      hint: 'pass a folder of images, a .csv or .jsonl list, or a split that gradus data wrote',
    });
  if (statOf(`${path}.json`)) return { kind: 'split', path: `${path}.json` };
  throw missing(spec, path);
}

function wholeFolder({ name }: WholeSet, spec: string, folder: string): string {
  const [, own = join('data', name)] = spec.split(/:(.*)/s);
  return resolve(folder, own);
}

/** True if there is a set by this name; one that is named without a path always exists. */
export function hasSet(spec: string, folder: string): boolean {
  if (findWholeSet(spec)) return true;
  const path = resolve(folder, spec);
  return (statOf(path) ?? statOf(`${path}.json`)) !== undefined;
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Refuses a folder that `gradus data` wrote, whose sets must be named one by one. */
function requireNoSplits(spec: string, path: string): void {
  const names = readdirSync(path);
  if (!names.some(isPacked)) return;
  const splits = splitsAmong(names);
  throw new DataError(`${path} is a folder of packed splits, not of images`, {
    code: 'which-split',
    where: spec,
    hint: `pass one of its splits: ${splits.map((name) => `${spec}/${name}`).join(', ')}`,
  });
}

function isPacked(name: string): boolean {
  return name.endsWith('.safetensors');
}

function splitsAmong(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith('.json')).map((name) => basename(name, '.json'));
}

function missing(spec: string, path: string): DataError {
  const parent = dirname(path);
  const there = statOf(parent)?.isDirectory() === true ? readdirSync(parent) : undefined;
  return new DataError(`data set ${spec} not found: ${there ? path : parent} does not exist`, {
    code: 'data-set',
    where: spec,
    hint: whatThereIs(spec, there ?? []),
  });
}

/** The name that was meant among those of a folder, else its splits, else what a data set can be. */
function whatThereIs(spec: string, there: readonly string[]): string {
  const splits = there.some(isPacked) ? splitsAmong(there) : [];
  const beside = (name: string): string => join(dirname(spec), name);
  const near = nearest(basename(spec), [...there, ...splits]);
  if (near !== undefined) return `did you mean ${beside(near)}?`;
  if (splits.length > 0) return `available: ${splits.map(beside).join(', ')}`;
  const whole = wholeSets.map(({ name }) => `, ${name} or ${name}:DIR`).join('');
  return `pass a folder of images, a .csv or .jsonl list, a split of gradus data${whole}`;
}

/** The same images, with the numbers that a folder or a list of these classes would have. */
function inOrder(images: LabelledImages, wanted: WantedClasses | undefined): LabelledImages {
  const { classNames: own, name } = images;
  const { classNames, numbers, missing } = matchClasses(own, wanted, name);
  const same = numbers.every((number, i) => number === i) && missing.length === 0;
  if (same) return { ...images, classNames };
  const places = Uint16Array.from(numbers);
  return {
    ...images,
    classNames,
    ...(missing.length > 0 && { missingClasses: missing }),
    label: (i) => places[images.label(i)] ?? 0,
  };
}
