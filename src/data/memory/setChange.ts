/** Differences between a set and its record. */
import { hashContents } from './statProtocol.js';
import type { FileStats } from './fileStats.js';
import type { Images, LabelledImages } from '../sets/images.js';
import type { OpenRecord, RecordHeader, RecordRow } from './setRecord.js';

/** Beyond so many images without a counterpart, a set is another one, and they are not held any longer. */
const mostPending = 1_000_000;
const shownFiles = 5;

/** Images that differ in one way: counted, and a few of them by name. */
export interface ChangedFiles {
  readonly count: number;
  readonly examples: readonly string[];
}

/** Differences between a set and its record. */
export interface SetChange {
  readonly added: ChangedFiles;
  readonly removed: ChangedFiles;
  /** Other contents under the same name. */
  readonly changed: ChangedFiles;
  /** Another class under the same name. */
  readonly relabelled: ChangedFiles;
  /** So many images are at other places that some count as added and removed that have only moved. */
  readonly beyond?: boolean | undefined;
}

/** A set held against its record. */
export interface Comparison {
  readonly header: RecordHeader;
  /** Undefined for a set that has the images of then, with the contents of then. */
  readonly change: SetChange | undefined;
  /** Today's places of the recorded images, in the order of then, without those that are gone. */
  readonly places: Uint32Array;
  /** The images are there in another order than then. */
  readonly reordered: boolean;
  /** Today's places of the images that were held out, sorted. */
  readonly heldOut: Uint32Array;
  /** The same of those that were neither held out nor trained on. */
  readonly leftOut: Uint32Array;
  /** Number of held-out images that are gone or have other contents or another class. */
  readonly heldOutLost: number;
  /** Images with another modification time, whose contents are those of then. */
  readonly touched: number;
  /** Number of those for which a hash of the contents says so; for the others it is inferred. */
  readonly touchedHashed: number;
}

/** Holds a set against its record, walking through both; holds only what differs, and 4 bytes an image. */
export async function compareSet(
  { header, rows }: OpenRecord,
  images: Images & Partial<LabelledImages>,
  stats: FileStats,
  { most = mostPending }: { readonly most?: number } = {},
): Promise<Comparison> {
  return new SetWalk(header, images, stats, most).run(rows);
}

class Differing {
  count = 0;
  readonly examples: string[] = [];

  add(id: string): void {
    this.count += 1;
    if (this.examples.length < shownFiles) this.examples.push(id);
  }
}

/** An image of then, at its place. */
interface Recorded {
  readonly row: RecordRow;
  readonly place: number;
}

