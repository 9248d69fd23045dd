import { describe, expect, it } from 'vitest';
import {
  corrupt,
  corruptionFamilies,
  corruptionNames,
  type CorruptionName,
} from '../../../../src/data/augment/corruptions/corrupt.js';
import {
  alexNetErrors,
  meanCorruptionError,
  plainCorruptionError,
  type CorruptionErrors,
} from '../../../../src/data/augment/corruptions/meanCorruptionError.js';
import {
  cifarC,
  imageNetC,
  severities,
} from '../../../../src/data/augment/corruptions/severities.js';
import type { RgbImage } from '../../../../src/data/augment/image/image.js';
import { drawImage } from '../images.js';

/** A picture with edges, slopes and texture. */
function scene(size: number): RgbImage {
  const noise = drawImage('noise', size, size);
  const data = noise.data.map((level, i) => {
    const x = Math.floor(i / 3) % size;
    const y = Math.floor(i / 3 / size);
    const disk = (x - size / 2) ** 2 + (y - size / 2) ** 2 < (size / 3) ** 2;
    return ([disk ? 200 : 60, (160 * x) / size, disk ? 40 : 120][i % 3] ?? 0) + level / 8;
  });
  return { width: size, height: size, data };
}

function distance(a: RgbImage, b: RgbImage): number {
  return a.data.reduce((sum, level, i) => sum + Math.abs(level - (b.data[i] ?? NaN)), 0);
}

describe('the corruptions', () => {
  it('are the fifteen of ImageNet-C in four families', () => {
    expect(corruptionNames).toHaveLength(15);
    expect(Object.values(corruptionFamilies).map(({ length }) => length)).toEqual([3, 4, 4, 4]);
    expect(new Set(corruptionNames)).toEqual(new Set(Object.keys(imageNetC)));
    expect(Object.keys(cifarC)).toEqual(Object.keys(imageNetC));
  });

  const image = scene(32);

  it.each(corruptionNames)('%s is a function of seed, severity and sample', async (name) => {
    const request = { name, severity: 3, seed: 1, sample: 2 } as const;
    const before = Uint8Array.from(image.data);
    const once = await corrupt(image, request);
    expect(await corrupt(image, request)).toEqual(once);
    expect([once.width, once.height, once.data.length]).toEqual([32, 32, 3072]);
    expect(image.data).toEqual(before);
    expect(distance(once, image)).toBeGreaterThan(0);
  });

  it.each<CorruptionName>([
    'gaussianNoise',
    'shotNoise',
    'impulseNoise',
    'glassBlur',
    'motionBlur',
    'snow',
    'frost',
    'fog',
    'elastic',
  ])('%s draws other numbers for another seed or sample', async (name) => {
    const of = async (seed: number, sample: number): Promise<string> =>
      (await corrupt(image, { name, severity: 3, seed, sample })).data.join();
    const seen = [await of(1, 1), await of(2, 1), await of(1, 2)];
    expect(new Set(seen).size).toBe(3);
  });

  it.each<CorruptionName>([
    'gaussianNoise',
    'shotNoise',
    'impulseNoise',
    'defocusBlur',
    'zoomBlur',
    'brightness',
    'contrast',
    'pixelate',
    'jpeg',
  ])('%s takes the image further away with each severity', async (name) => {
    const distances = [];
    for (const severity of severities) {
      let sum = 0;
      for (const sample of [0, 1, 2])
        sum += distance(await corrupt(image, { name, severity, seed: 1, sample }), image);
      distances.push(sum);
    }
    expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  });

  it.each([
    [127, 0.75],
    [128, 0.4],
  ])('at %i px leave a contrast of %f at severity 1', async (size, share) => {
    const clean = scene(size);
    const weak = await corrupt(clean, { name: 'contrast', severity: 1, seed: 1, sample: 0 });
    const range = ({ data }: RgbImage): number => {
      const red = data.filter((_, i) => i % 3 === 0);
      return red.reduce((a, b) => Math.max(a, b)) - red.reduce((a, b) => Math.min(a, b));
    };
    expect(range(weak) / range(clean)).toBeCloseTo(share, 1);
  });

  it('keep images that are not square in their shape', async () => {
    const wide = drawImage('ramp', 40, 23);
    for (const name of corruptionNames)
      for (const severity of [1, 5] as const) {
        const { width, height, data } = await corrupt(wide, { name, severity, seed: 1, sample: 0 });
        expect([name, width, height, data.length]).toEqual([name, 40, 23, 3 * 40 * 23]);
      }
  });
});

describe('the mean corruption error', () => {
  const errors = (of: (name: CorruptionName) => readonly number[]): CorruptionErrors =>
    Object.fromEntries(
      corruptionNames.map((name) => [name, of(name)]),
    ) as unknown as CorruptionErrors;

  it('of AlexNet is 100', () => {
    expect(meanCorruptionError(errors((name) => [alexNetErrors[name]]))).toBeCloseTo(100, 10);
  });

  it('is the mean over corruptions of the mean over severities', () => {
    const five = errors((name) => (name === 'jpeg' ? [0, 0.1, 0.2, 0.3, 0.4] : [0, 0, 0, 0, 0]));
    expect(meanCorruptionError(five)).toBeCloseTo((100 * 0.2) / 0.6065 / 15, 10);
    expect(plainCorruptionError(five)).toBeCloseTo(0.2 / 15, 12);
  });

  it('is not taken of nothing', () => {
    expect(() => plainCorruptionError(errors(() => []))).toThrow('no error of gaussianNoise');
  });
});
