import { drawBeta } from '../../support/beta.js';
import { fnv1a32 } from '../../support/hash.js';
import { RandomStream } from '../../support/random.js';
import type { BatchArrays } from '../../runtime/engine/batchArrays.js';

/*
 * Mixup (arXiv 1710.09412) and CutMix (arXiv 1905.04899) with timm's names and rules: image i is mixed with image
 * N - 1 - i of its part of the batch, and so are their targets and weights. It is done on the prepared batch, in the
 * thread that fills it, while the step before runs: the threads of the loader have one image at a time, and to
 * send each the pixels of another would copy a batch once more. Bytes are rounded to the nearest, as timm's
 * FastCollateMixup does. What is mixed, and how, is a function of the seed and the step.
 */

/** Mixing of images of a batch. */
export interface MixOptions {
  /** Alpha of Mixup; 0 for none. */
  readonly mixup: number;
  /** Alpha of CutMix; 0 for none. */
  readonly cutmix: number;
  /** Share of batches, or of images in mode `elem`, that are mixed. */
  readonly prob: number;
  /** Share of CutMix where there are both. */
  readonly switchProb: number;
  /** One draw for all images of a batch, or one for each. */
  readonly mode: MixMode;
  /** Epoch, from 0, from which nothing is mixed any more; 0 for never. */
  readonly offEpoch: number;
}

export const mixModes = ['batch', 'elem'] as const;
export type MixMode = (typeof mixModes)[number];

/** Rows of a batch that are mixed with each other. */
export interface MixedRows extends BatchArrays {
  /** [C,H,W] */
  readonly shape: readonly [number, number, number];
}

/** Part of an image, from a corner to before another. */
export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** What happens to an image: `lam` of it stays, and the rest comes from its partner, spread out or in a box. */
export interface Mixture {
  readonly lam: number;
  readonly box?: Box | undefined;
}

const site = fnv1a32('loader.mix');
const none: Mixture = { lam: 1 };

/** Mixes the rows of batches; see the head of this file. */
export class Mixer {
  readonly #site: number;

  /** `until` is the step from which nothing is mixed, `name` tells streams of one seed apart. */
  constructor(
    private readonly options: MixOptions,
    private readonly stream: {
      readonly seed: number;
      readonly name: string;
      readonly until: number;
    },
  ) {
    this.#site = (site ^ fnv1a32(`batches.${stream.name}`)) >>> 0;
  }

  /** Mixes the rows of a step in place. */
  mix(rows: MixedRows, step: number): void {
    if (step >= this.stream.until) return;
    const count = rows.weight.length;
    const drawn = Array.from({ length: count }, (_, row) => this.#draw(rows.shape, step, row));
    mixRows(rows, this.options.mode === 'elem' ? drawn : drawn.map(() => drawn[0] ?? none));
  }

  #draw(shape: MixedRows['shape'], step: number, row: number): Mixture {
    const { mixup, cutmix, prob, switchProb, mode } = this.options;
    if (mode === 'batch' && row > 0) return none;
    const stream = new RandomStream(this.stream.seed, { site: this.#site, step, sample: row });
    if (stream.uniform() >= prob) return none;
    const cuts = mixup === 0 || (cutmix > 0 && stream.uniform() < switchProb);
    const lam = drawBeta(stream, cuts ? cutmix : mixup);
    if (!cuts) return { lam };
    const [, height, width] = shape;
    const at = { x: stream.integer(width), y: stream.integer(height) };
    return cutOf(shape, lam, at);
  }
}

/**
 * The box of CutMix around a place, of a share 1 - lam of the image before it is cut at the borders; `lam` becomes
 * what the cut box leaves, as timm's cutmix_bbox_and_lam has it.
 */
export function cutOf(
  [, height, width]: MixedRows['shape'],
  lam: number,
  { x, y }: { readonly x: number; readonly y: number },
): Mixture & { readonly box: Box } {
  const ratio = Math.sqrt(1 - lam);
  const [tall, wide] = [Math.trunc(height * ratio), Math.trunc(width * ratio)];
  const within = (value: number, most: number): number => Math.min(most, Math.max(0, value));
  const box = {
    top: within(y - Math.floor(tall / 2), height),
    bottom: within(y + Math.floor(tall / 2), height),
    left: within(x - Math.floor(wide / 2), width),
    right: within(x + Math.floor(wide / 2), width),
  };
  const area = (box.bottom - box.top) * (box.right - box.left);
  return { lam: 1 - area / (height * width), box };
}

/** Mixes each row with the one as far from the other end, as `mixtures` says of each. */
export function mixRows(rows: MixedRows, mixtures: readonly Mixture[]): void {
  const { image, target, weight, shape } = rows;
  const count = weight.length;
  for (let row = 0; row < Math.floor(count / 2); row++) {
    const other = count - 1 - row;
    const [one, two] = [mixtures[row] ?? none, mixtures[other] ?? none];
    if (one.lam === 1 && two.lam === 1) continue;
    const [first, second] = [rowOf(image, row, count), rowOf(image, other, count)];
    const before = [first.slice(), second.slice()] as const;
    mixPixels(first, before[1], one, shape);
    mixPixels(second, before[0], two, shape);
    for (const numbers of [target, weight])
      mixNumbers(rowOf(numbers, row, count), rowOf(numbers, other, count), one.lam, two.lam);
  }
}

function rowOf<T extends Float32Array | Uint8Array>(all: T, row: number, count: number): T {
  const size = all.length / count;
  return all.subarray(row * size, (row + 1) * size) as T;
}

function mixPixels(
  own: Float32Array | Uint8Array,
  partner: Float32Array | Uint8Array,
  { lam, box }: Mixture,
  [channels, height, width]: MixedRows['shape'],
): void {
  if (lam === 1) return;
  if (!box) {
    const whole = own instanceof Uint8Array;
    for (let p = 0; p < own.length; p++) {
      const mixed = (own[p] ?? 0) * lam + (partner[p] ?? 0) * (1 - lam);
      own[p] = whole ? roundToEven(mixed) : mixed;
    }
    return;
  }
  // Bytes have their channels side by side, floats one after another.
  const [planes, step] = own instanceof Uint8Array ? [1, channels] : [channels, 1];
  for (let plane = 0; plane < planes; plane++)
    for (let y = box.top; y < box.bottom; y++) {
      const line = (plane * height + y) * width;
      const [from, to] = [(line + box.left) * step, (line + box.right) * step];
      own.set(partner.subarray(from, to), from);
    }
}

/** NumPy's rint. */
function roundToEven(value: number): number {
  const up = Math.round(value);
  return up - value === 0.5 && up % 2 === 1 ? up - 1 : up;
}

function mixNumbers(one: Float32Array, two: Float32Array, lamOne: number, lamTwo: number): void {
  for (const [i, a] of one.entries()) {
    const b = two[i] ?? 0;
    one[i] = a * lamOne + b * (1 - lamOne);
    two[i] = b * lamTwo + a * (1 - lamTwo);
  }
}
