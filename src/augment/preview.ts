import { fnv1a32 } from '../support/hash.js';
import { RandomStream } from '../support/random.js';
import { contactSheet } from './contactSheet.js';
import type { RgbImage } from './image.js';
import { randAugment, type RandAugmentOptions } from './randAugment.js';

export interface PreviewOptions extends Omit<RandAugmentOptions, 'n' | 'm'> {
  /** Numbers of operations, a row each. */
  readonly n: readonly number[];
  /** Magnitudes, a column each. */
  readonly m: readonly number[];
  readonly seed: number;
  readonly title: string;
}

/** Images with sides below this are shown enlarged. */
const readable = 160;
const site = fnv1a32('augment.preview');

/**
 * A contact sheet of one image under a grid of RandAugment's N and M. All images draw the same
 * operations and signs, so that a row shows what the magnitude does and a column what one more
 * operation does.
 */
export function previewSheet(image: RgbImage, options: PreviewOptions): RgbImage {
  const rows = options.n.map((n, row) => ({
    label: `n = ${n}`,
    images: [
      row === 0 ? image : undefined,
      ...options.m.map((m) => {
        const out = { ...image, data: new Uint8Array(image.data.length) };
        const random = new RandomStream(options.seed, { site, step: 0, sample: 0 });
        randAugment({ ...options, n, m })(image, random, out);
        return out;
      }),
    ],
  }));
  return contactSheet({
    title: options.title,
    columns: ['clean', ...options.m.map((m) => `m = ${m}`)],
    rows,
    enlarge: enlargement(image),
  });
}

/** How many times small images are enlarged on a sheet. */
export function enlargement({ width, height }: RgbImage): number {
  return Math.max(1, Math.floor(readable / Math.max(width, height)));
}
