import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { type Field, toField, toImage } from './field.js';
import { moved, type Motion } from './motionBlur.js';
import { drawNormal } from './normal.js';
import { zoomed } from './zoomBlur.js';

export interface Snow extends Motion {
  /** Mean and deviation of the noise that becomes flakes. */
  readonly mean: number;
  readonly std: number;
  /** Enlargement of the flakes. */
  readonly zoom: number;
  /** Noise below it is not a flake. */
  readonly threshold: number;
  /** Share of the image that is not whitened. */
  readonly weight: number;
}

/** Flakes that fall from above, twice: as they are and turned half round, over a whitened image. */
export function snow(image: RgbImage, settings: Snow, random: RandomStream): RgbImage {
  const flakes = drawFlakes(image, settings, random);
  return snowed(image, fallen(flakes, settings, random.uniform(-135, -45)), settings.weight);
}

/** Enlarged noise above the threshold, [height,width,1]. */
export function drawFlakes(
  { width, height }: RgbImage,
  { mean, std, zoom, threshold }: Omit<Snow, keyof Motion | 'weight'>,
  random: RandomStream,
): Field {
  const data = drawNormal(width * height, random, { mean, std });
  const flakes = zoomed({ width, height, channels: 1, data }, zoom);
  for (const [i, level] of flakes.data.entries())
    flakes.data[i] =
      level < threshold ? 0 : Math.floor(255 * Math.min(1, Math.max(0, level))) / 255;
  return flakes;
}

/** The flakes blurred along their fall, in levels of bytes. */
export function fallen(flakes: Field, motion: Motion, degrees: number): Field {
  const { data, ...size } = moved(flakes, motion, degrees);
  return { ...size, data: data.map((level) => Math.round(255 * level) / 255) };
}

/** The image, whitened, with snow on it. */
export function snowed(image: RgbImage, { data: flakes }: Field, weight: number): RgbImage {
  const field = toField(image);
  const { data } = field;
  const pixels = flakes.length;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const i = 3 * pixel;
    const [red, green, blue] = [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0];
    const white = 1.5 * (0.299 * red + 0.587 * green + 0.114 * blue) + 0.5;
    const snow = (flakes[pixel] ?? 0) + (flakes[pixels - 1 - pixel] ?? 0);
    for (let c = i; c < i + 3; c++) {
      const level = data[c] ?? 0;
      data[c] = weight * level + (1 - weight) * Math.max(level, white) + snow;
    }
  }
  return toImage(field);
}
