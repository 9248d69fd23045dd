import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeOwnFiles } from '../../../src/runtime/storage/ownFiles.js';
import { placesOf } from '../../../src/runtime/storage/places.js';
import { temporaryFolder } from '../../support/folder.js';

function fill(folder: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), 'x');
  }
}

const own = [
  ...Object.values(placesOf('.')).filter((path) => path.includes('.')),
  'checkpoints/step-00000010/state.json',
  'checkpoints/step-00000010/state.safetensors',
  'artifacts/train.onnx',
  'artifacts/train.onnx.data',
  'labels/shard-00001-of-00002.parquet',
  'labels/kept.parquet',
  'sets/labelled.gz',
  'eval.unreadable.jsonl',
  'metrics.jsonl',
];

test('a run that starts over removes its own files and the folders that are empty then', () => {
  const folder = join(temporaryFolder(), 'run');
  fill(folder, ...own);
  removeOwnFiles(folder);
  expect(existsSync(folder)).toBe(false);
});

test('files of other origin stay, also among checkpoints', () => {
  const folder = join(temporaryFolder(), 'run');
  const foreign = [
    'checkpoints/notes.txt',
    'checkpoints/step-00000010/best.onnx',
    'labels/corrections.csv',
    'holiday/metrics.jsonl',
  ];
  fill(folder, ...own, ...foreign);
  removeOwnFiles(folder);
  const left = readdirSync(folder, { recursive: true, withFileTypes: true });
  expect(
    left
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
      .sort(),
  ).toEqual([...foreign].sort());
});
