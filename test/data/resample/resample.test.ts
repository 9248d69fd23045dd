import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CropRegion } from '../../../src/data/augment/image/cropRegion.js';
import type { RgbImage } from '../../../src/data/augment/image/image.js';
import { bandsOf, resampleBands } from '../../../src/data/resample/bands.js';
import { cutOut } from '../../../src/data/resample/cutOut.js';
import { evaluationFraming } from '../../../src/data/pixels/framing.js';
import {
  neededBy,
  planResize,
  resample,
  type Framing,
} from '../../../src/data/resample/resample.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { viewOf, type Interpolation } from '../../../src/support/imageView.js';
import { fillBits } from '../../../src/support/random.js';
import { differences } from '../augment/images.js';
import { repositoryRoot } from '../../support/paths.js';

type Numbers<N extends number> = N extends 2 ? [number, number] : [number, number, number, number];

interface Goldens {
  readonly resizes: readonly { interpolation: Interpolation; size: Numbers<2>; pixels: string }[];
  readonly crops: readonly { interpolation: Interpolation; box: Numbers<4>; pixels: string }[];
  readonly presets: readonly {
    name: string;
    size: Numbers<2>;
    interpolation: Interpolation;
    resize: number;
    crop: number;
    sha256: string;
  }[];
}

const file = join(repositoryRoot, 'test/goldens/resize/images.json');
const goldens = JSON.parse(readFileSync(file, 'utf8')) as Goldens;

const drawn = new Map<string, RgbImage>();

/** As `draw` in make.py. */
function draw(width: number, height: number): RgbImage {
  const name = `${width}x${height}`;
  const image = drawn.get(name) ?? drawAnew(width, height);
  drawn.set(name, image);
  return image;
}

function drawAnew(width: number, height: number): RgbImage {
  const words = new Uint32Array(3 * width * height);
  fillBits(words, 1, { site: fnv1a32('goldens.resize'), step: 0, sample: 0 });
  const data = Uint8Array.from(words, (word, i) => {
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / 3 / width);
    return 220 * (((x >> 2) + (y >> 2)) % 2) + (word % 36);
  });
  return { width, height, data };
}

const corner = (width: number, height: number): CropRegion => ({ left: 0, top: 0, width, height });

function resized(image: RgbImage, framing: Framing, interpolation: Interpolation): RgbImage {
  const resizing = planResize(framing, interpolation, image);
  return resample(cutOut(image, neededBy(resizing)), resizing, [1, 2, 3]);
}

function toSize({ width, height }: RgbImage, [w, h]: Numbers<2>): Framing {
  return {
    box: corner(width, height),
    whole: { width: w, height: h },
    window: corner(w, h),
  };
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');

describe('resizing has the bits of Pillow', () => {
  it.each(goldens.resizes)('by $interpolation to $size', ({ interpolation, size, pixels }) => {
    const image = draw(37, 53);
    const found = resized(image, toSize(image, size), interpolation);
    expect(differences(found, bytes(pixels))).toBe('');
  });

  it.each(goldens.crops)('of $box alone, by $interpolation', ({ interpolation, box, pixels }) => {
    const [left, top, width, height] = box;
    const framing = {
      box: { left, top, width, height },
      whole: { width: 16, height: 16 },
      window: corner(16, 16),
    };
    expect(differences(resized(draw(61, 47), framing, interpolation), bytes(pixels))).toBe('');
  });

  it('of a window as of the whole image, which is computed no further', () => {
    const image = draw(61, 47);
    const framing = toSize(image, [40, 90]);
    const whole = resized(image, framing, 'lanczos');
    const window = { left: 11, top: 30, width: 9, height: 20 };
    const part = resized(image, { ...framing, window }, 'lanczos');
    expect(differences(part, cutOut(whole, window).data)).toBe('');
    const { width, height } = neededBy(planResize({ ...framing, window }, 'lanczos', image));
    expect(width).toBeLessThan(30);
    expect(height).toBeLessThan(20);
  });
});

it.each(['bicubic', 'nearest'] as const)(
  'an image that comes band by band has the bits of the whole one, by %s',
  async (interpolation) => {
    const image = draw(61, 47);
    const framing = {
      box: { left: 5, top: 3, width: 50, height: 41 },
      whole: { width: 20, height: 30 },
      window: { left: -2, top: 4, width: 18, height: 22 },
    };
    const resizing = planResize(framing, interpolation, image);
    const bands = bandsOf(resizing, 200);
    expect(bands.length).toBeGreaterThan(3);
    const get = (band: CropRegion) => Promise.resolve(cutOut(image, band));
    const found = await resampleBands(bands, resizing, get, [1, 2, 3]);
    const whole = resample(cutOut(image, neededBy(resizing)), resizing, [1, 2, 3]);
    expect(differences(found, whole.data)).toBe('');
  },
);

it('a window that reaches beyond the image has the fill there', () => {
  const image = draw(8, 8);
  const window = { left: -2, top: 0, width: 12, height: 8 };
  const { data } = resized(image, { ...toSize(image, [8, 8]), window }, 'bicubic');
  expect([...data.subarray(0, 6)]).toEqual([1, 2, 3, 1, 2, 3]);
  expect([...data.subarray(6, 30)]).toEqual([...image.data.subarray(0, 24)]);
  expect([...data.subarray(30, 36)]).toEqual([1, 2, 3, 1, 2, 3]);
});

describe("evaluation takes what torchvision's transform takes, to the bit", () => {
  it.each(goldens.presets)('$name of $size', ({ size, interpolation, resize, crop, sha256 }) => {
    const image = draw(...size);
    const shape = [3, crop, crop] as const;
    const view = viewOf(shape, { interpolation, crop: 'centre', cropPct: crop / resize });
    const framing = evaluationFraming(image, { width: crop, height: crop }, view);
    const { data } = resized(image, framing, interpolation);
    expect(createHash('sha256').update(data).digest('hex')).toBe(sha256);
  });
});