class SetWalk {
  /** Entries of both sides that have not met their counterpart yet; a name may be there twice. */
  readonly #then = new Map<string, Recorded[]>();
  readonly #now = new Map<string, number[]>();
  #pending = 0;
  #beyond = false;
  readonly #found = {
    added: new Differing(),
    removed: new Differing(),
    changed: new Differing(),
    relabelled: new Differing(),
  };
  /** Today's place + 1 of each recorded image. */
  readonly #places: Uint32Array;
  readonly #heldOut: number[] = [];
  readonly #leftOut: number[] = [];
  #heldOutLost = 0;
  /** With another modification time: of which a hash says that they are the same, and others. */
  #proven = 0;
  readonly #unproven = new Differing();
  #unprovenHeldOut = 0;

  constructor(
    private readonly header: RecordHeader,
    private readonly images: Images & Partial<LabelledImages>,
    private readonly stats: FileStats,
    private readonly most: number,
  ) {
    this.#places = new Uint32Array(header.count);
  }

  async run(rows: AsyncGenerator<RecordRow[]>): Promise<Comparison> {
    const { images } = this;
    let place = 0;
    for await (const block of rows)
      for (const row of block) {
        if (place < images.count && images.id(place) === row.id) this.#meet({ row, place }, place);
        else this.#part({ row, place }, place);
        place += 1;
      }
    for (; place < images.count; place++) this.#arrive(place);
    for (const [id, left] of this.#then) for (const { row } of left) this.#lose(row, id);
    for (const [id, left] of this.#now) for (const _ of left) this.#found.added.add(id);
    return this.#result();
  }

  /** Two different names at the same place: each may meet its counterpart elsewhere. */
  #part(recorded: Recorded, place: number): void {
    const { id } = recorded.row;
    const now = take(this.#now, id);
    if (now !== undefined) {
      this.#pending -= 1;
      this.#meet(recorded, now);
    } else if (this.#pending < this.most) {
      put(this.#then, id, recorded);
      this.#pending += 1;
    } else {
      this.#beyond = true;
      this.#lose(recorded.row, id);
    }
    if (place < this.images.count) this.#arrive(place);
  }

  #arrive(place: number): void {
    const id = this.images.id(place);
    const then = take(this.#then, id);
    if (then !== undefined) {
      this.#pending -= 1;
      this.#meet(then, place);
    } else if (this.#pending < this.most) {
      put(this.#now, id, place);
      this.#pending += 1;
    } else {
      this.#beyond = true;
      this.#found.added.add(id);
    }
  }

  #lose({ part }: RecordRow, id: string): void {
    this.#found.removed.add(id);
    if (part === 'heldOut') this.#heldOutLost += 1;
  }

  #meet({ row, place: then }: Recorded, now: number): void {
    this.#places[then] = now + 1;
    if (row.part === 'heldOut') this.#heldOut.push(now);
    if (row.part === 'leftOut') this.#leftOut.push(now);
    const { images } = this;
    const label =
      row.label === undefined ? undefined : images.classNames?.[images.label?.(now) ?? 0];
    if (row.label !== undefined && label !== undefined && label !== row.label) {
      this.#found.relabelled.add(`${row.id} (${row.label}, now ${label})`);
      if (row.part === 'heldOut') this.#heldOutLost += 1;
      return;
    }
    if (!this.#sameContents(row, now)) {
      this.#found.changed.add(row.id);
      if (row.part === 'heldOut') this.#heldOutLost += 1;
    }
  }

  #sameContents({ bytes, modified, hash, id, part }: RecordRow, now: number): boolean {
    const { stats, images } = this;
    if (stats.bytes[now] !== bytes) return false;
    const touched = stats.modified[now] !== modified;
    const own = stats.hash(now);
    if (hash !== undefined && (own !== undefined || touched)) {
      const same = hash === (own ?? hashNow(images.where(now)));
      if (same && touched) this.#proven += 1;
      return same;
    }
    if (touched) {
      this.#unproven.add(id);
      if (part === 'heldOut') this.#unprovenHeldOut += 1;
    }
    return true;
  }

  /**
   * Files of the same size with another modification time and without a hash: if most files were
   * touched, as by a copy, and all of those with a hash are the same, so are they. Else they changed.
   */
  #result(): Comparison {
    const { added, removed, changed, relabelled } = this.#found;
    const unproven = this.#unproven.count;
    const touched = this.#proven + unproven;
    const copied = changed.count === 0 && this.#proven > 0 && touched >= 0.5 * this.header.count;
    if (unproven > 0 && !copied) {
      changed.count += unproven;
      for (const id of this.#unproven.examples.slice(0, shownFiles - changed.examples.length))
        changed.examples.push(id);
      this.#heldOutLost += this.#unprovenHeldOut;
    }
    const kinds = [added, removed, changed, relabelled];
    const places = this.#places.filter((place) => place > 0).map((place) => place - 1);
    return {
      header: this.header,
      change: kinds.some(({ count }) => count > 0)
        ? { ...this.#found, beyond: this.#beyond }
        : undefined,
      places,
      reordered: places.some((place, i) => i > 0 && place < (places[i - 1] ?? 0)),
      heldOut: Uint32Array.from(this.#heldOut).sort(),
      leftOut: Uint32Array.from(this.#leftOut).sort(),
      heldOutLost: this.#heldOutLost,
      touched: copied ? touched : this.#proven,
      touchedHashed: this.#proven,
    };
  }
}

function put<T>(map: Map<string, T[]>, id: string, value: T): void {
  const known = map.get(id);
  if (known) known.push(value);
  else map.set(id, [value]);
}

function take<T>(map: Map<string, T[]>, id: string): T | undefined {
  const known = map.get(id);
  const value = known?.shift();
  if (known?.length === 0) map.delete(id);
  return value;
}

function hashNow(where: string | number): string | undefined {
  return typeof where === 'string' ? Buffer.from(hashContents(where)).toString('hex') : undefined;
}

/** Several changes as one. */
export function joinedChange(changes: readonly SetChange[]): SetChange {
  const join = (kind: Exclude<keyof SetChange, 'beyond'>): ChangedFiles => ({
    count: changes.reduce((sum, change) => sum + change[kind].count, 0),
    examples: changes.flatMap((change) => change[kind].examples).slice(0, shownFiles),
  });
  return {
    added: join('added'),
    removed: join('removed'),
    changed: join('changed'),
    relabelled: join('relabelled'),
    beyond: changes.some((change) => change.beyond),
  };
}

/** `3 added, 1 removed` */
export function countsOf(change: SetChange): string {
  return kindsOf(change)
    .map(([kind, { count }]) => `${count} ${kind}`)
    .join(', ');
}

/** A line for each way in which images differ, with some of them by name. */
export function examplesOf(change: SetChange): string[] {
  const lines = kindsOf(change).map(([kind, { count, examples }]) => {
    const more = count > examples.length ? `, and ${count - examples.length} more` : '';
    return `${kind}: ${examples.join(', ')}${more}`;
  });
  if (change.beyond !== true) return lines;
  const moved =
    'so many images are at other places than before that some of these may have only moved';
  return [...lines, moved];
}

function kindsOf({ added, removed, changed, relabelled }: SetChange): [string, ChangedFiles][] {
  const kinds: [string, ChangedFiles][] = [
    ['added', added],
    ['removed', removed],
    ['changed', changed],
    ['with another class', relabelled],
  ];
  return kinds.filter(([, { count }]) => count > 0);
}
