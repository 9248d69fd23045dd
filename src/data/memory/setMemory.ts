/** The sets of a run as its folder remembers them: `sets/<role>.gz`, see data/setRecord.ts. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OnSet } from '../sets/describe.js';
import { statImages, type FileStats } from './fileStats.js';
import { subsetOf, type Images } from '../sets/images.js';
import { compareSet, countsOf, examplesOf, type Comparison } from './setChange.js';
import { digestOf, openSetRecord, writeSetRecord, type RecordOptions } from './setRecord.js';
import type { KnownSet } from './sharedImages.js';
import { makeFolder, recoverFolder } from '../../runtime/storage/atomic.js';
import { removeOwnFiles } from '../../runtime/storage/ownFiles.js';
import { placesOf } from '../../runtime/storage/places.js';
import { DataError } from '../../support/errors.js';
import { option, phrase, type Phrase, type Prose } from '../../support/phrase.js';

/** The role of a set in a run. */
export type SetRole = 'labelled' | 'unlabelled' | 'test';

export interface MemoryOptions {
  /** The run's folder. */
  readonly folder: string;
  /** True if the folder holds a run that continues; otherwise its records are ignored. */
  readonly resume: boolean;
  /** Goes on with sets that have changed; refused unless told. */
  readonly acceptData?: boolean | undefined;
  /** Begins anew what is made of a set that has changed, and draws anew what is held out. */
  readonly overwrite?: boolean | undefined;
  /** Hashes the contents of all files, however many. */
  readonly hashData?: boolean | undefined;
  /** Hint on how to use a changed set anyway (default: that for a run that continues). */
  readonly hint?: Prose | undefined;
  /** Told of each set as it was opened. */
  readonly onSet?: OnSet | undefined;
  /** Told, in a line each, what is noteworthy of the sets. */
  readonly tell?: ((text: string) => void) | undefined;
}

/** A set with what the run remembers of it. */
export interface Recalled<T extends Images = Images> extends KnownSet {
  /** Images in the order of the record, with its identity as fingerprint. */
  readonly images: T;
  readonly stats: FileStats;
  /** Undefined if nothing is recorded, or the recorded is not to be kept. */
  readonly parts?: Pick<Comparison, 'heldOut' | 'leftOut'> | undefined;
  /** True if some or all of these images are new to the run. */
  readonly fresh: boolean;
}

/** Path of the record of a run's set. */
export function recordPath(folder: string, role: string): string {
  return join(placesOf(folder).sets, `${role}.gz`);
}

/** Compares the sets of a run with its records, and replaces these if that is told. */
export class SetMemory {
  readonly #writes = new Map<SetRole, (parts: Partial<RecordOptions>) => Promise<void>>();
  #toldOld = false;

  constructor(private readonly options: MemoryOptions) {}

