import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as nn from '../../../src/language/nn/index.js';
import { repositoryRoot } from '../../support/paths.js';

it('docs/layers.md lists everything that a model file can call', () => {
  const text = readFileSync(join(repositoryRoot, 'docs/layers.md'), 'utf8');
  expect(Object.keys(nn).filter((name) => !text.includes(`| \`${name}\` `))).toEqual([]);
});
