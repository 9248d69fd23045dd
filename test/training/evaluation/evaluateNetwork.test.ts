import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateClean } from '../../../src/training/evaluation/evaluateNetwork.js';
import { Labeller } from '../../../src/training/labelling/labeller.js';
import { monteCarlo } from '../../../src/training/evaluation/monteCarlo.js';
import { corruptionErrors, flipRates } from '../../../src/training/evaluation/robustness.js';
import { cleanImages } from '../../../src/data/loader/cleanImages.js';
import { arraySource, evenly } from '../../../src/data/loader/imageSource.js';
import { LoaderPool } from '../../../src/data/loader/loaderPool.js';
import { UnreadableImages } from '../../../src/data/loader/unreadable.js';
import { brightOptions, brightTeacher, plainImages } from '../../support/brightNet.js';
import { suiteFolder } from '../../support/folder.js';
import { quarters } from '../../support/tinyDigits.js';
import { quarterNames, tinyTeacher } from '../../support/tinyTeacher.js';

const folder = suiteFolder();
const pools = [new LoaderPool({ workers: 1 }), new LoaderPool({ workers: 2 })] as const;
const [pool, two] = pools;
const loading = { pool, unreadable: new UnreadableImages({ limit: 0 }) };
let bright: Labeller;

beforeAll(async () => {
  bright = await Labeller.create(brightTeacher(folder), brightOptions);
});
afterAll(() => Promise.all([bright.close(), ...pools.map((each) => each.close())]));

