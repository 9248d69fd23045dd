import type { BatchArrays } from '../../runtime/engine/batchArrays.js';
import type { Images, Targets } from '../sets/images.js';
import type { LoaderPool } from './loaderPool.js';
import type { Preparation } from './preparation.js';
import { PreparedBatches, type BatchOrder } from './preparedBatches.js';
import type { UnreadableImages } from './unreadable.js';

export interface ImageBatchesOptions extends BatchOrder {
  readonly pool: LoaderPool;
  readonly preparation: Preparation;
  readonly unreadable: UnreadableImages;
}

/** Batches for training from images of any number, with their targets; see PreparedBatches. */
export class ImageBatches {
  /** Batches of an epoch. */
  readonly stepsPerEpoch: number;
  readonly #batches: PreparedBatches;

  /** Throws a DataError if there are fewer images than a batch holds. */
  constructor(
    images: Images,
    private readonly targets: Targets,
    { preparation, ...options }: ImageBatchesOptions,
  ) {
    this.#batches = new PreparedBatches(images, { ...options, preparations: [preparation] });
    this.stepsPerEpoch = this.#batches.stepsPerEpoch;
  }

  /** Epoch of a step and images of it used before, both from 0. */
  position(step: number): { readonly epoch: number; readonly position: number } {
    return this.#batches.position(step);
  }

  /** Index in the set of row `row` of a step, if that image can be read. */
  index(step: number, row: number): number {
    return this.#batches.index(step, row);
  }

  /** Fills the rows of a step, counted from 0, beginning at `firstRow` of the arrays. */
  async fill(arrays: BatchArrays, step: number, firstRow = 0): Promise<void> {
    await this.#batches.with(step, [arrays.image], ({ copies: [pixels], indices }) => {
      if (!pixels) return;
      arrays.image.set(pixels, (firstRow * pixels.length) / indices.length);
      for (const [row, index] of indices.entries())
        this.#writeTarget(arrays, firstRow + row, index);
    });
  }

  #writeTarget({ target, weight }: BatchArrays, row: number, index: number): void {
    const { classes } = this.targets;
    this.targets.target(index, target.subarray(row * classes, (row + 1) * classes));
    weight[row] = this.targets.weight(index);
  }
}
