import type { BatchArrays } from '../../runtime/engine/batchArrays.js';
import type { Images, Targets } from '../sets/images.js';
import type { LoaderPool } from './loaderPool.js';
import type { Mixer } from './mixing.js';
import type { Preparation } from './preparation.js';
import { PreparedBatches, type BatchOrder } from './preparedBatches.js';
import type { UnreadableImages } from './unreadable.js';

export interface ImageBatchesOptions extends BatchOrder {
  readonly pool: LoaderPool;
  readonly preparation: Preparation;
  readonly unreadable: UnreadableImages;
  /** Mixes the images of a batch (default: none is mixed). */
  readonly mixer?: Mixer | undefined;
}

/** Batches for training from images of any number, with their targets; see PreparedBatches. */
export class ImageBatches {
  /** Batches of an epoch. */
  readonly stepsPerEpoch: number;
  readonly #batches: PreparedBatches;
  readonly #mix: (arrays: BatchArrays, step: number, firstRow: number) => void;

  /** Throws a DataError if there are fewer images than a batch holds. */
  constructor(
    images: Images,
    private readonly targets: Targets,
    { preparation, mixer, ...options }: ImageBatchesOptions,
  ) {
    this.#mix = mixing(mixer, preparation, options.batch);
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
    this.#mix(arrays, step, firstRow);
  }

  #writeTarget({ target, weight }: BatchArrays, row: number, index: number): void {
    const { classes } = this.targets;
    this.targets.target(index, target.subarray(row * classes, (row + 1) * classes));
    weight[row] = this.targets.weight(index);
  }
}

/** Mixes the rows of a part of a step's images, beginning at `firstRow`. */
export function mixing(
  mixer: Mixer | undefined,
  { shape }: Pick<Preparation, 'shape'>,
  count: number,
): (arrays: BatchArrays, step: number, firstRow: number) => void {
  return ({ image, target, weight }, step, firstRow) => {
    if (!mixer) return;
    const part = <T extends Float32Array | Uint8Array>(all: T): T => {
      const size = all.length / weight.length;
      return all.subarray(firstRow * size, (firstRow + count) * size) as T;
    };
    mixer.mix({ shape, image: part(image), target: part(target), weight: part(weight) }, step);
  };
}