describe('the clean evaluation', () => {
  it('measures a network by hand-computed facts', async () => {
    // The third image is dark, but labelled bright.
    const images = plainImages([255, 0, 51, 204], [0, 1, 0, 0]);
    const found = await evaluateClean(bright, cleanImages(images, loading));
    // Logits are 4 times the mean level and 2, so a distance of 2, -2, -1.2 and 1.2.
    const loss = (margin: number): number => Math.log(1 + Math.exp(-margin));
    const confidence = (margin: number): number => 1 / (1 + Math.exp(-margin));
    expect(found).toEqual({
      images: 4,
      accuracy: 3 / 4,
      top5: 1,
      loss: expect.closeTo((2 * loss(2) + loss(1.2) + loss(-1.2)) / 4, 6),
      // Two images at 0.88, both right; two at 0.77, one of them right.
      calibrationError: expect.closeTo(
        (2 * (1 - confidence(2)) + 2 * (confidence(1.2) - 0.5)) / 4,
        6,
      ),
      calibration: [
        expect.objectContaining({ count: 2, accuracy: 0.5 }),
        expect.objectContaining({ count: 2, accuracy: 1 }),
      ],
      confusion: [
        [2, 1],
        [0, 1],
      ],
      perClass: [
        { images: 3, predicted: 2, accuracy: 2 / 3, precision: 1, f1: 4 / 5 },
        { images: 1, predicted: 2, accuracy: 1, precision: 1 / 2, f1: 2 / 3 },
      ],
      balancedAccuracy: expect.closeTo(5 / 6, 12),
      macroF1: expect.closeTo(11 / 15, 12),
      classNames: ['bright', 'dark'],
      unreadable: 0,
    });
  });

  it('takes as many images as are wanted, evenly spread', async () => {
    expect([...evenly(10, 4)]).toEqual([0, 2, 5, 7]);
    expect([...evenly(3, 4)]).toEqual([0, 1, 2]);
    const images = plainImages([0, 255, 255, 0, 255, 255], [0, 0, 0, 0, 0, 0]);
    const source = cleanImages(images, loading);
    expect(await evaluateClean(bright, source, { images: 2 })).toMatchObject({
      images: 2,
      accuracy: 0,
    });
  });

  it('refuses images without labels, and those of other classes', async () => {
    const images = plainImages([0, 255]);
    const { label: _, ...unlabelled } = cleanImages(images, loading);
    const code = (expected: string): Error =>
      expect.objectContaining({ name: 'DataError', code: expected }) as Error;
    await expect(evaluateClean(bright, unlabelled)).rejects.toThrow(code('unlabelled'));
    const three = { ...images, classNames: ['a', 'b', 'c'] };
    await expect(evaluateClean(bright, cleanImages(three, loading))).rejects.toThrow(
      code('class-count'),
    );
  });

  it('stops between two batches', async () => {
    const control = new AbortController();
    const stopped = evaluateClean(
      bright,
      cleanImages(plainImages(Array<number>(40).fill(9)), loading),
      {
        signal: control.signal,
        onEvent: (event) => {
          if (event.kind === 'progress' && event.total === 40 && event.done > 10) control.abort();
        },
      },
    );
    await expect(stopped).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('errors under corruptions', () => {
  // V is 0.78, 0.24, 0.08 and 0.39; the last ones are too bright when 0.27 and 0.11 are added.
  const images = plainImages([200, 60, 20, 100]);

  it('are the share of wrong images at each severity', async () => {
    const found = await corruptionErrors(bright, images, { ...loading, seed: 3 });
    expect(found.errors.brightness).toEqual([0, 0, 1 / 4, 1 / 4, 2 / 4]);
    expect(found.means.brightness).toBeCloseTo(0.2, 12);
    for (const name of ['contrast', 'pixelate', 'zoomBlur', 'elastic'] as const)
      expect(found.errors[name]).toEqual([0, 0, 0, 0, 0]);
    const { snow, frost, fog } = found.means;
    expect(found.families.weather).toBeCloseTo((snow + frost + fog + 0.2) / 4, 12);
    const means = Object.values(found.means);
    expect(found.mean).toBeCloseTo(means.reduce((a, b) => a + b) / 15, 12);
    expect(found).toMatchObject({ images: 4, seed: 3, severities: [1, 2, 3, 4, 5], mCE: null });
    expect(found.notes[0]).toMatch(/^frost is generated by Gradus/);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  it('do not depend on the threads, and are those of the severities that are wanted', async () => {
    const severities = [1, 5] as const;
    const some = await corruptionErrors(bright, images, { ...loading, severities });
    const again = await corruptionErrors(bright, images, { ...loading, pool: two, severities });
    expect(again).toEqual(some);
    expect(some.errors.brightness).toEqual([0, 2 / 4]);
    expect(some.families.digital).toBe(0);
  });
});

describe('flip rates', () => {
  it('are the share of frames in which the class changes', async () => {
    // V is 0.55 and 0.98. The first gets dark once as it gets darker, shrinks, or moves away.
    const images = plainImages([140, 250]);
    const found = await flipRates(bright, images, { ...loading, pool: two });
    expect(found.flips).toMatchObject({
      ...{ gaussianNoise: 0, shotNoise: 0, motionBlur: 0, zoomBlur: 0 },
      brightness: expect.closeTo(1 / 30 / 2, 12),
      // There and back, for both.
      translate: expect.closeTo(2 / 15, 12),
      scale: expect.closeTo(1 / 30 / 2, 12),
    });
    expect(Object.keys(found.flips)).toHaveLength(10);
    expect(found).toMatchObject({ images: 2, seed: 1, mFR: null, notes: [] });
    expect(found.frames).toMatchObject({ translate: 16, motionBlur: 21, spatter: 31 });
    const flips = Object.values(found.flips);
    expect(found.mean).toBeCloseTo(flips.reduce((a, b) => a + b) / 10, 12);
  });
});

describe('Monte-Carlo dropout', () => {
  const source = arraySource(quarters(24, 9), { name: 'quarters', classNames: quarterNames });
  const options = { batch: 8, threads: 1, classNames: quarterNames };

  it('sets the mean of noised passes against the network alone', async () => {
    const teacher = await tinyTeacher(`${folder}/run`, { steps: 30 });
    const rates = { drop: 0, dropPath: 0 };
    const same = await monteCarlo(teacher, source, { ...options, passes: 3, rates });
    const { single } = same;
    expect(same).toMatchObject({ passes: 3, seed: 1, images: 24 });
    expect(same.ensemble).toEqual({
      accuracy: single.accuracy,
      top5: 1,
      loss: expect.closeTo(single.loss, 6),
      calibrationError: expect.closeTo(single.calibrationError, 6),
      n: 24,
      interval: single.interval,
    });
    const noised = await monteCarlo(teacher, source, { ...options, passes: 4, seed: 2, single });
    expect(noised.single).toEqual(single);
    expect(noised.ensemble.loss).not.toBeCloseTo(single.loss, 4);
  });

  it('is refused for a network without noise', async () => {
    const plain = cleanImages(plainImages([0, 255]), loading);
    await expect(
      monteCarlo(brightTeacher(folder), plain, { ...brightOptions, passes: 2 }),
    ).rejects.toThrow(expect.objectContaining({ name: 'ConfigError', code: 'no-noise' }));
  });
});
