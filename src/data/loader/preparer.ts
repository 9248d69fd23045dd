import { corrupt } from '../augment/corruptions/corrupt.js';
import { drawCrop } from '../augment/image/cropRegion.js';
import type { RgbImage } from '../augment/image/image.js';
import { largeImageNoise, smallImageNoise } from '../augment/imageNoise.js';
import { marginFor, perturb } from '../augment/perturbations/perturb.js';
import type { ImageNoise } from '../augment/defineNoise.js';
import { fnv1a32 } from '../../support/hash.js';
import { RandomStream } from '../../support/random.js';
import { viewOf, type ImageView } from '../../support/imageView.js';
import { decodeFile, resizeRgb, type DecodeOptions, type Frame } from '../pixels/decode.js';
import { evaluationFraming, regionFraming } from '../pixels/framing.js';
import type { PackedPixels } from '../sets/images.js';
import type { PixelBudget } from '../pixels/pixelBudget.js';
import { rowsOf, type Preparation } from './preparation.js';
import type { Framing, Size } from '../resample/resample.js';
import { unpackImage } from './unpackImage.js';

/** Identity of an image; its random numbers are a function of this and nothing else. */
export interface ImageAt {
  readonly seed: number;
  /** Hash of the stream's name. */
  readonly site: number;
  readonly epoch: number;
  /** Index in the set. */
  readonly index: number;
}

const sites = { crop: fnv1a32('loader.crop'), noise: fnv1a32('loader.noise') };

/** Makes rows of batches from images, by one preparation. */
export class Preparer {
  /** The network's, without a margin. */
  readonly #size: Size;
  readonly #view: ImageView;
  readonly #options: DecodeOptions;
  readonly #margin: number;
  readonly #rows: number;
  readonly #noise: ImageNoise | undefined;
  readonly #changed: RgbImage;
  readonly #whole: boolean;
  readonly #tables: readonly Float32Array[];

  constructor(
    private readonly preparation: Preparation,
    private readonly packed: PackedPixels | undefined,
    budget?: PixelBudget,
  ) {
    const { shape, decode, view = viewOf(shape) } = preparation;
    const [, height, width] = shape;
    this.#margin = marginOf(preparation);
    this.#size = { width, height };
    this.#view = view;
    this.#options = { ...view, decode, budget };
    this.#rows = rowsOf(preparation);
    this.#noise = noiseOf(preparation);
    this.#tables = floatTables(preparation);
    this.#changed = { width, height, data: new Uint8Array(3 * width * height) };
    const [, packedHeight, packedWidth] = packed?.shape ?? [0, 0, 0];
    this.#whole =
      preparation.crop.kind === 'whole' && packedHeight === height && packedWidth === width;
  }

  /**
   * Writes the image at `where` to row `row` of `out`: [N,C,H,W] floats or [N,H,W,C] bytes. If an
   * image becomes several rows, `row` counts images. Throws an UnreadableImage.
   */
  async prepare(
    where: string | number,
    at: ImageAt,
    out: Float32Array | Uint8Array,
    row: number,
  ): Promise<void> {
    const clean = await this.#read(where, at);
    const { perturbation, corruption, shape } = this.preparation;
    const request = { seed: at.seed, sample: at.index };
    if (perturbation === undefined) {
      const image = corruption ? await corrupt(clean, { ...corruption, ...request }) : clean;
      this.#write(this.#noised(image, at), out, row);
      return;
    }
    const [, height, width] = shape;
    let frame = row * this.#rows;
    for (const image of perturb(
      { whole: clean, width, height },
      { name: perturbation, ...request },
    ))
      this.#write(image, out, frame++);
  }

  /** Valid until the next image is noised. */
  #noised(image: RgbImage, at: ImageAt): RgbImage {
    if (!this.#noise) return image;
    this.#noise(image, stream(at, sites.noise), this.#changed);
    return this.#changed;
  }

  #write(image: RgbImage, out: Float32Array | Uint8Array, row: number): void {
    if (out instanceof Float32Array) writeFloats(image, this.#tables, out, row);
    else writeBytes(image, this.preparation.shape[0], out, row);
  }

  #read(where: string | number, at: ImageAt): RgbImage | Promise<RgbImage> {
    const frame: Frame = (image) => this.#frame(image, at);
    if (typeof where === 'string') return decodeFile(where, frame, this.#options);
    const { packed } = this;
    const image = packed && unpackImage(packed, where);
    if (!image) throw new RangeError(`no packed image ${where}`);
    return this.#whole ? image : resizeRgb(image, frame, this.#options);
  }

  #frame(image: Size, at: ImageAt): Framing {
    const { crop } = this.preparation;
    const { cropPct } = this.#view;
    switch (crop.kind) {
      case 'random': {
        const region = drawCrop(image.width, image.height, stream(at, sites.crop), crop);
        return regionFraming(region, this.#size);
      }
      case 'middle':
        return evaluationFraming(image, this.#size, { crop: 'centre', cropPct }, this.#margin);
      case 'whole':
        return evaluationFraming(image, this.#size, { crop: 'squash', cropPct });
      case 'pad':
        return evaluationFraming(image, this.#size, { crop: 'pad', cropPct });
    }
  }
}

/** Only what is cut from the middle of an image has something beside it. */
function marginOf({ crop, perturbation, shape: [, height, width] }: Preparation): number {
  return perturbation !== undefined && crop.kind === 'middle' ? marginFor({ width, height }) : 0;
}

/** Each part of the noise draws from a stream of its own, so that leaving one out changes no other. */
function stream({ seed, site, epoch, index }: ImageAt, part: number): RandomStream {
  return new RandomStream(seed, { site: site ^ part, step: epoch, sample: index });
}

function noiseOf({ noise, crop }: Preparation): ImageNoise | undefined {
  if (noise === undefined) return undefined;
  return crop.kind === 'random' ? largeImageNoise(noise) : smallImageNoise(noise);
}

function writeBytes({ data }: RgbImage, channels: number, out: Uint8Array, row: number): void {
  if (channels === 3) out.set(data, row * data.length);
  else {
    const pixels = data.length / 3;
    for (let p = 0; p < pixels; p++) out[row * pixels + p] = luma(data, 3 * p);
  }
}

/** `tables` has the float of each byte, channel by channel. */
function writeFloats(
  { data }: RgbImage,
  tables: readonly Float32Array[],
  out: Float32Array,
  row: number,
): void {
  const pixels = data.length / 3;
  const grey = tables.length === 1;
  for (const [c, table] of tables.entries()) {
    const start = (row * tables.length + c) * pixels;
    for (let p = 0; p < pixels; p++) {
      const value = grey ? luma(data, 3 * p) : (data[3 * p + c] ?? 0);
      out[start + p] = table[value] ?? 0;
    }
  }
}

function floatTables({ shape: [channels], mean = [], std = [] }: Preparation): Float32Array[] {
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: 256 }, (_, v) => (v / 255 - (mean[c] ?? 0)) / (std[c] ?? 1)),
  );
}

/** ITU-R BT.601, as in PIL and torchvision. */
function luma(data: Uint8Array, at: number): number {
  return Math.round(
    0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0),
  );
}
