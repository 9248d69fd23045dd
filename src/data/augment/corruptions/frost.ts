import type { RandomStream } from '../../../support/random.js';
import type { RgbImage } from '../image/image.js';
import { type Field, toField, toImage } from './field.js';
import { plasma } from './plasma.js';

export interface Frost {
  /** Factor of the image's levels. */
  readonly image: number;
  /** Factor of the frost's levels. */
  readonly frost: number;
}

/**
 * Ice on a window in front of the image. The published code lays photographs of frost over it; this
 * pattern is made here: feathers of needles over a cloud. Over seeds its mean is 0.47 to 0.82 (0.66
 * on average) and its deviation about 0.11; the photographs have 0.48 to 0.81 (0.64), 0.09 to 0.17,
 * and its tint is theirs.
 */
export function frost(image: RgbImage, settings: Frost, random: RandomStream): RgbImage {
  const { width, height } = image;
  // Small images see a photograph at a fifth of its size, as in the published code.
  const shrink = Math.min(width, height) < 128 ? 5 : 1;
  const pattern = drawFrost(width * shrink, height * shrink, random);
  const field = toField(image);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const ice = meanOf(pattern, x * shrink, y * shrink, shrink);
      for (const tint of tints) {
        field.data[i] = settings.image * (field.data[i] ?? 0) + settings.frost * (ice + tint);
        i++;
      }
    }
  return toImage(field);
}

/** Red, green and blue of the photographs against their mean. */
const tints = [-0.075, 0.01, 0.055];

/** A feather for so many pixels: they overlap. */
const areaOfFeather = 160;

/** Levels of ice, [height,width,1]. */
export function drawFrost(width: number, height: number, random: RandomStream): Field {
  const side = 2 ** Math.ceil(Math.log2(Math.max(2, width, height)));
  const cloud = plasma(side, 1.8, random).data;
  const grain = plasma(side, 1.2, random).data;
  const brightness = random.uniform(0.44, 0.82);
  const data = new Float64Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * side + x;
      const level = 0.4 * (cloud[at] ?? 0) + 0.5 * (grain[at] ?? 0) - 0.45;
      data[y * width + x] = brightness + level;
    }
  const ice = { width, height, channels: 1, data };
  const feathers = Math.ceil((width * height) / areaOfFeather);
  for (let i = 0; i < feathers; i++) drawFeather(ice, random);
  return ice;
}

/** A stem with needles on both sides that get shorter towards its tip, and a shadow beside each. */
function drawFeather(ice: Field, random: RandomStream): void {
  const [x, y] = [random.uniform(-0.1, 1.1) * ice.width, random.uniform(-0.1, 1.1) * ice.height];
  const angle = random.uniform(0, 2 * Math.PI);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const length = 10 + 60 * random.uniform() ** 2;
  const spread = random.uniform(0.4, 0.9);
  const light = random.uniform(0.08, 0.35);
  drawLine(ice, { x, y, angle, length, light });
  for (let along = 0; along < length; along += random.uniform(1.5, 4))
    for (const side of [-spread, spread]) {
      const needle = {
        x: x + along * cos,
        y: y + along * sin,
        angle: angle + side + random.uniform(-0.1, 0.1),
        length: 0.4 * (length - along) * random.uniform(0.4, 1),
      };
      drawLine(ice, { ...needle, light: light * random.uniform(0.3, 1) });
      drawLine(ice, { ...needle, x: needle.x + cos, y: needle.y + sin, light: -0.5 * light });
    }
}

interface Line {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly length: number;
  /** Added at the line's start; it fades towards the end. */
  readonly light: number;
}

function drawLine({ width, height, data }: Field, { x, y, angle, length, light }: Line): void {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // Lines begin a pixel away, so that those of one place do not add up to a dot.
  for (let t = 1; t < length; t++) {
    const [px, py] = [x + t * cos, y + t * sin];
    const [left, top] = [Math.floor(px), Math.floor(py)];
    if (left < 0 || top < 0 || left >= width - 1 || top >= height - 1) continue;
    const [fx, fy] = [px - left, py - top];
    const level = light * (1 - 0.7 * (t / length));
    const at = top * width + left;
    data[at] = (data[at] ?? 0) + level * (1 - fx) * (1 - fy);
    data[at + 1] = (data[at + 1] ?? 0) + level * fx * (1 - fy);
    data[at + width] = (data[at + width] ?? 0) + level * (1 - fx) * fy;
    data[at + width + 1] = (data[at + width + 1] ?? 0) + level * fx * fy;
  }
}

/** The mean level of a square of a pattern. */
function meanOf({ width, data }: Field, left: number, top: number, side: number): number {
  let sum = 0;
  for (let y = top; y < top + side; y++)
    for (let x = left; x < left + side; x++)
      sum += Math.min(1, Math.max(0, data[y * width + x] ?? 0));
  return sum / side ** 2;
}
