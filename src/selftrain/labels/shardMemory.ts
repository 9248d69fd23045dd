import { basename, dirname, join } from 'node:path';
import { statImages } from '../../data/memory/fileStats.js';
import { subsetOf, type Images } from '../../data/sets/images.js';
import {
  compareSet,
  countsOf,
  examplesOf,
  type Comparison,
  type SetChange,
} from '../../data/memory/setChange.js';
import { openSetRecord, writeSetRecord } from '../../data/memory/setRecord.js';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { placesOf } from '../../runtime/storage/places.js';

export interface ShardMemoryOptions {
  /** Makes those shards again whose images have changed; refused unless told. */
  readonly acceptData?: boolean | undefined;
  /** Hashes the contents of all files, however many; else a part of those of large shards. */
  readonly hashData?: boolean | undefined;
  /** Told, in a line each, what is noteworthy of the images. */
  readonly tell?: ((text: string) => void) | undefined;
}

/**
 * The images of labels as they were when they got them: a record beside each file of labels, in `sets/`.
 * Several processes may make the shards of one folder.
 */
export class ShardMemory {
  #toldOld = false;

  constructor(
    private readonly images: Images,
    readonly options: ShardMemoryOptions = {},
  ) {}

  /** Records the images from `start` to below `end` as those of the labels at `path`. */
  async record(path: string, start: number, end: number): Promise<void> {
    const images = this.#part(start, end);
    const stats = await statImages(images, { hashAll: this.options.hashData });
    const file = recordOf(path);
    makeFolder(dirname(file));
    await writeSetRecord(file, images, stats, { identity: images.fingerprint });
  }

  /**
   * Finds how today's images from `start` to below `end` differ from those of the labels at `path`;
   * undefined if they do not. Labels without a record get one, with a single note.
   */
  async changeOf(path: string, start: number, end: number): Promise<SetChange | undefined> {
    const record = await openSetRecord(recordOf(path));
    if (!record) {
      this.#tellOld(path);
      await this.record(path, start, end);
      return undefined;
    }
    const images = this.#part(start, end);
    const stats = await statImages(images, { hashAll: this.options.hashData });
    const found = await compareSet(record, images, stats);
    this.#tellTouched(path, found);
    // The copies are looked at once only.
    if (!found.change && found.touched > 0) await this.record(path, start, end);
    return found.change;
  }

  /** Why an audit at `path` of all images is to be made again, in words; undefined if its images are those of today. */
  async agedAudit(path: string): Promise<string | undefined> {
    const { name, count } = this.images;
    const record = await openSetRecord(recordOf(path));
    if (!record) return `${path} has no record of its images (an older version made it)`;
    const stats = await statImages(this.images, { hashAll: this.options.hashData });
    const found = await compareSet(record, this.images, stats);
    const { change, touched } = found;
    if (change)
      return `${path} was made from images of ${name} that have changed since: ${countsOf(change)} (${examplesOf(change).join('; ')})`;
    this.#tellTouched(path, found);
    if (touched > 0) await this.record(path, 0, count);
    return undefined;
  }

  /** All images held against those of several files of labels; undefined if one has no record. */
  async compareAll(paths: readonly string[]): Promise<Comparison | undefined> {
    const records = await Promise.all(paths.map((path) => openSetRecord(recordOf(path))));
    const [first] = records;
    if (!first || records.includes(undefined)) return undefined;
    async function* rows() {
      for (const record of records) if (record) yield* record.rows;
    }
    const count = records.reduce((sum, record) => sum + (record?.header.count ?? 0), 0);
    const stats = await statImages(this.images, { hashAll: this.options.hashData });
    const all = { header: { ...first.header, count }, rows: rows() };
    return compareSet(all, this.images, stats);
  }

  #part(start: number, end: number): Images {
    return subsetOf(
      this.images,
      Uint32Array.from({ length: end - start }, (_, i) => start + i),
    );
  }

  #tellOld(path: string): void {
    if (this.#toldOld) return;
    this.#toldOld = true;
    this.options.tell?.(
      `${dirname(path)} has no record of the images of its labels (an older version made them): they are assumed to be unchanged`,
    );
  }

  #tellTouched(path: string, { touched, change }: Comparison): void {
    if (touched === 0 || change) return;
    this.options.tell?.(
      `${touched} images of ${path} have a new modification time, but unchanged contents`,
    );
  }
}

/** `labels/sets/shard-00001-of-00002.gz` */
function recordOf(path: string): string {
  return join(placesOf(dirname(path)).sets, `${basename(path).replace(/\.parquet$/, '')}.gz`);
}