  /**
   * A set as the run knows it. Throws a DataError that tells what changed, unless that is accepted.
   * Nothing is written before `keep`.
   */
  async recall<T extends Images>(role: SetRole, images: T): Promise<Recalled<T>> {
    const { folder, resume, hashData: hashAll } = this.options;
    const stats = await statImages(images, { hashAll });
    const path = recordPath(folder, role);
    const record = resume ? await openSetRecord(path) : undefined;
    if (!record) {
      // Packed images have a hash of their own, which older versions knew too.
      if (resume && !images.packed) this.#tellOld(role);
      this.#willWrite(role, images, stats);
      return { images, stats, fresh: !resume };
    }
    const found = await compareSet(record, images, stats);
    if (found.change) return this.#changed(role, images, stats, found);
    const { header, places, reordered, heldOut, leftOut } = found;
    this.#tellTouched(images.name, found, stats);
    const fingerprint = header.identity;
    const known = { ...(reordered ? subsetOf(images, places) : images), fingerprint } as T;
    const own = reordered ? reorderedStats(stats, places) : stats;
    const better = hashAll === true && header.every !== 1;
    if (found.touched > 0 || better) this.#willWrite(role, known, own);
    const sorted = (held: Uint32Array): Uint32Array => (reordered ? placesIn(places, held) : held);
    if (reordered)
      this.#tell(
        `${images.name} lists its images in another order than before: the previous order is kept`,
      );
    const parts = { heldOut: sorted(heldOut), leftOut: sorted(leftOut) };
    return { images: known, stats: own, parts, fresh: false };
  }

  /** Writes the records of the sets that were recalled, if they are new or other than before. */
  async keep(parts: Partial<RecordOptions> = {}): Promise<void> {
    const folder = placesOf(this.options.folder).sets;
    if (this.#writes.size === 0) return;
    // The images that an earlier run here recorded no longer matter.
    if (!this.options.resume && existsSync(folder)) removeOwnFiles(folder);
    makeFolder(folder);
    recoverFolder(folder);
    for (const [role, write] of this.#writes) await write(role === 'labelled' ? parts : {});
    this.#writes.clear();
  }

  #changed<T extends Images>(
    role: SetRole,
    images: T,
    stats: FileStats,
    found: Comparison,
  ): Recalled<T> {
    const { folder, acceptData = false, overwrite = false } = this.options;
    const { change, header, heldOut, leftOut } = found;
    const counts = change ? countsOf(change) : '';
    const message = `${whatOf(role)} (${images.name}) have changed since ${folder} began: ${counts}`;
    if (!acceptData && !overwrite)
      throw new DataError(message, {
        code: 'data-changed',
        where: images.name,
        notes: change && examplesOf(change),
        hint: this.options.hint ?? acceptHint(role),
      });
    this.#tell(message);
    const identity = createHash('sha256')
      .update(`${header.identity} ${digestOf(images, stats)}`)
      .digest('hex');
    const known = { ...images, fingerprint: identity };
    this.#willWrite(role, known, stats);
    const parts = overwrite ? undefined : { heldOut, leftOut };
    return { images: known, stats, parts, fresh: true };
  }

  #willWrite(role: SetRole, images: Images, stats: FileStats): void {
    const path = recordPath(this.options.folder, role);
    this.#writes.set(role, (parts) =>
      writeSetRecord(path, images, stats, { ...parts, identity: images.fingerprint }),
    );
  }

  #tellTouched(name: string, { touched, touchedHashed }: Comparison, stats: FileStats): void {
    if (touched === 0) return;
    const how =
      touchedHashed === touched
        ? 'their contents are unchanged'
        : `their sizes are unchanged, and so are the contents of the ${touchedHashed} that were compared (one in ${stats.every} sizes)`;
    this.#tell(`${touched} files of ${name} have a new modification time; ${how}`);
  }

  #tellOld(role: SetRole): void {
    if (this.#toldOld) return;
    this.#toldOld = true;
    const heldOut =
      role === 'labelled' ? ', and the held-out images are drawn from them again, by the seed' : '';
    this.#tell(
      `${this.options.folder} has no record of its images (an older version made it): they are assumed to be unchanged${heldOut}`,
    );
  }

  #tell(text: string): void {
    this.options.tell?.(text);
  }
}

function whatOf(role: SetRole): string {
  return `the ${role} images`;
}

function acceptHint(role: SetRole): Phrase {
  const parts =
    role === 'labelled'
      ? ': held-out images stay held out, new images are trained on, and removed ones are left out'
      : '';
  return phrase`restore them; or ${option('acceptData', true)} continues with the images as they are now${parts}; or ${option('overwrite', true)} starts anew`;
}

function reorderedStats(stats: FileStats, places: Uint32Array): FileStats {
  const column = (own: Float64Array): Float64Array =>
    Float64Array.from(places, (place) => own[place] ?? 0);
  return {
    ...stats,
    bytes: column(stats.bytes),
    modified: column(stats.modified),
    file: column(stats.file),
    hash: (i) => stats.hash(places[i] ?? 0),
  };
}

/** Positions of a sorted array's values in `places`, sorted. */
function placesIn(places: Uint32Array, wanted: Uint32Array): Uint32Array {
  const marked = new Set(wanted);
  return Uint32Array.from(places.keys()).filter((i) => marked.has(places[i] ?? 0));
}
