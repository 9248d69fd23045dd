import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTrainingConfig } from '../../../src/training/config/config.js';
import { findLearningRate, RangeTest } from '../../../src/training/run/findLearningRate.js';
import { quartersImage } from '../../data/fixtures.js';
import { suiteFolder } from '../../support/folder.js';

const folder = suiteFolder();

beforeAll(async () => {
  writeFileSync(
    join(folder, 'linear.model.js'),
    `import { classifier, conv2d, defineModel, image } from 'gradus';
export default defineModel({
  name: 'linear', input: image(3, 8, 8), classes: 2,
  build: (x, { classes }) => classifier(conv2d(x, { name: 'stem', out: 4, kernel: 4, stride: 4 }), { classes }),
});
`,
  );
  for (const [name, level] of Object.entries({ dark: 20, light: 220 })) {
    mkdirSync(join(folder, 'photos', name), { recursive: true });
    for (let i = 0; i < 6; i++)
      await quartersImage(16, 16, [
        [level, i, i],
        [level, level, i],
        [i, level, level],
        [level, 9, level],
      ])
        .png()
        .toFile(join(folder, 'photos', name, `${i}.png`));
  }
});

const config = (keys: object = {}) =>
  parseTrainingConfig(
    {
      ...{
        name: 'n',
        model: './linear.model.js',
        data: { labelled: 'photos' },
        batch: 4,
        steps: 1,
      },
      ...{ optimizer: { kind: 'sgd' }, device: 'cpu', ...keys },
    },
    'c.json',
  );

describe('a range test of learning rates', () => {
  it('grows the rate by one factor a step, and writes a picture and a number', async () => {
    const out = join(folder, 'n.svg');
    const options = { configFolder: folder, steps: 60, lowest: 1e-4, highest: 100, out };
    const found = await findLearningRate(config(), options);
    const [first, second, third] = found.steps;
    expect(first?.learningRate).toBeCloseTo(1e-4, 12);
    const factor = 1e6 ** (1 / 59);
    expect((second?.learningRate ?? NaN) / 1e-4).toBeCloseTo(factor, 9);
    expect((third?.learningRate ?? NaN) / 1e-4).toBeCloseTo(factor ** 2, 9);
    const { suggestion, atLowestLoss } = found;
    expect(suggestion).toBeGreaterThan(1e-4);
    expect(suggestion ?? NaN).toBeLessThanOrEqual(atLowestLoss);
    expect(readFileSync(out, 'utf8')).toContain('Loss of n by learning rate');
    expect(found.picture).toBe(out);
    expect(await findLearningRate(config(), options)).toEqual(found);
  });

  it('refuses rates that do not grow, and too few steps, before it begins', async () => {
    const at = { configFolder: folder };
    await expect(
      findLearningRate(config(), { ...at, lowest: 1, highest: 0.1 }),
    ).rejects.toMatchObject({ code: 'option-range', option: ['highest'] });
    await expect(findLearningRate(config(), { ...at, steps: 5 })).rejects.toMatchObject({
      ...{ code: 'option-range', option: ['steps'] },
    });
  });
});

describe('the losses of a range test', () => {
  /** Falls fastest in the middle, then grows without end. */
  const lossAt = (step: number): number =>
    3 - 2 / (1 + Math.exp((20 - step) / 2)) + (step > 35 ? (step - 35) ** 2 : 0);

  it('give the rate of the steepest fall, and end at four times the lowest', () => {
    const test = new RangeTest();
    let last = 0;
    for (let step = 0; step < 100; step++) {
      last = step;
      if (test.add(10 ** (step / 10 - 6), lossAt(step))) break;
    }
    const { suggestion, diverged, steps } = test.result();
    expect(diverged).toBe(true);
    expect(last).toBeGreaterThan(36);
    expect(last).toBeLessThan(60);
    expect(steps).toHaveLength(last + 1);
    // The smoothed loss comes a few steps behind.
    expect(Math.log10(suggestion ?? NaN) * 10 + 60).toBeGreaterThan(18);
    expect(Math.log10(suggestion ?? NaN) * 10 + 60).toBeLessThan(30);
  });

  it('suggest nothing where the loss never falls', () => {
    const test = new RangeTest();
    for (let step = 0; step < 50; step++) test.add(step + 1, 1 + step / 100);
    expect(test.result()).toMatchObject({ suggestion: null, diverged: false, atLowestLoss: 1 });
  });
});
