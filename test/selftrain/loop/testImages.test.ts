import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeComparison, isBetter } from '../../../src/cli/comparisonText.js';
import {
  compareNetworks,
  readTestImages,
  TestImagesWriter,
  type TestedNetwork,
} from '../../../src/selftrain/loop/testImages.js';
import { pairedDifference, unpairedDifference } from '../../../src/support/statistics/interval.js';
import { temporaryFolder } from '../../support/folder.js';

const key = { test: 'set', weights: 'w' };

/** A network whose answers are `1` for right, `0` for wrong and `-` for an image that could not be read. */
function tested(answers: string, folder = temporaryFolder()): TestedNetwork & { path: string } {
  const path = join(folder, 'test-images.json');
  const writer = new TestImagesWriter(answers.length);
  for (const [image, answer] of Array.from(answers).entries())
    if (answer !== '-') writer.add(image, answer === '1');
  writer.write(path, key);
  const read = Array.from(answers).filter((answer) => answer !== '-');
  const accuracy = read.filter((answer) => answer === '1').length / read.length;
  const test = { accuracy, images: read.length };
  return { test, answers: readTestImages(path, key), path };
}

describe('two networks on one test set', () => {
  it('are compared image by image, which tells more than their two accuracies', () => {
    // The student is right wherever the control is, and on 30 images more.
    const student = tested(`${'1'.repeat(850)}${'0'.repeat(150)}`);
    const control = tested(`${'1'.repeat(820)}${'0'.repeat(180)}`);
    const paired = compareNetworks(student, control);
    expect(paired).toEqual({
      difference: 0.03,
      interval: pairedDifference({ n: 1000, onlyFirst: 30, onlySecond: 0 }),
      ...{ paired: true, n: 1000 },
    });
    const unpaired = compareNetworks({ test: student.test }, control);
    expect(unpaired.paired).toBe(false);
    expect(unpaired.difference).toBeCloseTo(0.03, 12);
    expect(unpaired.interval).toEqual(
      unpairedDifference({ successes: 850, n: 1000 }, { successes: 820, n: 1000 }),
    );
    expect([isBetter(paired), isBetter(unpaired)]).toEqual([true, false]);
    const names = { network: 'student-1', against: 'control' };
    expect(describeComparison({ ...names, ...paired })).toBe(
      'student-1 against the control: 3.0 points (1.9 to 4.1) on the same 1,000 images',
    );
    expect(describeComparison({ ...names, ...unpaired })).toMatch(
      / unpaired, which may be chance$/,
    );
  });

  it('are compared on the images that both could read', () => {
    const found = compareNetworks(tested('11-10'), tested('1011-'));
    expect(found).toMatchObject({ n: 3, difference: 1 / 3, paired: true });
  });

  it('are not paired on other images, by other weights, or by a damaged file', () => {
    const { path } = tested('1011');
    expect(readTestImages(path, { ...key, test: 'other' })).toBeUndefined();
    expect(readTestImages(path, { ...key, weights: 'other' })).toBeUndefined();
    expect(readTestImages(`${path}x`, key)).toBeUndefined();
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"images":4', '"images":40'));
    expect(readTestImages(path, key)).toBeUndefined();
    writeFileSync(path, text.slice(0, 30));
    expect(readTestImages(path, key)).toBeUndefined();
    expect(compareNetworks(tested('10'), tested('101')).paired).toBe(false);
  });
});
