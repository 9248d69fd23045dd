import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mirrorEdge } from '../../../../src/data/augment/corruptions/border.js';
import { brighten } from '../../../../src/data/augment/corruptions/brighten.js';
import { toField, toImage } from '../../../../src/data/augment/corruptions/field.js';
import { gaussianBlur } from '../../../../src/data/augment/corruptions/gaussianBlur.js';
import { compressJpeg } from '../../../../src/data/augment/corruptions/jpeg.js';
import { pixelate } from '../../../../src/data/augment/corruptions/pixelate.js';
import { weakenContrast } from '../../../../src/data/augment/corruptions/weakenContrast.js';
import { zoomed } from '../../../../src/data/augment/corruptions/zoomBlur.js';
import type { RgbImage } from '../../../../src/data/augment/image/image.js';
import { repositoryRoot } from '../../../support/paths.js';
import { drawImage } from '../images.js';

interface Golden {
  readonly operation: string;
  readonly argument: number;
  readonly image: string;
  readonly size: readonly [number, number];
  readonly pixels: string;
}

const goldens: readonly Golden[] = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/corruptions/images.json'), 'utf8'),
);

type Apply = (image: RgbImage, argument: number) => RgbImage | Promise<RgbImage>;

const operations: Readonly<Record<string, Apply>> = {
  brightness: brighten,
  contrast: weakenContrast,
  pixelate,
  jpeg: compressJpeg,
  blurEdge: (image, sigma) => toImage(gaussianBlur(toField(image), sigma)),
  blurMirror: (image, sigma) =>
    toImage(gaussianBlur(toField(image), sigma, { truncate: 3, border: mirrorEdge })),
  zoom: (image, factor) => toImage(zoomed(toField(image), factor)),
};

/**
 * Largest difference in levels. Both sides cut their levels, and one may lie a rounding below a whole
 * one; builds of the JPEG decoder may round differently (here they agree).
 */
const tolerance: Readonly<Record<string, number>> = { pixelate: 0, jpeg: 3 };

describe('a corruption gives the pixels of numpy and PIL:', () => {
  for (const { operation, argument, image: name, size, pixels } of goldens)
    it(`${operation}(${argument}) of ${name} ${size.join('x')}`, async () => {
      const image = drawImage(name, ...size);
      const expected = Buffer.from(pixels, 'base64');
      const out = await operations[operation]?.(image, argument);
      expect(out?.data.length).toBe(expected.length);
      if (!out) return;
      const errors = Array.from(expected, (level, i) => Math.abs(level - (out.data[i] ?? NaN)));
      expect(Math.max(...errors)).toBeLessThanOrEqual(tolerance[operation] ?? 1);
      const off = errors.filter((error) => error > 0).length / errors.length;
      expect(off).toBeLessThan(0.02);
    });
});
