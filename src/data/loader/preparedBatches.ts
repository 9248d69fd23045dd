import { DataError } from '../../support/errors.js';
import { fnv1a32 } from '../../support/hash.js';
import { RandomOrder } from '../../support/permutation.js';
import { RandomStream } from '../../support/random.js';
import type { Images } from '../sets/images.js';
import type { LoaderPool } from './loaderPool.js';
import type { LoadRow } from './loaderProtocol.js';
import type { Preparation } from './preparation.js';
import { sharedPixels, Slots, type Pixels } from './slots.js';
import type { UnreadableImages } from './unreadable.js';

/** An image that is drawn for a row. */
export interface Drawn {
  readonly index: number;
  /** Tells its noise from that of other draws of the same image. */
  readonly visit: number;
}

/** The images of all rows of a training, by their place: rows of steps before count as places. */
export interface DrawOrder {
  at(place: number): Drawn;
  /** The image in place of one that cannot be read, at the given attempt from 1. */
  other(place: number, attempt: number): Drawn;
}

export interface BatchOrder {
  readonly batch: number;
  readonly seed: number;
  /** Tells apart several streams of one seed, such as labelled and pseudo-labelled images. */
  readonly name?: string | undefined;
  /** Default: each epoch all images once, in an order of its own. */
  readonly order?: DrawOrder | undefined;
  /** Batches made ahead of the one that is asked for; default 2. */
  readonly prefetch?: number | undefined;
  /** Steps of the run, behind which nothing is made ahead; default any number. */
  readonly until?: number | undefined;
}

export interface PreparedBatchesOptions extends BatchOrder {
  readonly pool: LoaderPool;
  readonly unreadable: UnreadableImages;
  /** One for each copy of a batch, such as a noised one and a clean one of the same images. */
  readonly preparations: readonly Preparation[];
}

/** The images of a step. */
export interface PreparedBatch {
  /** The image of each row. */
  readonly indices: readonly number[];
  /** The rows by each preparation, in shared memory: [N,C,H,W] floats or [N,H,W,C] bytes. */
  readonly copies: readonly Pixels[];
}

/** A batch that is being made. */
interface Ahead {
  readonly copies: readonly Pixels[];
  readonly indices: Promise<readonly number[]>;
}

const replaceSite = fnv1a32('loader.replace');
/** Replacement draws before giving up; exhausted only if almost no image is readable. */
const maxTries = 1000;

/** Throws a DataError if there are fewer images than a batch holds. */
export function requireFullBatch({ count, name }: Pick<Images, 'count' | 'name'>, batch: number) {
  if (count >= batch) return;
  throw new DataError(`${count} images do not fill a batch of ${batch}`, {
    code: 'too-few-images',
    where: name,
    hint: `use a batch of at most ${count}`,
  });
}

/**
 * Images of any number in batches, prepared in other threads and ahead of time: each epoch in an
 * order of its own, of which a last, partial batch is dropped. A batch is a function of the seed and
 * the step alone, so that a run resumes anywhere, with any number of threads. If an image cannot
 * be read another one takes its row, which the seed chooses, too.
 */
export class PreparedBatches {
  /** Batches of an epoch. */
  readonly stepsPerEpoch: number;
  readonly #site: number;
  readonly #plans: readonly { readonly plan: number; readonly slots: Slots }[];
  readonly #ahead = new Map<number, Ahead>();
  #order: RandomOrder;
  #epoch = 0;

