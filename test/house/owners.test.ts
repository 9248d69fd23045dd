import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../support/paths.js';

/** Strings that one file alone may write, since others would have to be changed with it. */
const owned: readonly { readonly what: string; readonly owner: string; readonly text: RegExp }[] = [
  {
    what: 'names of tensors and keys of checkpoints',
    owner: 'src/contract/names.ts',
    text: /['"`](?:(?:new|grad|ema|optim)\.(?![jt]s\b)|(?:loss|weight|correct)_sum\b)/,
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
  it.each(owned)('$what: written in $owner alone', ({ owner, text }) => {
    const found = sources.flatMap(({ path, text: file }) =>
      linesWith(text, file).map((line) => `${path}: ${line.trim()}`),
    );
    expect(found.filter((line) => line.startsWith(owner))).not.toEqual([]);
    expect(found.filter((line) => !line.startsWith(owner))).toEqual([]);
  });
});
