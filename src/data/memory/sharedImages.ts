/** Images that are there twice: in one set, or in two, by the file that they are or by what it holds. */
import { statSync } from 'node:fs';
import type { FileStats } from './fileStats.js';
import type { Images, LabelledImages } from '../sets/images.js';

/** A set with what is known of its files. */
export interface KnownSet {
  readonly images: Images & Partial<LabelledImages>;
  readonly stats: FileStats;
}

/** Two images that are one. */
export interface Pair {
  /** Places: in the first set (or earlier in the same), and in the second. */
  readonly first: number;
  readonly second: number;
  /** Both are the same file, by links or by name; else files of the same contents. */
  readonly sameFile: boolean;
}

/**
 * Finds images by the file that they are, and by size and contents: two open tables of places, 8 to 16
 * bytes an image.
 */
class PlaceTable {
  readonly #slots: number;
  readonly #places: Uint32Array;

  constructor(count: number) {
    this.#slots = 2 * count + 1;
    this.#places = new Uint32Array(this.#slots);
  }

  /** The first place under a key that `same` takes for the same; adds `place`, unless it is undefined, if there is none. */
  find(key: number, same: (place: number) => boolean, place?: number): number {
    let slot = Math.floor(key) % this.#slots;
    for (; this.#places[slot] !== 0; slot = slot + 1 === this.#slots ? 0 : slot + 1) {
      const known = (this.#places[slot] ?? 0) - 1;
      if (same(known)) return known;
    }
    if (place !== undefined) this.#places[slot] = place + 1;
    return -1;
  }
}

/** The images of a set, to be found again. */
export class ImageIndex {
  readonly #byFile: PlaceTable;
  readonly #byContents: PlaceTable;

  constructor(private readonly set: KnownSet) {
    const { count } = set.images;
    this.#byFile = new PlaceTable(count);
    this.#byContents = new PlaceTable(count);
  }

  /** The image of this set that an image of `other` is; adds it to this set if told, if it is new. */
  find(other: KnownSet, place: number, add = false): Pair | undefined {
    const file = this.#file(other, place, add);
    if (file >= 0) return { first: file, second: place, sameFile: true };
    const contents = this.#contents(other, place, add);
    if (contents >= 0) return { first: contents, second: place, sameFile: false };
    return undefined;
  }

  #file({ stats, images }: KnownSet, place: number, add: boolean): number {
    const own = this.set.stats;
    const number = stats.file[place] ?? 0;
    const path = images.where(place);
    if (number === 0 || typeof path !== 'string') return -1;
    const same = (known: number): boolean =>
      own.file[known] === number &&
      own.bytes[known] === stats.bytes[place] &&
      own.modified[known] === stats.modified[place] &&
      isSameFile(this.set.images.where(known), path);
    return this.#byFile.find(number, same, add ? place : undefined);
  }

  #contents({ stats }: KnownSet, place: number, add: boolean): number {
    const own = this.set.stats;
    const hash = stats.hash(place);
    if (hash === undefined) return -1;
    const same = (known: number): boolean =>
      own.bytes[known] === stats.bytes[place] && own.hash(known) === hash;
    return this.#byContents.find(parseInt(hash.slice(0, 12), 16), same, add ? place : undefined);
  }
}

/** Numbers of files are held as floats and may be rounded. */
function isSameFile(a: string | number, b: string): boolean {
  if (typeof a !== 'string') return false;
  if (a === b) return true;
  const options = { bigint: true, throwIfNoEntry: false } as const;
  const [one, other] = [statSync(a, options), statSync(b, options)];
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** The images of a set that are there before in it. */
export interface Repeats {
  /** Each with the first that it repeats, in order. */
  readonly pairs: readonly Pair[];
  /** The first of those that an image repeats, by its place; the place itself if it repeats none. */
  firstOf(place: number): number;
  /** All images of the set, to look for others. */
  readonly index: ImageIndex;
}

/** Looks for images that a set has twice. */
export function repeatsIn(set: KnownSet): Repeats {
  const index = new ImageIndex(set);
  const pairs: Pair[] = [];
  const firsts = new Map<number, number>();
  for (let i = 0; i < set.images.count; i++) {
    const pair = index.find(set, i, true);
    if (!pair) continue;
    pairs.push(pair);
    firsts.set(i, firsts.get(pair.first) ?? pair.first);
  }
  return { pairs, firstOf: (place) => firsts.get(place) ?? place, index };
}

/** Visits the images of `other` that are in the indexed set too. */
export function eachShared(index: ImageIndex, other: KnownSet, visit: (pair: Pair) => void): void {
  for (let i = 0; i < other.images.count; i++) {
    const pair = index.find(other, i);
    if (pair) visit(pair);
  }
}
