import type { RandomStream } from '../../../support/random.js';
import { toField, toImage, zerosLike, type Field } from '../corruptions/field.js';
import { gaussianBlur } from '../corruptions/gaussianBlur.js';
import { drawNormal } from '../corruptions/normal.js';
import type { RgbImage } from '../image/image.js';
import { middleOf, type Canvas } from './frames.js';
import { blur3, correlate, distances, edges, equalizeLevels } from './opencv.js';

export interface Spatter {
  readonly frames: number;
  /** Mean and deviation of the noise that becomes drops. */
  readonly mean: number;
  readonly std: number;
  /** Deviation of the Gaussian that makes drops of it, in pixels. */
  readonly sigma: number;
  /** Noise below it is dry. */
  readonly threshold: number;
  /** Share of the water that runs down a pixel from frame to frame. */
  readonly run: number;
}

/** Drops of water on the lens that run down. */
export function* spatterFrames(
  canvas: Canvas,
  { frames, run, ...settings }: Spatter,
  random: RandomStream,
): Generator<RgbImage> {
  const clean = middleOf(canvas);
  let water = drawDrops(clean, settings, random);
  for (let i = 0; i < frames; i++) {
    yield wetted(clean, water);
    water = runDown(water, run);
  }
}

function drawDrops(
  { width, height }: RgbImage,
  { mean, std, sigma, threshold }: Omit<Spatter, 'frames' | 'run'>,
  random: RandomStream,
): Field {
  const data = drawNormal(width * height, random, { mean, std });
  const smooth = gaussianBlur({ width, height, channels: 1, data }, sigma);
  return { ...smooth, data: smooth.data.map((level) => (level < threshold ? 0 : level)) };
}

/** Moves water down; what runs out below is gone. */
function runDown(water: Field, run: number): Field {
  const { width, data } = water;
  return {
    ...water,
    data: data.map((level, at) => (1 - run) * level + run * (data[at - width] ?? 0)),
  };
}

/** Pale turquoise. */
const colour = [175 / 255, 238 / 255, 238 / 255];
const strongest = 0.6;

/**
 * The image with water on it, brightest where a drop is thick and lit from the upper left. Without any
 * water the image itself; the published code divides 0 by 0 there.
 */
export function wetted(image: RgbImage, water: Field): RgbImage {
  const thickness = zerosLike(water);
  const levels = water.data.map((level) => Math.floor(255 * Math.min(1, level)));
  const light = relief({ ...water, data: levels }).data;
  for (const [at, level] of levels.entries()) thickness.data[at] = level * (light[at] ?? 0);
  const thickest = thickness.data.reduce((a, b) => Math.max(a, b), 0);
  const field = toField(image);
  if (thickest === 0) return image;
  for (const [pixel, value] of thickness.data.entries())
    for (const [channel, tint] of colour.entries()) {
      const at = 3 * pixel + channel;
      field.data[at] = (field.data[at] ?? 0) + ((strongest * value) / thickest) * tint;
    }
  return toImage(field);
}

const fromUpperLeft = [-2, -1, 0, -1, 1, 1, 0, 1, 2];

/** Distance to the drops' edges as height, lit. */
function relief(levels: Field): Field {
  const map = (field: Field, change: (value: number) => number): Field => ({
    ...field,
    data: field.data.map(change),
  });
  const far = map(distances(edges(levels, 50, 150)), (distance) => Math.min(20, distance));
  const even = equalizeLevels(map(blur3(far), Math.floor));
  const lit = correlate(even, fromUpperLeft);
  return map(blur3(map(lit, (level) => Math.min(255, Math.max(0, level)))), Math.round);
}
