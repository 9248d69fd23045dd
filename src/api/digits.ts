import { affineImage, drawAffine, type AffineRange } from '../augment/affine.js';
import type { Mnist } from '../data/mnist.js';
import type { BatchArrays } from '../runtime/batchArrays.js';
import { fnv1a32 } from '../support/hash.js';
import { permutation } from '../support/random.js';
import type { BatchSource, ImageSet } from './trainer.js';

/** Images of a data set with soft targets to train on. */
export interface TargetedImages {
  readonly indices: readonly number[];
  /** [count, classes] */
  readonly targets: Float32Array;
}

/** A share of each step: `rows` images, from passes over `from` in an order of its own. */
export interface SourcePart {
  readonly name: string;
  readonly rows: number;
  readonly from: TargetedImages;
}

export interface SourceOptions {
  /** The first part counts epochs. */
  readonly parts: readonly [SourcePart, ...SourcePart[]];
  readonly classes: number;
  readonly seed: number;
  /** Random affine maps of the images; none where missing. */
  readonly noise?: AffineRange | undefined;
}

/** The digits as sets to evaluate and as sources of batches. */
export class DigitImages {
  readonly #size: number;

  constructor(private readonly digits: Mnist) {
    const [channels, height, width] = digits.shape;
    this.#size = channels * height * width;
  }

  /** A part of the digits with their true labels. */
  images(indices: readonly number[]): ImageSet {
    return {
      count: indices.length,
      image: (i, out) => this.#copy(indices[i] ?? 0, out),
      label: (i) => this.digits.labels[indices[i] ?? 0] ?? 0,
    };
  }

  /** A part of the digits with one-hot targets. */
  labelled(indices: readonly number[], classes: number): TargetedImages {
    const targets = new Float32Array(indices.length * classes);
    for (const [i, digit] of indices.entries())
      targets[i * classes + (this.digits.labels[digit] ?? 0)] = 1;
    return { indices, targets };
  }

  /** Batches made of the parts in turn: a function of the seed and the step alone. */
  source({ parts, classes, seed, noise }: SourceOptions): BatchSource {
    const orders = parts.map(({ name, from }) => new Order(name, from.indices.length, seed));
    const clean = new Float32Array(this.#size);
    const fillRow = (
      arrays: BatchArrays,
      row: number,
      from: TargetedImages,
      i: number,
      step: number,
    ) => {
      this.#copy(from.indices[i] ?? 0, clean);
      if (arrays.image instanceof Float32Array) {
        const out = arrays.image.subarray(row * this.#size, (row + 1) * this.#size);
        const [, height, width] = this.digits.shape;
        if (noise === undefined) out.set(clean);
        else
          affineImage(clean, [height, width], drawAffine(noise, { seed, step, sample: row }), out);
      }
      arrays.target.set(from.targets.subarray(i * classes, (i + 1) * classes), row * classes);
      arrays.weight[row] = 1;
    };
    const [first] = parts;
    return {
      stepsPerEpoch: Math.max(1, Math.floor(first.from.indices.length / first.rows)),
      fill: (arrays, step) => {
        let row = 0;
        for (const [part, { rows, from }] of parts.entries())
          for (let i = 0; i < rows; i++)
            fillRow(arrays, row++, from, orders[part]?.at(step * rows + i) ?? 0, step);
      },
    };
  }

  #copy(digit: number, out: Float32Array): void {
    const start = digit * this.#size;
    for (let i = 0; i < this.#size; i++) out[i] = (this.digits.images[start + i] ?? 0) / 255;
  }
}

/** An endless stream of indices: each pass is a new permutation, so any position is found at once. */
class Order {
  readonly #site: number;
  #pass = -1;
  #permutation: Uint32Array = new Uint32Array();

  constructor(
    name: string,
    private readonly count: number,
    private readonly seed: number,
  ) {
    this.#site = fnv1a32(`order.${name}`);
  }

  at(position: number): number {
    const pass = Math.floor(position / this.count);
    if (pass !== this.#pass) {
      const stream = { site: this.#site, step: pass, sample: 0 };
      this.#permutation = permutation(this.count, this.seed, stream);
      this.#pass = pass;
    }
    return this.#permutation[position % this.count] ?? 0;
  }
}