  /** Throws a DataError if there are fewer images than a batch holds. */
  constructor(
    private readonly images: Images,
    private readonly options: PreparedBatchesOptions,
  ) {
    const { batch, seed, name = 'train', pool, preparations } = options;
    requireFullBatch(images, batch);
    this.stepsPerEpoch = Math.floor(images.count / batch);
    const site = fnv1a32(`batches.${name}`);
    this.#site = site;
    this.#order = this.#orderOf(0);
    const packed = images.packed && sharedPixels(images.packed);
    this.#plans = preparations.map((preparation) => ({
      plan: pool.plan({ preparation, packed, seed, site }),
      slots: new Slots(batch * preparation.shape.reduce((a, b) => a * b, 1)),
    }));
  }

  /** Epoch of a step and images of it used before, both from 0. */
  position(step: number): { readonly epoch: number; readonly position: number } {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    return { epoch, position: (step - epoch * this.stepsPerEpoch) * this.options.batch };
  }

  /** Index in the set of row `row` of a step, if that image can be read. */
  index(step: number, row: number): number {
    const { order, batch } = this.options;
    if (order) return order.at(step * batch + row).index;
    const { epoch, position } = this.position(step);
    if (epoch !== this.#epoch) {
      this.#order = this.#orderOf(epoch);
      this.#epoch = epoch;
    }
    return this.#order.at(position + row);
  }

  /**
   * Runs `use` on the batch of a step, counted from 0; its memory is used again afterwards. Each copy
   * has elements of the type of its place in `likes`.
   */
  async with<T>(
    step: number,
    likes: readonly Pixels[],
    use: (batch: PreparedBatch) => T | Promise<T>,
  ): Promise<T> {
    const { prefetch = 2, until = Infinity } = this.options;
    const last = Math.max(step, Math.min(step + prefetch, until - 1));
    this.#forget(step, last);
    const { copies, indices } = this.#begin(step, likes);
    this.#ahead.delete(step);
    for (let next = step + 1; next <= last; next++) this.#begin(next, likes);
    try {
      return await use({ copies, indices: await indices });
    } finally {
      this.#give(copies);
    }
  }

  /** Drops what was made ahead for other steps: somebody jumped. */
  #forget(first: number, last: number): void {
    for (const [step, { copies, indices }] of this.#ahead) {
      if (step >= first && step <= last) continue;
      this.#ahead.delete(step);
      const give = (): void => this.#give(copies);
      indices.then(give, give);
    }
  }

  #give(copies: readonly Pixels[]): void {
    for (const [i, copy] of copies.entries()) this.#plans[i]?.slots.give(copy);
  }

  #begin(step: number, likes: readonly Pixels[]): Ahead {
    const begun = this.#ahead.get(step);
    if (begun) return begun;
    const copies = this.#plans.map(({ slots }, i) => slots.take(likes[i] ?? new Uint8Array()));
    const indices = this.#load(step, copies);
    // Its failure is thrown when the step is asked for.
    indices.catch(() => undefined);
    const ahead = { copies, indices };
    this.#ahead.set(step, ahead);
    return ahead;
  }

  async #load(step: number, copies: readonly Pixels[]): Promise<readonly number[]> {
    const { batch } = this.options;
    const tries = new Uint16Array(batch);
    let rows = Array.from(tries, (_, row) => this.#choose(step, row, tries));
    const indices = rows.map(({ index }) => index);
    while (rows.length > 0) {
      const failed = await this.#loadRows(step, copies, rows);
      rows = failed.map((row) => this.#choose(step, row, tries));
      for (const { row, index } of rows) indices[row] = index;
    }
    return indices;
  }

  /** Loads all copies of these rows; returns the rows whose images could not be read. */
  async #loadRows(
    step: number,
    copies: readonly Pixels[],
    rows: readonly LoadRow[],
  ): Promise<number[]> {
    const { pool, unreadable } = this.options;
    const { epoch } = this.position(step);
    const loading = copies.map((copy, i) =>
      pool.load(this.#plans[i]?.plan ?? 0, epoch, copy, rows),
    );
    const failed = (await Promise.all(loading)).flat();
    // In the order of the rows, so that the list does not depend on the threads.
    failed.sort((a, b) => a.row - b.row);
    for (const { where, reason } of failed) unreadable.add(where, reason);
    return [...new Set(failed.map(({ row }) => row))];
  }

  /** The image of a row, or if it cannot be read the first of others drawn in its place that can. */
  #choose(step: number, row: number, tries: Uint16Array): LoadRow {
    const { images } = this;
    for (let attempt = tries[row] ?? 0; attempt < maxTries; attempt++) {
      const drawn = this.#draw(step, row, attempt);
      const where = images.where(drawn.index);
      tries[row] = attempt;
      if (!this.options.unreadable.has(where)) return { row, ...drawn, where };
    }
    throw new DataError(`too few images of ${images.name} can be read`, {
      code: 'unreadable-images',
      where: images.name,
      notes: this.options.unreadable.reasons,
    });
  }

  #draw(step: number, row: number, attempt: number): Pick<LoadRow, 'index' | 'visit'> {
    const { order, batch } = this.options;
    if (order === undefined)
      return { index: attempt === 0 ? this.index(step, row) : this.#other(step, row, attempt) };
    const place = step * batch + row;
    return attempt === 0 ? order.at(place) : order.other(place, attempt);
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
