import type { BatchArrays } from '../../runtime/engine/batchArrays.js';
import { DataError } from '../../support/errors.js';
import { fnv1a32 } from '../../support/hash.js';
import { permutation } from '../../support/random.js';
import type { ArrayDataset } from './dataset.js';
import { checkRanges } from '../../support/optionRanges.js';

/** Changes an image [C,H,W] into `out`: a function of the seed, the epoch and the image's index. */
export type Augment = (
  image: Float32Array,
  at: { readonly seed: number; readonly step: number; readonly sample: number },
  out: Float32Array,
) => void;

export interface ShuffleOptions {
  readonly batch: number;
  readonly seed: number;
  readonly augment?: Augment | undefined;
  /** Tells apart several streams of one seed, such as labelled and pseudo-labelled images. */
  readonly name?: string;
}

/**
 * Batches for training: each epoch is a permutation of its own, of which a last, partial batch is
 * dropped. A batch is a function of the step alone, so that a run resumes anywhere.
 */
export class ShuffledBatches {
  /** Batches of an epoch. */
  readonly stepsPerEpoch: number;
  readonly #site: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();
  readonly #clean: Float32Array;
  readonly #changed: Float32Array;

  /** Throws a DataError if there are fewer images than a batch holds. */
  constructor(
    private readonly dataset: ArrayDataset,
    private readonly options: ShuffleOptions,
  ) {
    checkRanges('ShuffledBatches', options, ['batch', 'seed']);
    const { batch, name = 'train' } = options;
    this.stepsPerEpoch = Math.floor(dataset.count / batch);
    if (this.stepsPerEpoch === 0)
      throw new DataError(`${dataset.count} images do not fill a batch of ${batch}`, {
        code: 'too-few-images',
        option: ['batch'],
        hint: `use a batch of at most ${dataset.count}`,
      });
    const pixels = dataset.shape.reduce((a, b) => a * b, 1);
    this.#site = fnv1a32(`batches.${name}`);
    this.#clean = new Float32Array(pixels);
    this.#changed = new Float32Array(pixels);
  }

  /** Epoch of a step and images of it used before, both from 0. */
  position(step: number): { readonly epoch: number; readonly position: number } {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    return { epoch, position: (step - epoch * this.stepsPerEpoch) * this.options.batch };
  }

  /** Index in the data set of row `row` of a step. */
  index(step: number, row: number): number {
    const { epoch, position } = this.position(step);
    if (epoch !== this.#epoch) {
      const id = { site: this.#site, step: epoch, sample: 0 };
      this.#order = permutation(this.dataset.count, this.options.seed, id);
      this.#epoch = epoch;
    }
    return this.#order[position + row] ?? 0;
  }

  /**
   * Fills the rows of a step, counted from 0, beginning at `firstRow` of the arrays. Throws a
   * DataError if the network takes other images or classes.
   */
  fill(arrays: BatchArrays, step: number, firstRow = 0): void {
    const { dataset } = this;
    checkFits(arrays, dataset);
    const { batch, seed, augment } = this.options;
    const { epoch } = this.position(step);
    for (let row = 0; row < batch; row++) {
      const i = this.index(step, row);
      dataset.image(i, this.#clean);
      augment?.(this.#clean, { seed, step: epoch, sample: i }, this.#changed);
      writeImage(arrays, firstRow + row, augment ? this.#changed : this.#clean, dataset.shape);
      const { target, weight } = rowOf(arrays, firstRow + row, dataset.classes);
      dataset.target(i, target);
      weight[0] = dataset.weight(i);
    }
  }
}

/** Rows of another length would run into each other. */
function checkFits({ image, target, weight }: BatchArrays, { shape, classes }: ArrayDataset): void {
  const [pixels, taken] = [shape.reduce((a, b) => a * b, 1), image.length / weight.length];
  if (pixels !== taken)
    throw new DataError(
      `the images [${shape.join(',')}] do not fit a network that takes ${taken} numbers`,
      {
        code: 'image-shape',
        option: ['data'],
        hint: `set the input of the model to image(${shape.join(', ')})`,
      },
    );
  if (classes !== target.length / weight.length)
    throw new DataError(
      `the labels have ${classes} classes, the network ${target.length / weight.length}`,
      {
        code: 'class-count',
        option: ['data'],
        hint: `set the number of classes of the model to ${classes}`,
      },
    );
}

function rowOf({ target, weight }: BatchArrays, row: number, classes: number) {
  return {
    target: target.subarray(row * classes, (row + 1) * classes),
    weight: weight.subarray(row, row + 1),
  };
}

/** Writes pixels [C,H,W] to a row: as they are, or as 8 bits [H,W,C] for a model that normalises. */
export function writeImage(
  { image }: Pick<BatchArrays, 'image'>,
  row: number,
  pixels: Float32Array,
  [channels, height, width]: readonly [number, number, number],
): void {
  const start = row * pixels.length;
  if (image instanceof Float32Array) {
    image.set(pixels, start);
    return;
  }
  const plane = height * width;
  for (let c = 0; c < channels; c++)
    for (let p = 0; p < plane; p++)
      image[start + p * channels + c] = Math.round((pixels[c * plane + p] ?? 0) * 255);
}

/** Disjoint parts of 0..count-1 of these sizes, drawn from a permutation of the seed. */
export function splitIndices(
  count: number,
  sizes: readonly number[],
  seed: number,
  name = 'split',
): Uint32Array[] {
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total > count)
    throw new DataError(`${count} images cannot be split into ${sizes.join(' + ')}`, {
      code: 'split-too-big',
      where: name,
    });
  const order = permutation(count, seed, { site: fnv1a32(name), step: 0, sample: 0 });
  let start = 0;
  return sizes.map((size) => order.slice(start, (start += size)));
}
