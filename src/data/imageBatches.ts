import type { BatchArrays } from '../runtime/batchArrays.js';
import { DataError } from '../support/errors.js';
import { fnv1a32 } from '../support/hash.js';
import { RandomOrder } from '../support/permutation.js';
import { RandomStream } from '../support/random.js';
import type { Images, Targets } from './images.js';
import type { LoaderPool } from './loaderPool.js';
import type { LoadRow } from './loaderProtocol.js';
import type { Preparation } from './preparation.js';
import { sharedPixels, Slots, type Pixels } from './slots.js';
import type { UnreadableImages } from './unreadable.js';

export interface ImageBatchesOptions {
  readonly batch: number;
  readonly seed: number;
  readonly pool: LoaderPool;
  readonly preparation: Preparation;
  readonly unreadable: UnreadableImages;
  /** Tells apart several streams of one seed, such as labelled and pseudo-labelled images. */
  readonly name?: string;
  /** Batches made ahead of the one that is asked for; default 2. */
  readonly prefetch?: number;
  /** Steps of the run, behind which nothing is made ahead; default any number. */
  readonly until?: number;
}

/** A batch that is being made. */
interface Ahead {
  readonly slot: Pixels;
  /** The image of each row. */
  readonly indices: Promise<readonly number[]>;
}

const replaceSite = fnv1a32('loader.replace');
/** Of which all fail only where next to nothing can be read. */
const maxTries = 1000;

/**
 * Batches for training from images of any number, prepared in other threads and ahead of time: each
 * epoch in an order of its own, of which a last, partial batch is dropped. A batch is a function of
 * the seed and the step alone, so that a run resumes anywhere, with any number of threads. Where an
 * image cannot be read another one takes its row, which the seed chooses, too.
 */
export class ImageBatches {
  /** Batches of an epoch. */
  readonly stepsPerEpoch: number;
  readonly #site: number;
  readonly #plan: number;
  readonly #ahead = new Map<number, Ahead>();
  readonly #slots: Slots;
  #order: RandomOrder;
  #epoch = 0;

  /** Throws a DataError where there are fewer images than a batch holds. */
  constructor(
    private readonly images: Images,
    private readonly targets: Targets,
    private readonly options: ImageBatchesOptions,
  ) {
    const { batch, seed, name = 'train', pool, preparation } = options;
    this.stepsPerEpoch = Math.floor(images.count / batch);
    if (this.stepsPerEpoch === 0)
      throw new DataError(`${images.count} images do not fill a batch of ${batch}`, {
        code: 'too-few-images',
        where: images.name,
        hint: `give a batch of at most ${images.count}`,
      });
    this.#site = fnv1a32(`batches.${name}`);
    this.#order = this.#orderOf(0);
    const packed = images.packed && sharedPixels(images.packed);
    this.#plan = pool.plan({ preparation, packed, seed, site: this.#site });
    this.#slots = new Slots(batch * preparation.shape.reduce((a, b) => a * b, 1));
  }

  /** Epoch of a step and images of it used before, both from 0. */
  position(step: number): { readonly epoch: number; readonly position: number } {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    return { epoch, position: (step - epoch * this.stepsPerEpoch) * this.options.batch };
  }

  /** Index in the set of row `row` of a step, if that image can be read. */
  index(step: number, row: number): number {
    const { epoch, position } = this.position(step);
    if (epoch !== this.#epoch) {
      this.#order = this.#orderOf(epoch);
      this.#epoch = epoch;
    }
    return this.#order.at(position + row);
  }

  /** Fills the rows of a step, counted from 0, beginning at `firstRow` of the arrays. */
  async fill(arrays: BatchArrays, step: number, firstRow = 0): Promise<void> {
    const { batch, prefetch = 2, until = Infinity } = this.options;
    const last = Math.max(step, Math.min(step + prefetch, until - 1));
    this.#forget(step, last);
    for (let next = step; next <= last; next++) this.#begin(next, arrays.image);
    const ahead = this.#ahead.get(step);
    if (!ahead) return;
    this.#ahead.delete(step);
    try {
      const indices = await ahead.indices;
      arrays.image.set(ahead.slot, (firstRow * ahead.slot.length) / batch);
      for (const [row, index] of indices.entries())
        this.#writeTarget(arrays, firstRow + row, index);
    } finally {
      this.#slots.give(ahead.slot);
    }
  }

  #writeTarget({ target, weight }: BatchArrays, row: number, index: number): void {
    const { classes } = this.targets;
    this.targets.target(index, target.subarray(row * classes, (row + 1) * classes));
    weight[row] = this.targets.weight(index);
  }

  /** Drops what was made ahead for other steps: somebody jumped. */
  #forget(first: number, last: number): void {
    for (const [step, { slot, indices }] of this.#ahead) {
      if (step >= first && step <= last) continue;
      this.#ahead.delete(step);
      const give = (): void => this.#slots.give(slot);
      indices.then(give, give);
    }
  }

  #begin(step: number, like: Pixels): void {
    if (this.#ahead.has(step)) return;
    const slot = this.#slots.take(like);
    const indices = this.#load(step, slot);
    // Its failure is thrown when the step is asked for.
    indices.catch(() => undefined);
    this.#ahead.set(step, { slot, indices });
  }

  async #load(step: number, slot: Pixels): Promise<readonly number[]> {
    const { batch, pool, unreadable } = this.options;
    const { epoch } = this.position(step);
    const tries = new Uint16Array(batch);
    let rows = Array.from(tries, (_, row) => this.#choose(step, row, tries));
    const indices = rows.map(({ index }) => index);
    while (rows.length > 0) {
      const failed = await pool.load(this.#plan, epoch, slot, rows);
      // In the order of the rows, so that the list does not depend on the threads.
      failed.sort((a, b) => a.row - b.row);
      for (const { where, reason } of failed) unreadable.add(where, reason);
      rows = failed.map(({ row }) => this.#choose(step, row, tries));
      for (const { row, index } of rows) indices[row] = index;
    }
    return indices;
  }

  /** The image of a row, or where it cannot be read the first of others drawn in its place that can. */
  #choose(step: number, row: number, tries: Uint16Array): LoadRow {
    const { images } = this;
    for (let attempt = tries[row] ?? 0; attempt < maxTries; attempt++) {
      const index = attempt === 0 ? this.index(step, row) : this.#other(step, row, attempt);
      const where = images.where(index);
      tries[row] = attempt;
      if (!this.options.unreadable.has(where)) return { row, index, where };
    }
    throw new DataError(`hardly any image of ${images.name} can be read`, {
      code: 'unreadable-images',
      where: images.name,
    });
  }

  #other(step: number, row: number, attempt: number): number {
    const { epoch, position } = this.position(step);
    const id = { site: this.#site ^ replaceSite, step: epoch, sample: position + row };
    const stream = new RandomStream(this.options.seed, id);
    for (let i = 1; i < attempt; i++) stream.bits();
    return stream.integer(this.images.count);
  }

  #orderOf(epoch: number): RandomOrder {
    const id = { site: this.#site, step: epoch };
    return new RandomOrder(this.images.count, this.options.seed, id);
  }
}
