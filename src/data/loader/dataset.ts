import { DataError, invariant } from '../../support/errors.js';

/** Contents of an ArrayDataset. */
export interface ArrayDatasetOptions {
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  /** [count,C,H,W], 0 to 255. */
  readonly images: Uint8Array;
  /** [count]: class of each image; or give `targets`. */
  readonly labels?: Uint8Array | Uint16Array;
  /** [count,classes]: probabilities of each image; or give `labels`. */
  readonly targets?: Float32Array;
  /** [count]: weight of each image in the loss (default: 1). */
  readonly weights?: Float32Array;
}

/** Images in memory with hard or soft labels; a subset shares the memory of the whole. */
export class ArrayDataset {
  readonly count: number;
  readonly shape: readonly [number, number, number];
  readonly classes: number;
  readonly #all: ArrayDatasetOptions;
  readonly #indices: Uint32Array | undefined;
  readonly #pixels: number;

  constructor(all: ArrayDatasetOptions, indices?: Uint32Array) {
    const [channels, height, width] = all.shape;
    this.#pixels = channels * height * width;
    this.#all = all;
    this.#indices = indices;
    this.shape = all.shape;
    this.classes = all.classes;
    const total = all.images.length / this.#pixels;
    this.count = indices?.length ?? total;
    checkLengths(all, total);
  }

  /** The images of these indices, in this order. */
  subset(indices: ArrayLike<number>): ArrayDataset {
    return new ArrayDataset(
      this.#all,
      Uint32Array.from({ length: indices.length }, (_, i) => this.#place(indices[i] ?? 0)),
    );
  }

  /** Writes image i as float32 [C,H,W], 0 to 1. */
  image(i: number, out: Float32Array): void {
    const { images } = this.#all;
    const start = this.#place(i) * this.#pixels;
    for (let p = 0; p < this.#pixels; p++) out[p] = (images[start + p] ?? 0) / 255;
  }

  /** Class of image i: with soft labels the likeliest one. */
  label(i: number): number {
    const { labels, targets } = this.#all;
    const place = this.#place(i);
    if (labels) return labels[place] ?? 0;
    const row = targets?.subarray(place * this.classes, (place + 1) * this.classes);
    return row ? row.indexOf(Math.max(...row)) : 0;
  }

  /** Writes the probabilities of image i, [classes]; one-hot for a hard label. */
  target(i: number, out: Float32Array): void {
    const { targets } = this.#all;
    const place = this.#place(i);
    if (targets) out.set(targets.subarray(place * this.classes, (place + 1) * this.classes));
    else out.fill(0)[this.label(i)] = 1;
  }

  /** Weight of image i in the loss. */
  weight(i: number): number {
    return this.#all.weights?.[this.#place(i)] ?? 1;
  }

  #place(i: number): number {
    invariant(i >= 0 && i < this.count, `image ${i} of ${this.count}`);
    return this.#indices?.[i] ?? i;
  }
}

function checkLengths(all: ArrayDatasetOptions, count: number): void {
  const { labels, targets, weights, classes } = all;
  const fail = (what: string): never => {
    throw new DataError(`${what} do not match ${count} images of ${classes} classes`, {
      code: 'dataset-lengths',
      where: what,
    });
  };
  if (!Number.isInteger(count)) fail('images');
  if ((labels === undefined) === (targets === undefined)) fail('labels and targets');
  if (labels && (labels.length !== count || labels.some((label) => label >= classes)))
    fail('labels');
  if (targets && targets.length !== count * classes) fail('targets');
  if (weights && weights.length !== count) fail('weights');
}
