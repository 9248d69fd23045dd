import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { autoContrast } from '../../../src/data/augment/operations/autoContrast.js';
import { brightness } from '../../../src/data/augment/operations/brightness.js';
import { color } from '../../../src/data/augment/operations/color.js';
import { contrast, pixelCountGrey } from '../../../src/data/augment/operations/contrast.js';
import { drawCrop } from '../../../src/data/augment/image/cropRegion.js';
import { cutout } from '../../../src/data/augment/operations/cutout.js';
import { equalize } from '../../../src/data/augment/operations/equalize.js';
import { flip } from '../../../src/data/augment/image/flip.js';
import { identity } from '../../../src/data/augment/operations/identity.js';
import type { RgbImage } from '../../../src/data/augment/image/image.js';
import { invert } from '../../../src/data/augment/operations/invert.js';
import { posterize } from '../../../src/data/augment/operations/posterize.js';
import { reflectCrop } from '../../../src/data/augment/image/reflectCrop.js';
import { rotate } from '../../../src/data/augment/operations/rotate.js';
import { sharpness } from '../../../src/data/augment/operations/sharpness.js';
import { shearX, shearY } from '../../../src/data/augment/operations/shear.js';
import { solarize } from '../../../src/data/augment/operations/solarize.js';
import { solarizeAdd } from '../../../src/data/augment/operations/solarizeAdd.js';
import { translateX, translateY } from '../../../src/data/augment/operations/translate.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { RandomStream } from '../../../src/support/random.js';
import { repositoryRoot } from '../../support/paths.js';
import { differences, drawImage, emptyLike } from './images.js';

interface Goldens {
  readonly images: readonly {
    readonly operation: string;
    readonly arguments: readonly number[];
    readonly image: string;
    readonly size: readonly [number, number];
    readonly pixels: string;
  }[];
  readonly crops: readonly {
    readonly size: readonly [number, number];
    readonly sample: number;
    readonly area: readonly [number, number];
    readonly aspect: readonly [number, number];
    readonly region: object;
  }[];
}

const goldens: Goldens = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/augment/images.json'), 'utf8'),
);

type Apply = (image: RgbImage, out: RgbImage, args: readonly number[]) => void;

/** An operation with one number as its argument. */
const withNumber =
  (operation: (image: RgbImage, argument: number, out: RgbImage) => void): Apply =>
  (image, out, [argument]) =>
    operation(image, argument ?? NaN, out);

const operations: Readonly<Record<string, Apply>> = {
  autoContrast,
  equalize,
  invert,
  rotate: withNumber(rotate),
  shearX: withNumber(shearX),
  shearY: withNumber(shearY),
  translateX: withNumber(translateX),
  translateY: withNumber(translateY),
  posterize: withNumber(posterize),
  solarize: withNumber(solarize),
  solarizeAdd: withNumber(solarizeAdd),
  color: withNumber(color),
  contrast: withNumber(contrast),
  brightness: withNumber(brightness),
  sharpness: withNumber(sharpness),
  cutout: (image, out, [half = NaN, x = NaN, y = NaN]) => cutout(image, { half, x, y }, out),
  flip,
  reflectCrop: (image, out, [, x = NaN, y = NaN]) => reflectCrop(image, x, y, out),
};

describe('an operation gives the pixels of torchvision on PIL:', () => {
  for (const golden of goldens.images) {
    const { operation, image: name, size } = golden;
    it(`${operation}(${golden.arguments.join(', ')}) of ${name} ${size.join('x')}`, () => {
      const image = drawImage(name, ...size);
      const before = Uint8Array.from(image.data);
      const out = emptyLike(image);
      operations[operation]?.(image, out, golden.arguments);
      expect(differences(out, Buffer.from(golden.pixels, 'base64'))).toBe('');
      expect(differences(image, before)).toBe('');
    });
  }

  it('has a golden image for every operation', () => {
    expect(new Set(goldens.images.map(({ operation }) => operation))).toEqual(
      new Set(Object.keys(operations)),
    );
  });
});

describe('an operation', () => {
  it('refuses to write to an image of another size', () => {
    const image = drawImage('noise', 4, 4);
    for (const apply of [...Object.values(operations), identity])
      expect(() => apply(image, emptyLike(drawImage('noise', 4, 5)), [1, 1, 1])).toThrow(
        'the images of an operation differ in size: 4x4 with 48 bytes and 4x5 with 60 bytes',
      );
  });

  it('of identity copies', () => {
    const image = drawImage('noise', 5, 4);
    const out = emptyLike(image);
    identity(image, out);
    expect(out).toEqual(image);
  });

  it('clamps Posterize above 8 bits, where the published code shifts by a negative count', () => {
    const image = drawImage('noise', 5, 4);
    const out = emptyLike(image);
    posterize(image, 12, out);
    expect(out).toEqual(image);
  });

  it('of contrast blends with the pixel count where the published code is asked for', () => {
    const image = drawImage('noise', 32, 32);
    expect(pixelCountGrey(image)).toBe(4);
    expect(pixelCountGrey({ ...image, width: 224, height: 224 })).toBe(196);
    expect(pixelCountGrey({ ...image, width: 600, height: 600 })).toBe(255);
    const out = emptyLike(image);
    contrast(image, 0, out, pixelCountGrey(image));
    expect(new Set(out.data)).toEqual(new Set([4]));
  });

  it('cannot crop past the mirrored image', () => {
    const image = drawImage('noise', 5, 4);
    expect(() => reflectCrop(image, 0, 4, emptyLike(image))).toThrow('past the mirrored image');
  });
});

describe('a random resized crop', () => {
  const site = fnv1a32('goldens.augment.crop');
  it.each(goldens.crops)('is torchvision’s: $size, sample $sample, area $area', (golden) => {
    const { sample, area, aspect } = golden;
    const random = new RandomStream(5, { site, step: 0, sample });
    expect(drawCrop(...golden.size, random, { area, aspect })).toEqual(golden.region);
  });

  it('lies inside the image and keeps to its range', () => {
    for (let sample = 0; sample < 300; sample++) {
      const random = new RandomStream(9, { site, step: 1, sample });
      const { left, top, width, height } = drawCrop(64, 48, random);
      expect(left + width).toBeLessThanOrEqual(64);
      expect(top + height).toBeLessThanOrEqual(48);
      // Sides are rounded, by up to half a pixel of at least 13.
      expect(width * height).toBeGreaterThan(0.075 * 64 * 48);
      expect(width / height).toBeGreaterThan(0.7);
      expect(width / height).toBeLessThan(1.43);
    }
  });
});
