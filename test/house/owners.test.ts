import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { placeNames } from '../../src/runtime/storage/places.js';
import { repositoryRoot } from '../support/paths.js';

interface Owned {
  readonly what: string;
  /** The only file that may write it, since others would have to be changed with it. */
  readonly owner: string;
  readonly text: RegExp;
  /** A line that the pattern finds. */
  readonly example: string;
}

const runFiles = Object.values(placeNames)
  .filter((name) => name.includes('.'))
  .join('|')
  .replaceAll('.', '[.]');
const runFolders = Object.values(placeNames)
  .filter((name) => !name.includes('.'))
  .join('|');

const owned: readonly Owned[] = [
  {
    what: 'names of tensors and keys of checkpoints',
    owner: 'src/contract/names.ts',
    text: /['"`](?:(?:new|grad|ema|optim)\.(?![jt]s\b)|(?:loss|weight|correct)_sum\b)/,
    example: 'keys.filter((key) => key.startsWith("ema."))',
  },
  {
    what: 'files of a run',
    owner: 'src/runtime/storage/places.ts',
    text: new RegExp(`['"\`](?:${runFiles})['"\`]|[}]./?(?:${runFiles})\``),
    example: "join(folder, 'metrics.jsonl')",
  },
  {
    what: 'folders of a run',
    owner: 'src/runtime/storage/places.ts',
    text: new RegExp(`\\b(?:join|resolve|basename)\\(.*['"\`](?:${runFolders})['"\`]`),
    example: "join(folder, 'checkpoints')",
  },
];

const sources = readdirSync(join(repositoryRoot, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name))
  .map((path) => ({ path, text: readFileSync(join(repositoryRoot, path), 'utf8') }));

/** The lines of code that hold the text; comments may name what they like. */
function linesWith(text: RegExp, file: string): string[] {
  return file.split('\n').filter((line) => !/^\s*(?:\/?\*|\/\/)/.test(line) && text.test(line));
}

describe('what has one owner', () => {
  it.each(owned)('$what: written in $owner alone', ({ owner, text, example }) => {
    expect(example).toMatch(text);
    const found = sources
      .filter(({ path }) => path !== owner)
      .flatMap(({ path, text: file }) =>
        linesWith(text, file).map((line) => `${path}: ${line.trim()}`),
      );
    expect(found).toEqual([]);
  });
});
