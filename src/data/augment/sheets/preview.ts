import { fnv1a32 } from '../../../support/hash.js';
import { RandomStream } from '../../../support/random.js';
import { contactSheet } from './contactSheet.js';
import type { RgbImage } from '../image/image.js';
import { randAugment, type RandAugmentOptions } from '../randAugment.js';

export interface PreviewOptions extends Omit<RandAugmentOptions, 'n' | 'm'> {
  /** Numbers of operations, a row each. */
  readonly n: readonly number[];
  /** Magnitudes, a column each. */
  readonly m: readonly number[];
  /** Rows of each N. */
  readonly samples: number;
  readonly seed: number;
  readonly title: string;
}

/** Images with sides below this are shown enlarged. */
const readable = 160;
const site = fnv1a32('augment.preview');

/**
 * A contact sheet of one image under a grid of RandAugment's N and M, each with some samples. The
 * images of a sample draw the same operations and signs, so that a row shows what the magnitude
 * does, and the same sample of the next N what one more operation does.
 */
export function previewSheet(image: RgbImage, options: PreviewOptions): RgbImage {
  const noised = (n: number, m: number, sample: number): RgbImage => {
    const out = { ...image, data: new Uint8Array(image.data.length) };
    const random = new RandomStream(options.seed, { site, step: 0, sample });
    randAugment({ ...options, n, m })(image, random, out);
    return out;
  };
  const samples = Array.from({ length: options.samples }, (_, sample) => sample);
  const rows = options.n.flatMap((n, i) =>
    samples.map((sample) => ({
      label: sample === 0 ? `n = ${n}` : '',
      images: [
        i === 0 && sample === 0 ? image : undefined,
        ...options.m.map((m) => noised(n, m, sample)),
      ],
    })),
  );
  const columns = ['clean', ...options.m.map((m) => `m = ${m}`)];
  return contactSheet({ title: options.title, columns, rows, enlarge: enlargement(image) });
}

/** Factor by which small images are enlarged on a sheet. */
export function enlargement({ width, height }: RgbImage): number {
  return Math.max(1, Math.floor(readable / Math.max(width, height)));
}
