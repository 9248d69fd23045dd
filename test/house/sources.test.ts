import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../support/paths.js';

const longest = 600;

/** Tables that read best in one piece. */
const mayBeLonger: readonly string[] = [];

function filesOf(folder: string): { path: string; text: string }[] {
  return readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .map((path) => ({ path, text: readFileSync(join(repositoryRoot, path), 'utf8') }));
}

describe('the sources', () => {
  it(`keep files within ${longest} lines`, () => {
    const tooLong = filesOf('src')
      .filter(({ path }) => !mayBeLonger.includes(path))
      .filter(({ text }) => text.split('\n').length - 1 > longest)
      .map(({ path }) => path);
    expect(tooLong).toEqual([]);
  });

  it('switch off no check of ESLint or TypeScript', () => {
    const escape = /eslint-disable|@ts-(?:ignore|nocheck)/;
    const escaping = filesOf('src')
      .filter(({ text }) => escape.test(text))
      .map(({ path }) => path);
    expect(escaping).toEqual([]);
  });
});
